"""Which articles an issue carries, as values."""
