"""The numbers that name rows of the database, each a type of its own: a subscriber's number cannot pass for an issue's."""

from __future__ import annotations

from typing import NewType

SubscriberId = NewType("SubscriberId", int)
IssueId = NewType("IssueId", int)

Fence = NewType("Fence", int)
"""The number of a claim. It grows with every claim and is never used again, so a late holder of an older one can be told apart."""
