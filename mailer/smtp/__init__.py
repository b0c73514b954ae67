"""One SMTP connection: TLS, pipelining, what the relay answered.

`connection` connects, says EHLO, starts TLS and logs in (aiosmtplib), then asks a `MessageSource` (`transaction`) for one message
after the other. With PIPELINING `pipelining` sends them, otherwise `connection` does, command by command. `direct` is the message
source for what is in no ledger; `quoting` writes the addresses that RFC 5321 does not allow.
"""
