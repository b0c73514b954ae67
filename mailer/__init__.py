"""From a frozen issue to a delivered message, one recipient at a time.

The way of the data: `bundle` reads `output/mail` and trusts nothing; `store` freezes the issue and its recipients in
one transaction; `delivery` (or `work`, on many machines) claims slices and gives them to the `office`; `mould` makes the
bytes for exactly one person, `journal` writes the intent down, `relay` and `wire` send, `rules` decides what the reply
means, `recorder` writes it into the ledger; `recovery` finds what a kill has left. `web` honours the
link in every message. This package never imports Pelican, `plugins` or `demo`: `output/mail` is all they share.
"""
