"""Every write to the table `announcement_post` begins here, so that a state changes only along `states.TRANSITIONS`.

A test (tests/mailer/database/announcements/test_transitions.py) reads the source and fails when such a statement is begun anywhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Insert, Update, insert, update

from mailer.database.announcements.states import DUE, INITIAL, PostState, check_transition
from mailer.database.schema import announcement_post


def transition(old: Collection[PostState], new: PostState) -> Update:
    """An UPDATE that sets the state to `new`, and only of rows that are in one of the states `old`. Add conditions and values.

    :raises IllegalTransition: the table does not allow the step.
    """
    for state in old:
        check_transition(state, new)
    return update(announcement_post).where(announcement_post.c.state.in_([state.value for state in sorted(old)])).values(state=new)


def insert_initial(values: Mapping[str, Any]) -> Insert:
    """An INSERT of one post in the first state. `values` are its columns without the state."""
    return insert(announcement_post).values({**values, "state": INITIAL.value, "attempts": 0})


def rewrite_untried(values: Mapping[str, Any]) -> Update:
    """An UPDATE of what a post says, and only while it has never been tried: afterwards the network may have it. Add conditions."""
    is_due = announcement_post.c.state.in_([state.value for state in sorted(DUE)])
    return update(announcement_post).where(is_due, announcement_post.c.attempts == 0).values(dict(values))
