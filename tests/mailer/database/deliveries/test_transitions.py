"""Every statement that writes the state of a delivery obeys the one table: in the source, when it is built, and in the database."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import mailer
from mailer.database.deliveries import claims, digests, issues, ledger, orders, result_statements
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.deliveries.transitions import transition
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.database.schema import delivery, subscription
from mailer.delivery.journal import format_timestamp
from mailer.model.digest import DIGEST
from mailer.model.errors import DatabaseError, IllegalTransition
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.issue import CALLED_OFF, IssueRef, IssueStatus
from mailer.model.outcome import DeliveryResult
from mailer.model.state import DUE, RESULTS, TRANSITIONS, DeliveryState
from tests.mailer.database import guard
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, people

HOME = Path(mailer.__file__).parent
PENDING, CLAIMED, UNKNOWN = DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.UNKNOWN
BUILDERS = {"database/deliveries/transitions.py"}  # may begin an UPDATE or INSERT of `delivery`
HAND_WRITTEN = {"database/deliveries/result_statements.py"}  # may hold one as text
WRITERS = {"insert", "update", "delete"}
SQL = re.compile(r"\b(?:update(?:\s+only)?|insert\s+into|delete\s+from|merge\s+into|replace\s+into|truncate(?:\s+table)?)\s+\W?delivery\b", re.IGNORECASE)  # fmt: skip


def writes(source: str) -> list[str]:
    """The places in a module's source where a write to `delivery` is begun: SQLAlchemy's functions and methods, and SQL as text."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [place for node in ast.walk(tree) if id(node) not in docstrings for place in _written_by(node)]


def _written_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        target = node.func.value if isinstance(node.func, ast.Attribute) else None
        if name in WRITERS and any(_is_delivery(part) for part in [*node.args, *(word.value for word in node.keywords), target]):
            yield ast.unparse(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value):
        yield node.value


def _is_delivery(node: ast.AST | None) -> bool:
    return (isinstance(node, ast.Name) and node.id == "delivery") or (isinstance(node, ast.Attribute) and node.attr == "delivery")


@pytest.mark.parametrize(
    "planted",
    [
        "update(delivery).values(state='sent')",
        "sa.update(schema.delivery).where(x)",
        "delivery.update().values(state=new)",
        "insert(table=delivery)",
        "connection.exec_driver_sql('UPDATE delivery SET state = ?')",
        "text(f'insert into delivery ({columns})')",
        "text('''\n  update  \"delivery\" set state = 1''')",
    ],
)
def test_the_search_finds_a_write_however_it_is_spelled(planted: str) -> None:
    assert writes(f"def f():\n    '''It may UPDATE delivery: a docstring is not SQL.'''\n    {planted}\n")


def test_no_module_writes_to_deliveries_past_the_table_of_states() -> None:
    places_by_module = {
        path.relative_to(HOME).as_posix(): writes(path.read_text("utf-8")) for path in HOME.rglob("*.py") if "versions" not in path.parts
    }
    assert {path for path, places in places_by_module.items() if places} == BUILDERS | HAND_WRITTEN
    assert not any("delivery" in ast.unparse(node) for path in HOME.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))
                   if isinstance(node, ast.ImportFrom) and any(alias.name == "delivery" and alias.asname for alias in node.names))  # fmt: skip


@pytest.mark.parametrize(("old", "new"), list(itertools.product(DeliveryState, DeliveryState)))
def test_a_statement_for_a_step_can_be_built_only_if_the_table_has_it(old: DeliveryState, new: DeliveryState) -> None:
    if new in TRANSITIONS[old]:
        text = str(transition({old}, new).compile(compile_kwargs={"literal_binds": True}))
        assert "SET state=" in text and f"WHERE delivery.state IN ('{old}')" in text
    else:
        with pytest.raises(IllegalTransition, match=f"from {old} to {new}"):
            transition({old}, new)


def test_one_forbidden_step_among_several_is_enough_to_refuse_the_statement() -> None:
    with pytest.raises(IllegalTransition, match="from sent to pending"):
        transition([DeliveryState.DEFERRED, DeliveryState.SENT], PENDING)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        yield opened


def frozen(database: Database, readers: int) -> IssueId:
    subscriptions.import_subscribers(database, people(readers), source="t", now=NOW)
    return issues.freeze(database, ISSUE, LIST, NOW).issue_id


def result(number: int, state: DeliveryState) -> DeliveryResult:
    return DeliveryResult(SubscriberId(number), state.value, 1, 250, "", format_timestamp(NOW), "", format_timestamp(NOW), "<x@y>")


def states(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(delivery.c.state).order_by(delivery.c.subscriber_id)).scalars())


