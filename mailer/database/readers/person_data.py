"""Everything that is stored about one reader, from every table that names readers: a table that is added later is in it without a change here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from mailer.database.engine import Database
from mailer.database.readers import suppressions
from mailer.database.schema import consent_words, metadata, subscriber
from mailer.model.ids import SubscriberId

INTERNAL = frozenset({"subscriber_id", "token_version", "email_key", "fence", "merged_into"})
"""Columns that say nothing about the person: numbers of ours, and the address once more."""

PersonData = dict[str, list[dict[str, Any]]]
"""Table → rows, with the times in ISO 8601."""


def everything_about(database: Database, subscriber_id: SubscriberId) -> PersonData:
    """All rows about the person, by table; empty if there is no such person."""
    with database.reading() as connection:
        person = _rows(connection, subscriber, subscriber_id)
        if not person:
            return {}
        data = {"subscriber": person}
        for table in sorted(metadata.tables.values(), key=lambda table: table.name):
            if table is not subscriber and "subscriber_id" in table.c:
                data[table.name] = _rows(connection, table, subscriber_id)
        digests = {row["words"] for row in data["consent"] if row["words"]}
        words = connection.execute(select(consent_words).where(consent_words.c.digest.in_(digests)).order_by(consent_words.c.digest))
        data["consent_words"] = [_readable(dict(row._mapping)) for row in words]
        data["suppression"] = [
            _readable(
                {"reason": each.reason.value, "scope": each.scope, "since": each.since, "source": each.source, "lifted_at": each.lifted_at}
            )
            for each in suppressions.suppressions_within(connection, database.address_keys, person[0]["email"])
        ]
        return data


def _rows(connection: Connection, table: Table, subscriber_id: SubscriberId) -> list[dict[str, Any]]:
    owner = table.c.id if table is subscriber else table.c.subscriber_id
    columns = [column for column in table.c if column.name not in INTERNAL]
    query = select(*columns).where(owner == subscriber_id).order_by(*table.primary_key.columns)
    return [_readable(dict(row._mapping)) for row in connection.execute(query)]


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
