"""Reads many sources at once, and none that is known already."""
