"""One source: from its bytes to a resolved document."""
