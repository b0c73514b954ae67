"""Many subscribers at once, each with the proof of where the consent comes from. A million take less than a minute of the processor.

An import never raises consent: whoever has left a list stays off it, and whoever is suppressed is not subscribed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Integer, Table, Text, any_, bindparam, func, select, text, update

from mailer.database.engine import Database
from mailer.database.readers import people, suppressions
from mailer.database.schema import consent, subscriber, subscription
from mailer.model.ids import SubscriberId
from mailer.model.readers.consent import ConsentWay
from mailer.model.readers.subscription import HTML, SUBSCRIBED

Value = TypeVar("Value")
PORTION = 5_000
"""Subscribers in one statement."""
CACHE = 49_152
"""KiB. Addresses come in no order: each row goes to another page of their index, which would not fit into SQLite's 2 MiB."""


class ImportRow(NamedTuple):
    """One person who asked for some lists elsewhere. `key` is `addresses.address_key` of the address, `form` html, light or empty: as it is.

    `proof` says where the consent comes from, for example the file and the line.
    """

    address: str
    key: str
    name: str
    lists: tuple[str, ...]
    form: str
    proof: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did. `kept_out` holds (address, list) of people who had left the list, `suppressed` of those who may not be mailed."""

    people: int
    subscriptions: int
    already: int
    kept_out: tuple[tuple[str, str], ...] = ()
    suppressed: tuple[tuple[str, str], ...] = ()


Addition = tuple[ImportRow, str]
"""A person and a list. No named tuple: there are a million."""


def import_rows(
    database: Database,
    rows: Sequence[ImportRow],
    *,
    source: str,
    now: datetime,
    keep: bool = True,
    first_version: Callable[[], int] | None = None,
) -> ImportResult:
    """Subscribe people, all in one transaction. Doing it again changes nothing.

    :param rows: no key twice.
    :param keep: False: only count what would be done.
    :param first_version: the `token_version` of a new subscriber; None: a random one.
    :raises SecretMissing: there are suppressions, and a key that hashed some is gone.
    """
    if not keep:
        with database.reading() as connection:
            return _Import(connection, database, source, now).plan(rows)[0]
    with database.writing() as connection:
        if not database.is_shared:
            connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE}")
        else:  # somebody may sign up meanwhile: the same address would end the whole import
            connection.execute(text("LOCK TABLE subscriber IN SHARE ROW EXCLUSIVE MODE"))
        work = _Import(connection, database, source, now)
        result, additions = work.plan(rows)
        work.write(additions, first_version)
    return result


class _Import:
    """One transaction of an import."""

    def __init__(self, connection: Connection, database: Database, source: str, now: datetime) -> None:
        self._connection = connection
        self._keys = database.address_keys
        self._source = source
        self._now = now
        self._ids: dict[str, SubscriberId] = {}
        self._forms: dict[tuple[str, str], list[SubscriberId]] = {}
        """(list, form) → those who are subscribed already and get the form."""

    def plan(self, rows: Sequence[ImportRow]) -> tuple[ImportResult, list[Addition]]:
        """What is to be done, and the subscriptions that are new."""
        states = self._states(rows)
        scopes = suppressions.scopes_within(self._connection, self._keys, [row.address for row in rows])
        if not self._ids and not scopes:  # nobody is known, as in the first import: a third of the time
            additions = [(row, key) for row in rows for key in row.lists]
            return ImportResult(sum(1 for row in rows if row.lists), len(additions), 0), additions
        additions, already, kept_out, suppressed = [], 0, [], []
        for row in rows:
            for key in row.lists:
                state = states.get((row.key, key))
                if state == SUBSCRIBED:
                    already += 1
                    if row.form:
                        self._forms.setdefault((key, row.form), []).append(self._ids[row.key])
                elif state is not None:
                    kept_out.append((row.address, key))
                elif scopes and suppressions.covers(scopes.get(row.address, ()), key):
                    suppressed.append((row.address, key))
                else:
                    additions.append((row, key))
        new = {row.key for row, _ in additions} - self._ids.keys()
        return ImportResult(len(new), len(additions), already, tuple(kept_out), tuple(suppressed)), additions

    def write(self, additions: Sequence[Addition], first_version: Callable[[], int] | None) -> None:
        """Write what is additions."""
        ids = self._ids
        self._add_people({row.key: row for row, _ in additions if row.key not in ids}, first_version)
        values = [(ids[row.key], key, row.form or HTML) for row, key in additions]
        fixed = {"state": SUBSCRIBED, "source": self._source, "since": self._now, "changed_at": self._now}
        _insert(self._connection, subscription, ("subscriber_id", "list", "format"), values, fixed)
        proofs = [(ids[row.key], key, row.proof) for row, key in additions]
        fixed = {"at": self._now, "way": ConsentWay.IMPORT.value, "confirmation": ""}
        _insert(self._connection, consent, ("subscriber_id", "list", "proof"), proofs, fixed)
        self._set_forms()

    def _add_people(self, new: dict[str, ImportRow], first_version: Callable[[], int] | None) -> None:
        versions = [first_version() for _ in new] if first_version else people.random_versions(len(new))
        ids = _next_ids(self._connection, len(new))
        rows = zip(ids, new.items(), versions, strict=True)
        values = [(number, row.address, key, row.name, version) for number, (key, row), version in rows]
        _insert(self._connection, subscriber, ("id", "email", "email_key", "name", "token_version"), values, {"created_at": self._now})
        self._ids.update(zip(new, ids, strict=True))
        scopes = suppressions.scopes_within(self._connection, self._keys, [row.address for row in new.values()])
        for row in new.values():
            if row.address in scopes:
                suppressions.link_within(self._connection, self._keys, self._ids[row.key], row.address)

    def _set_forms(self) -> None:
        """Whoever is subscribed already gets the form of the file, if it names one."""
        for (key, form), ids in self._forms.items():
            for portion in _portions(ids):
                mine = (subscription.c.subscriber_id.in_(portion), subscription.c.list == key, subscription.c.format != form)
                self._connection.execute(update(subscription).where(*mine).values(format=form))

    def _states(self, rows: Sequence[ImportRow]) -> dict[tuple[str, str], str]:
        states: dict[tuple[str, str], str] = {}
        for portion in _portions([row.key for row in rows]):
            self._find(portion)
            known = {self._ids[key]: key for key in portion if key in self._ids}
            if known:
                columns = (subscription.c.subscriber_id, subscription.c.list, subscription.c.state)
                subscriptions = self._connection.execute(
                    select(*columns).where(_among(self._connection, subscription.c.subscriber_id, list(known)))
                )
                states |= {(known[number], key): state for number, key, state in subscriptions.all()}
        return states

    def _find(self, keys: Sequence[str]) -> None:
        query = select(subscriber.c.email_key, subscriber.c.id).where(_among(self._connection, subscriber.c.email_key, keys))
        self._ids.update((key, SubscriberId(number)) for key, number in self._connection.execute(query).all())


def _next_ids(connection: Connection, number: int) -> list[SubscriberId]:
    """So many ids that were never used. The transaction holds the lock of the table: with SQLite nobody else takes one meanwhile."""
    if connection.dialect.name == "postgresql":
        query = text("SELECT nextval('subscriber_id_seq') FROM generate_series(1, :number)").bindparams(number=number)
        return [SubscriberId(each) for each in connection.execute(query).scalars()]
    last = connection.execute(text("SELECT max(seq) FROM sqlite_sequence WHERE name = 'subscriber'")).scalar_one() or 0
    return [SubscriberId(each) for each in range(last + 1, last + 1 + number)]


def _among(connection: Connection, column: Column[Any], values: Sequence[str | int]) -> ColumnElement[bool]:
    """The condition that the column holds one of the values, which are one parameter: SQLAlchemy would write thousands into the statement."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), type_=ARRAY(Integer if isinstance(values[0], int) else Text)))
    each = func.json_each(json.dumps(values)).table_valued("value")
    return column.in_(select(each.c.value))


def _insert(connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]], fixed: dict[str, Any]) -> None:
    """Insert rows past SQLAlchemy's work on each value: the values of `rows` are texts and whole numbers, those of `fixed` the same in each row."""
    if not rows:
        return
    constants = tuple(_bound(connection, table, name, value) for name, value in fixed.items())
    columns = ", ".join(f'"{name}"' for name in (*names, *fixed))
    if connection.dialect.name == "postgresql":
        with connection.connection.cursor().copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row((*row, *constants))
        return
    places = ", ".join("?" * (len(names) + len(fixed)))
    connection.exec_driver_sql(
        f'INSERT INTO "{table.name}" ({columns}) VALUES ({places})',  # noqa: S608 - names of our own tables
        [(*row, *constants) for row in rows],
    )


def _bound(connection: Connection, table: Table, name: str, value: Any) -> Any:
    """The value as the column's type hands it to the driver."""
    process = table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return value if process is None else process(value)


def _portions(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    return (values[start : start + PORTION] for start in range(0, len(values), PORTION))
