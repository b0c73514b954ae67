"""Mirrors by SSH: the address, one connection, and many small files at once."""
