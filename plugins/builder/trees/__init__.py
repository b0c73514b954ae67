"""The published tree, the one beside it, and how they are exchanged."""
