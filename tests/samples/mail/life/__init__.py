"""The life of subscriptions, by subject: what may happen to three people and two lists, and what the model says to it (tests/mailer/subscribers/test_life.py)."""
