"""Which class a returned message or a refusal belongs to, and whose it is. Pure: bytes or a reply in, values out; no database, no clock.

1. `mime` parses a message within bounds, and gives its text, its headers and its reports.
2. `delivery_status` reads reports of RFC 3464 and RFC 6533; `plain_reports` those of servers that write prose; `last_resort` asks flufl.bounce in
   a process of its own that may be killed; `auto_replies` tells holiday notices from bounces. `reading` asks them in this order.
3. `classify` gives each refusal its class: rules that the operator has taught (`taught`), the table of receivers (`receivers.toml`), the
   enhanced status, the reply code. Refusals at sending time are classified by the same function.
4. `complaints` reads feedback reports (RFC 5965, RFC 9477).
"""
