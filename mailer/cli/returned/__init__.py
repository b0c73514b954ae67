"""The commands on what comes back by mail."""
