"""Child processes with limits: whatever strangers wrote is read there."""
