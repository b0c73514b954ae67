"""What is live, fetched from outside as a reader fetches it, and not believed: the answer of each mirror's public address, and the mailer's ledger.

`fetch` asks one address, `seen` remembers when something was first seen, `mail` asks the mailer, `observation` puts it together.
"""