def test_recording_results_moves_a_row_exactly_where_the_table_allows_it(database: Database) -> None:
    """The hand-written statement, tried with every state of a row and every word in the place of a result."""
    pairs = list(itertools.product(DeliveryState, DeliveryState))
    issue_id = frozen(database, len(pairs))
    with database.writing() as connection:
        for number, (old, _) in enumerate(pairs, 1):
            row = delivery.c.subscriber_id == number
            connection.execute(sa.update(delivery).where(row).values(state=old, fence=7))
    results = [result(number, new) for number, (_, new) in enumerate(pairs, 1)]
    counted = ledger.record(database, [ResultGroup(issue_id, Fence(7), results)], now=NOW)
    allowed = [(old, new) for old, new in pairs if old in (CLAIMED, UNKNOWN) and new in RESULTS]
    assert counted == len(allowed) and all(new in TRANSITIONS[old] for old, new in allowed)
    assert states(database) == [new if (old, new) in allowed else old for old, new in pairs]


def test_the_table_has_no_step_that_never_happens(database: Database) -> None:
    """Everything that the mailer does to deliveries, on a database whose trigger refuses other steps. Then the steps are counted."""
    issue_id = frozen(database, 12)
    guard.install(database)
    marked = {"lease": -1.0, "owner": "me", "now": NOW}

    def claim(window: int = 12) -> claims.Claim:
        taken = claims.claim_batch(database, ClaimRequest(issue_id, "", 0, 12, window), token=f"t{next(tokens)}", **marked)  # type: ignore[arg-type]
        assert taken is not None
        return taken

    def record(held: claims.Claim, *results: DeliveryResult, is_last: bool = False) -> None:
        ledger.record(database, [ResultGroup(issue_id, held.fence, results, is_last)], now=NOW)

    def move(old: set[DeliveryState], new: DeliveryState) -> None:
        ledger.change_state(database, issue_id, old, new, now=NOW)

    tokens = itertools.count()
    first = claim()
    record(first, *(result(number, state) for number, state in enumerate(sorted(RESULTS), 1)), is_last=True)
    move({DeliveryState.FAILED, DeliveryState.DEFERRED}, PENDING)
    second = claim(window=8)
    ledger.defer(database, issue_id, second.fence, [second.rows[0].subscriber_id], until=NOW - timedelta(days=1), now=NOW)
    assert claims.take_over(database, claims.open_claims(database)[0], now=NOW) == 7
    in_doubt = [row.subscriber_id for row in second.rows[1:8]]
    claims.release_never_sent(database, second.fence, issue_id, in_doubt[1:], now=NOW)
    record(second, *(result(number, state) for number, state in zip(in_doubt[1:], sorted(RESULTS), strict=False)))
    third = claim()
    ledger.mark_unknown(database, issue_id, third.fence, [third.rows[0].subscriber_id], now=NOW)
    record(third, *(result(row.subscriber_id, DeliveryState.DEFERRED) for row in third.rows[1:3]), is_last=True)
    leaver = third.rows[1].subscriber_id, third.rows[-1].subscriber_id
    for subscriber_id in leaver:
        subscriptions.unsubscribe(database, subscriber_id, LIST.key, source="t", now=NOW)
    record(claim(), is_last=True)
    for state in (DeliveryState.SENT, DeliveryState.FAILED):
        move({UNKNOWN}, state)
    record(claim(), result(third.rows[2].subscriber_id, DeliveryState.DEFERRED), is_last=True)
    ledger.change_state(database, issue_id, {PENDING}, DeliveryState.SUPPRESSED, now=NOW, why=CALLED_OFF)
    issues.set_status(database, issue_id, IssueStatus.CANCELLED, old={IssueStatus.SENDING})
    assert orders.reopen_cancelled(database, issue_id)
    assert orders.freeze_again(database, issue_id, ISSUE, LIST, NOW) is not None
    move(set(DUE), DeliveryState.EXPIRED)
    go_through_digests(database)
    assert guard.steps(database) == {(old, new) for old, reachable in TRANSITIONS.items() for new in reachable}


