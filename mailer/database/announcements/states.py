"""The states of one post and every step between them. Pure.

pending  ──► claimed | expired | unknown        (a worker takes it; too late; the database was restored: it may have left before)
deferred ──► claimed | pending | expired | unknown   (its time has come; by order at once)
claimed  ──► sent | deferred | failed | unknown | pending   (what the network answered, or did not; given back before it left)
unknown  ──► claimed                            (tried again under its key, or looked for)
unknown  ──► sent | deferred | failed           (a late answer; what a person says who has looked)
unknown  ──► pending                            (a person has looked, and it is not there)
failed   ──► pending                            (by order)
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailer.model.errors import IllegalTransition


class PostState(StrEnum):
    """The state of one post, as the database stores it."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


INITIAL = PostState.PENDING

TRANSITIONS: Mapping[PostState, frozenset[PostState]] = {
    PostState.PENDING: frozenset({PostState.CLAIMED, PostState.EXPIRED, PostState.UNKNOWN}),
    PostState.DEFERRED: frozenset({PostState.CLAIMED, PostState.PENDING, PostState.EXPIRED, PostState.UNKNOWN}),
    PostState.CLAIMED: frozenset({PostState.SENT, PostState.DEFERRED, PostState.FAILED, PostState.UNKNOWN, PostState.PENDING}),
    PostState.UNKNOWN: frozenset({PostState.CLAIMED, PostState.SENT, PostState.DEFERRED, PostState.FAILED, PostState.PENDING}),
    PostState.FAILED: frozenset({PostState.PENDING}),
    PostState.SENT: frozenset(),
    PostState.EXPIRED: frozenset(),
}

RESULTS = frozenset({PostState.SENT, PostState.DEFERRED, PostState.FAILED, PostState.UNKNOWN})
"""What one try may end in."""

DUE = frozenset({PostState.PENDING, PostState.DEFERRED})
"""Has not left, and may be claimed; `deferred` not before its time."""

OPEN = DUE | {PostState.CLAIMED, PostState.UNKNOWN}
"""What becomes of it is not known yet."""


def check_transition(old: PostState, new: PostState) -> None:
    """Check one step against the table.

    :raises IllegalTransition: the step is not in it.
    """
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"A post cannot go from {old} to {new}.")
