"""What the columns may hold, checked wherever a row is read.

SQLite stores whatever it is given in a column of any type, and a hand, a tool or a damaged disk may have written it. So each column reads through a
`StoredValue`: an impossible value ends the command with the name of its column, instead of a traceback somewhere behind it. The check is not in the
database: SQLite could have it only as a new table (of a million deliveries), or as a trigger that costs every result its time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Float, Integer, MetaData, String
from sqlalchemy.types import TypeDecorator, TypeEngine

from mailer.model.clock import FIRST_YEAR, LAST_YEAR
from mailer.model.errors import ImpossibleValue

LARGEST = 2**31 - 1
"""Of an `integer` of PostgreSQL, which has the same columns."""
Check = Callable[[Any], bool]


class Utc(TypeDecorator[datetime]):
    """An aware time, stored as UTC. SQLite has no time zones, so the zone is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware → UTC.

        :raises ValueError: the time is naive, which is a mistake in our code.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without time zone must not reach the database")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """UTC, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class StoredValue(TypeDecorator[Any]):
    """A column's own type, and what a value of it must be.

    :param column: TABLE.COLUMN, for the error.
    :param check: whether a value that was read is possible; NULL is not asked about.
    """

    impl = String
    cache_ok = True

    def __init__(self, own: TypeEngine[Any], column: str, check: Check) -> None:
        super().__init__()
        self.impl_instance = own
        self.impl = own  # type: ignore[assignment] # SQLAlchemy's own __init__ does the same
        self.column = column
        self._check = check

    def copy(self, **_options: Any) -> StoredValue:
        """A foreign key copies the type of the column that it refers to."""
        return StoredValue(self.impl_instance, self.column, self._check)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        """Read a value as its own type does, and check it.

        :raises ImpossibleValue: it is not what the column may hold.
        """
        read, check, column = self.impl_instance.dialect_impl(dialect).result_processor(dialect, coltype), self._check, self.column

        def process(stored: Any) -> Any:
            if stored is None:
                return None
            try:
                value = stored if read is None else read(stored)
                is_possible = check(value)
            except (ValueError, TypeError, OverflowError):
                is_possible = False
            if not is_possible:
                raise ImpossibleValue(column, describe(stored))
            return value

        return process


def check_columns(metadata: MetaData, words: Mapping[str, Collection[str]]) -> None:
    """Let every column of the tables check what is read from it.

    :param words: TABLE.COLUMN → the only texts that it may hold.
    """
    for table in metadata.tables.values():
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            column.type = StoredValue(column.type, name, _check_of(column.type, words.get(name)))


def _check_of(own: TypeEngine[Any], words: Collection[str] | None) -> Check:
    if words is not None:
        return frozenset(words).__contains__
    if isinstance(own, Integer):
        return _is_number
    if isinstance(own, Float):
        return _is_amount
    if isinstance(own, Utc):
        return _is_time
    return _is_text if isinstance(own, String) else _is_anything


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_amount(value: object) -> bool:
    return type(value) in (int, float)


def _is_time(value: datetime) -> bool:
    return FIRST_YEAR <= value.year <= LAST_YEAR


def _is_text(value: object) -> bool:
    return type(value) is str


def _is_anything(_value: object) -> bool:
    return True


def describe(stored: object) -> str:
    """What was found there, without its words: they may be a reader's address."""
    if isinstance(stored, bytes):
        return f"{len(stored)} bytes (a BLOB)"
    if isinstance(stored, str):
        return f"a text of {len(stored)} characters that it may not hold"
    return f"the number {str(stored)[:20]}" if isinstance(stored, int | float) else type(stored).__name__
