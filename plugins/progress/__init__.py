"""The table of works → charts beside their tables."""
