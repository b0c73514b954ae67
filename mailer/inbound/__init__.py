"""Mail that comes back or in: an LMTP server behind Postfix, and what becomes of each message.

1. `lmtp` takes a message and answers 250 when it is on the disk (`spool`). Recipients that are nobody's are refused at RCPT (`own_addresses`).
2. `processing` takes one message after the other from the spool. `own_addresses` says what its recipient stands for; `returned` reads bounces and complaints,
   `empty_mail` answers 空メール, `forwarding` passes on what people have written to a list.
3. What cannot be read stays in the spool, in the folder `failed`; returned mail that nobody understood in `pile`. The operator sees both with
   `todoke inbound list`. Nothing is lost: a message leaves the spool only when all that follows from it has been done.
"""
