"""The query for due rows: its columns are named once, in whatever order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mailer.database.deliveries import claim_statements, issues
from mailer.database.deliveries.claim_statements import DueRow
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.database.schema import delivery
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.state import DUE, DeliveryState
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, people


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        subscriptions.import_subscribers(opened, people(2), source="t", now=NOW, first_version=lambda: 5)
        subscriptions.unsubscribe(opened, SubscriberId(2), LIST.key, source="t", now=NOW)
        subscriptions.import_subscribers(opened, people(3), source="t", now=NOW, first_version=lambda: 5)
        issues.freeze(opened, ISSUE, LIST, NOW)
        with opened.writing() as connection:
            connection.execute(sa.update(delivery).values(attempts=3, first_tried=NOW))
        subscriptions.unsubscribe(opened, SubscriberId(3), LIST.key, source="t", now=NOW)
        yield opened


def answer(database: Database, fields: tuple[str, ...]) -> str | None:
    values: dict[str, Any] = {"issue_id": 1, "queue": "", "after": 0, "now": NOW, "limit": 9, "end": None}
    with database.writing() as connection:
        query = claim_statements.due_query(connection.dialect.name, DeliveryState.PENDING, fields)
        text: str | None = connection.execute(query, values).scalar_one()
        return text


def test_each_value_arrives_under_its_own_name(database: Database) -> None:
    rows = claim_statements.parse_due_rows(answer(database, DueRow._fields))
    assert [row._replace(first_tried=None) for row in rows] == [
        DueRow(SubscriberId(1), "reader1@example.jp", "読者1", 3, None, "html", 5),
        DueRow(SubscriberId(3), "reader3@example.jp", "読者3", 3, None, claim_statements.UNSUBSCRIBED, 5),
    ]
    assert all(row.first_tried is not None and row.first_tried.startswith("2026-03-11") for row in rows)


def test_another_order_of_the_columns_gives_the_same_values_in_that_order(database: Database) -> None:
    fields = DueRow._fields[::-1]
    rows = claim_statements.parse_due_rows(answer(database, DueRow._fields))
    turned = json.loads(answer(database, fields) or "[]")
    assert [dict(zip(fields, values, strict=True)) for values in turned] == [row._asdict() for row in rows]


def test_a_column_that_the_query_does_not_know_stops_it() -> None:
    with pytest.raises(KeyError, match="relay"):
        claim_statements.due_query("sqlite", DeliveryState.PENDING, (*DueRow._fields, "relay"))


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (claim_statements.claim_numbers("sqlite"), {"numbers": "1,2"}),
        (claim_statements.CLAIM_RANGE, {"first": 1, "last": 2, "in_queue": ""}),
        (claim_statements.numbered_transition("sqlite", DUE, DeliveryState.SUPPRESSED, IssueId(1), [SubscriberId(1), SubscriberId(2)]), {}),
    ],
    ids=["by numbers", "a range", "suppressed"],
)
def test_sqlite_finds_rows_to_claim_by_their_key_and_not_by_the_index_that_the_claim_changes(
    tmp_path: Path, statement: sa.Update, values: dict[str, object]
) -> None:
    executed: list[tuple[str, Any]] = []
    with closing(create_database(with_tables(f"sqlite:///{tmp_path / 'x.db'}"))) as database, database.writing(keep=False) as connection:
        sa.event.listen(connection, "before_cursor_execute", lambda *call: executed.append((call[2], call[3])))
        connection.execute(statement, {"issue": 1, "claim": 1, "now": NOW} | values)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {executed[-1][0]}", executed[-1][1]).all()
    assert "USING PRIMARY KEY" in str(plan) and "delivery_by_state" not in str(plan)
