"""The statement that writes results into the ledger, by hand for speed: half of what the database costs a message is here.

Its parameters are the fields of `DeliveryResult` in their order. The text is generated from the names of those fields, so that
a field that is added or moved moves its number with it, and a field without a column stops the import. The states come from
`model.state`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, TextClause, text

from mailer.model.ids import Fence, IssueId
from mailer.model.outcome import DeliveryResult
from mailer.model.state import RESULTS, DeliveryState, common_sources

KEY = "subscriber_id"
COLUMNS = {
    "state": "state",
    "attempts": "attempts",
    "code": "code",
    "text": "text",
    "first_tried": "first_tried",
    "not_before": "not_before",
    "at": "changed_at",
    "message_id": "message_id",
}
"""Field of a result → column of `delivery`. The key is not among them."""

INTEGERS = frozenset({"attempts", "code"})
TIMES = frozenset({"first_tried", "not_before", "at"})
OPTIONAL = frozenset({"not_before"})  # an empty text is stored as NULL
SQLITE_TIME = 26  # characters of a time without its zone, as SQLAlchemy keeps it in SQLite


def execute(connection: Connection, results: Sequence[DeliveryResult], issue_id: IssueId, fence: Fence) -> int:
    """Write the results of one claim. How many rows were changed?

    Only rows are touched that this claim holds or held last, and whose state may become what the result says.
    """
    if connection.dialect.name == "postgresql":  # one statement for all of them: a server costs one round trip each
        values = {"results": json.dumps(results), "issue_id": issue_id, "fence": fence}
        return connection.execute(POSTGRESQL, values).rowcount
    return connection.exec_driver_sql(SQLITE, [(*result, issue_id, fence) for result in results]).rowcount


def sqlite_text(fields: Sequence[str]) -> str:
    """The statement for `executemany`: the fields are the parameters ?1, ?2, …, the issue and the fence follow them."""
    place = {field: f"?{number}" for number, field in enumerate([*fields, "issue_id", "fence"], 1)}
    assignments = [f"{COLUMNS[field]} = {_sqlite_value(field, place[field])}" for field in fields if field != KEY]
    return (
        f"UPDATE delivery SET {', '.join(assignments)}"  # noqa: S608 - names of this module, no value from outside
        f" WHERE issue_id = {place['issue_id']} AND subscriber_id = {place[KEY]} AND fence = {place['fence']}"
        f" AND ({_is_one_of('state', _SOURCES)}) AND ({_is_one_of(place['state'], _RESULTS)})"
    )


def postgresql_text(fields: Sequence[str]) -> str:
    """The statement for a whole group, which comes as one JSON array of arrays: `jsonb`, since of `json` each field is parsed anew from the text.

    The state is compared as `|| ''`, which no index serves. PostgreSQL takes claimed rows to be few, because there were none when it
    analysed the table; it would read all of them by the index on states and go through the whole group for each: forty times slower.
    """
    item = {field: f"result.value->>{number}" for number, field in enumerate(fields)}
    assignments = [f"{COLUMNS[field]} = {_postgresql_value(field, item[field])}" for field in fields if field != KEY]
    return (
        f"UPDATE delivery SET {', '.join(assignments)}"  # noqa: S608 - names of this module, no value from outside
        " FROM jsonb_array_elements(CAST(:results AS jsonb)) AS result"
        f" WHERE delivery.issue_id = :issue_id AND delivery.subscriber_id = CAST({item[KEY]} AS integer)"
        f" AND delivery.fence = :fence AND delivery.state || '' IN ({_list(_SOURCES)}) AND {item['state']} IN ({_list(_RESULTS)})"
    )


def _sqlite_value(field: str, place: str) -> str:
    value = f"substr({place}, 1, {SQLITE_TIME})" if field in TIMES else place
    return f"nullif({value}, '')" if field in OPTIONAL else value


def _postgresql_value(field: str, item: str) -> str:
    value = f"nullif({item}, '')" if field in OPTIONAL else item
    if field in TIMES:
        return f"CAST({value} AS timestamptz)"
    return f"CAST({value} AS integer)" if field in INTEGERS else value


def _is_one_of(value: str, states: Sequence[DeliveryState]) -> str:
    """For SQLite, which makes a table of the list of an IN for each execution: that takes 1.5 µs of 8 for a result."""
    return " OR ".join(f"{value} = '{state.value}'" for state in states)


def _list(states: Sequence[DeliveryState]) -> str:
    """The list of an IN."""
    return ", ".join(f"'{state.value}'" for state in states)


_SOURCES = sorted(common_sources(RESULTS))
_RESULTS = sorted(RESULTS, key=lambda state: (state is not DeliveryState.SENT, state))  # the usual result first
SQLITE = sqlite_text(DeliveryResult._fields)
POSTGRESQL: TextClause = text(postgresql_text(DeliveryResult._fields))
