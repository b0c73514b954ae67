"""Bytes of a feed or a page → plain values (runs in the sandbox)."""
