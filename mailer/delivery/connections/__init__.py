"""Hides what one connection does with a queue: `connection_worker` waits, connects and sends; `batch_source` gives it messages and accounts for each."""
