"""Where the snapshot lies. A build knows this name, and loads nothing else of the fast path."""

SNAPSHOT = "emergency-snapshot.json"
"""The file of `snapshot`, in ``output/``."""