def go_through_digests(database: Database) -> None:
    """An issue is held, merged, called off, opened again, merged into a digest that is called off itself, and expires where it still waits."""
    with database.writing() as connection:
        connection.execute(sa.update(subscription).values(frequency="weekly", state="subscribed"))
    content = replace(ISSUE, ref=IssueRef(LIST.key, "90"), expires=NOW + timedelta(days=1))
    held = issues.freeze(database, content, LIST, NOW, holds=True)
    digests.separate(database, held.issue_id, [SubscriberId(1)], NOW)
    readers = [SubscriberId(number) for number in (2, 3, 4)]
    assert digests.freeze(database, replace(ISSUE, ref=IssueRef(DIGEST, "1")), LIST, [held], readers, now=NOW) is not None
    issues.set_status(database, held.issue_id, IssueStatus.CANCELLED, old={IssueStatus.SENDING})
    assert orders.call_off(database, held, now=NOW) == 12
    assert orders.reopen_cancelled(database, held.issue_id)
    again = orders.freeze_again(database, held.issue_id, content, LIST, NOW, holds=True)
    assert again is not None
    merged = digests.freeze(database, replace(ISSUE, ref=IssueRef(DIGEST, "2")), LIST, [again], readers, now=NOW)
    assert merged is not None
    assert orders.call_off(database, merged, now=NOW) == 3
    assert digests.tidy(database, NOW + timedelta(days=2)).expired == 9


def test_the_trigger_of_these_tests_refuses_an_illegal_step(database: Database) -> None:
    frozen(database, 2)
    guard.install(database)
    for step in (sa.update(delivery).values(state="sent"), sa.update(delivery).values(state="deferred")):
        with pytest.raises(DatabaseError, match=guard.REFUSAL), database.writing() as connection:
            connection.execute(step)


def test_each_field_of_a_result_has_its_column_and_the_statement_leaves_no_other_column_out_unnoticed() -> None:
    assert set(result_statements.COLUMNS) | {result_statements.KEY} == set(DeliveryResult._fields)
    untouched = {"issue_id", "subscriber_id", "address", "queue", "fence", "merged_into"}
    assert set(result_statements.COLUMNS.values()) == {column.name for column in delivery.c} - untouched


def test_fields_that_change_places_change_their_numbers_in_the_statement() -> None:
    fields = DeliveryResult._fields[::-1]
    text = result_statements.sqlite_text(fields)
    for number, field in enumerate(fields, 1):
        column = "subscriber_id" if field == "subscriber_id" else result_statements.COLUMNS[field]
        assert re.search(rf"\b{column} = (?:nullif\()?(?:substr\()?\?{number}\b", text), field
    postgresql = result_statements.postgresql_text(fields)
    for number, field in enumerate(fields):
        column = "subscriber_id" if field == "subscriber_id" else result_statements.COLUMNS[field]
        assert re.search(rf"\b{column} = (?:CAST\()?(?:nullif\()?result\.value->>{number}\b", postgresql), field


def test_a_field_without_a_column_stops_the_statement() -> None:
    with pytest.raises(KeyError, match="relay"):
        result_statements.sqlite_text([*DeliveryResult._fields, "relay"])


def test_every_value_of_a_result_arrives_in_its_own_column(database: Database) -> None:
    issue_id = frozen(database, 1)
    held = claims.claim_batch(database, ClaimRequest(issue_id, ""), token="t", owner="me", lease=60.0, now=NOW)
    assert held is not None
    times = [NOW + timedelta(hours=hours, microseconds=7) for hours in (1, 2, 3)]
    first_tried, not_before, at = map(format_timestamp, times)
    given = DeliveryResult(SubscriberId(1), "deferred", 4, 452, "busy 込", first_tried, not_before, at, "<id@x>")
    ledger.record(database, [ResultGroup(issue_id, held.fence, [given])], now=NOW)
    columns = ("state", "attempts", "code", "text", "first_tried", "not_before", "changed_at", "message_id")
    with database.reading() as connection:
        row = connection.execute(sa.select(*(delivery.c[name] for name in columns))).one()
    assert tuple(row) == ("deferred", 4, 452, "busy 込", *times, "<id@x>")


def test_both_databases_find_the_rows_of_results_by_their_key(database: Database) -> None:
    """PostgreSQL once went through the whole group for each claimed row, since it expected few of them: forty times slower."""
    issue_id = frozen(database, 3000)
    held = claims.claim_batch(database, ClaimRequest(issue_id, ""), token="t", owner="me", lease=60.0, now=NOW)
    assert held is not None
    results = [result(row.subscriber_id, DeliveryState.SENT) for row in held.rows]
    with database.writing(keep=False) as connection:
        if database.is_shared:
            values = {"results": json.dumps(results), "issue_id": issue_id, "fence": held.fence}
            plan = connection.execute(sa.text(f"EXPLAIN {result_statements.POSTGRESQL}"), values).all()
            assert "Index Scan using delivery_pkey" in str(plan) and "delivery_by_state" not in str(plan)
        else:
            parameters = (*results[0], issue_id, held.fence)
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {result_statements.SQLITE}", parameters).all()
            assert "USING PRIMARY KEY" in str(plan)
