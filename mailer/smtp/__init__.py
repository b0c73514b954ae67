"""One SMTP connection: TLS, pipelining, what the relay answered."""
