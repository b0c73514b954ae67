"""Search without a server: an index of static files."""
