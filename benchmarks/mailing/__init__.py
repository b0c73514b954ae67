"""What the benchmarks of the mailer run in processes of their own: senders, receivers, readers."""
