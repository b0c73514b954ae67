"""The commands on subscribers."""
