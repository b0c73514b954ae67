"""What stands where, for a screen, for Prometheus and for the operator's mailbox."""
