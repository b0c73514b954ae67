"""Every write to the table `delivery` begins here, so that a state changes only along `model.state.TRANSITIONS`.

A test (tests/mailer/database/deliveries/test_transitions.py) reads the source of the mailer and fails when a statement that writes to
`delivery` is begun anywhere else. The one hand-written statement is in `result_statements`; its states come from the same table.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Delete, Insert, Select, Update, case, delete, insert, literal, update

from mailer.database.schema import delivery
from mailer.model.state import INITIAL, DeliveryState, check_transition


def transition(old: Collection[DeliveryState], new: DeliveryState, *, by_key: bool = False) -> Update:
    """An UPDATE that sets the state to `new`, and only of rows that are in one of the states `old`. Add conditions and values.

    :param by_key: the caller names the rows by their key. The state is then compared in a form that no index serves (`|| ''`):
        SQLite would otherwise walk the index by state, which this very statement changes.
    :raises IllegalTransition: the table does not allow the step.
    """
    for state in old:
        check_transition(state, new)
    column = delivery.c.state.concat("") if by_key else delivery.c.state
    # Each state is a parameter of its own: a list of them would be written into the statement anew at every call.
    return update(delivery).where(column.in_([literal(state.value) for state in sorted(old)])).values(state=new)


def insert_initial(columns: Collection[str], rows: Select[Any], *, held: ColumnElement[bool] | None = None) -> Insert:
    """An INSERT of deliveries in the first state. `columns` name what `rows` selects, without the state.

    :param held: the condition that a reader gets the issue in a digest: those deliveries begin as `held`.
    """
    first: ColumnElement[str] = literal(INITIAL.value)
    if held is not None:
        first = case((held, literal(DeliveryState.HELD.value)), else_=first)
    return insert(delivery).from_select([*columns, "state"], rows.add_columns(first))


def assign_queue(name: str) -> Update:
    """An UPDATE that moves deliveries to a domain queue and leaves their state alone. Add conditions."""
    return update(delivery).values(queue=name)


def erase() -> Delete:
    """A DELETE of deliveries, for people who are erased. Add conditions: none that a sender holds (`claimed`)."""
    return delete(delivery).where(delivery.c.state != DeliveryState.CLAIMED)
