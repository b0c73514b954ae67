"""The pages behind a reader's signed links."""
