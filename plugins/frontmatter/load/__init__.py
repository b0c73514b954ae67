"""Loads many sources: in several processes at once, and from a cache where the source did not change."""
