"""The only door to the database: `subscriptions`, `issues` and `ledger`, one noun each.

Each question is one function with a sentence saying what it answers, and each takes the `Database` first. Rows become
frozen objects here and nowhere else.
"""

from mailer.store import audit_schema as audit_schema  # its tables belong to the metadata whoever asks for it
