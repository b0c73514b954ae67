"""One polite, suspicious GET."""
