"""The migrations 0011 to 0020."""
