"""The only door to the database: `subscriptions`, `issues` and `ledger`, one noun each.

Each question is one function with a sentence saying what it answers, and each takes the `Database` first. Rows become
frozen objects here and nowhere else.
"""
