"""One SMTP connection: TLS, pipelining, what the relay answered.

`login` connects, says EHLO, starts TLS and authenticates (aiosmtplib); then `connection` asks a `MessageSource` (`transaction`) for one
message after the other. With PIPELINING `pipelining` sends them and `reply_protocol` takes the replies apart; otherwise `connection`
sends, command by command. `direct` is the message source for what is in no ledger; `quoting` writes the addresses that RFC 5321 does not allow.
"""
