"""One file a change; never edited."""
