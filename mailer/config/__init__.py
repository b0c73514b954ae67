"""`mailer.toml` as one frozen object: `file` reads and checks what the operator wrote, `settings` is what every other module gets."""
