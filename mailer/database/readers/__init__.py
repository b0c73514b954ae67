"""Who reads what: people, subscriptions, consents, sign-ups, suppressions, and how all of it is taken out again."""
