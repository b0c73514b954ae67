"""From a frozen issue to a delivered message, one recipient at a time.

The way of the data: `bundle` reads `output/mail` and trusts nothing; `store` freezes the issue and its recipients in
one transaction; `delivery` takes each due row, `message` composes bytes for exactly one person, `relay` offers them to
the SMTP relay and says how far it came, `rules` decides what that means, and `store` writes it down. `web` honours the
link in every message. This package never imports Pelican, `plugins` or `demo`: `output/mail` is all they share.
"""
