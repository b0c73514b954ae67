"""Announcements on the networks that people use, each exactly once: LINE, Mastodon, Bluesky, X, webhooks, Web Push and WebSub.

The discipline is the mailer's. An announcement becomes one row of the outbox for each channel and part; a worker claims the row,
an adapter posts it under a key that is the same at every try, and the row says what became of it, also when nobody knows.

model      what the rooms pass to each other
settings   ``channels.toml``
composer   the text of a post as its network counts it. Pure
adapters   one file for each network
outbox     the rows, through the one door to the database
dispatch   one task for each channel, with its own deadline, quota, budget and circuit breaker
cli        ``todoke announce`` and ``todoke channels``
"""
