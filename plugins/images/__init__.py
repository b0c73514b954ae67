"""Every picture right-sized at build time."""
