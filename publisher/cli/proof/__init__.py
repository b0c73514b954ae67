"""The commands for those who check: audit pack, archive, reproduction, time stamps."""
