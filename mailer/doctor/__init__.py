"""Whether mail of this installation will be accepted, and whether the machine is fit to send it; hides the DNS and the formats of its records.

`dns` asks; `spf`, `dmarc` and `mta_sts` read what the standards say of the answers; `mail_domain`, `relays` and `machine` turn it into results, each
with what to do and what to publish; `examination` runs them all. `verdict` answers the one question that a `send` asks: has From's domain any
authentication that works?
"""
