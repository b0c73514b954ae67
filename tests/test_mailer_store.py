"""The database: opened, migrated, and its promises kept by the database itself."""

from __future__ import annotations

import ast
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import mailer
from mailer.database import Database, open_database
from mailer.errors import DatabaseError, IllegalTransition
from mailer.rules import Decision, Outcome, Phase, State
from mailer.schema import delivery, metadata, subscriber
from mailer.store import issues, ledger, subscriptions
from mailer.store.issues import Frozen
from mailer.store.ledger import Due
from tests.mail_bundles import ISSUE, LIST, NOW, REF, people

ACCEPTED = Outcome(Phase.BODY, 250, "ok")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return open_database(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}")


def frozen(database: Database, readers: int = 3) -> Frozen:
    subscriptions.enrol(database, people(readers), source="t", now=NOW)
    return issues.freeze(database, ISSUE, LIST, NOW)


def first_due(database: Database, issue: Frozen) -> Due:
    return ledger.due(database, issue.issue_id, now=NOW)[0]


def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    subscriptions.enrol(open_database(url), people(2), source="t", now=NOW)
    assert subscriptions.count(open_database(url), "fukko-press") == 2


def test_several_threads_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    opened: list[Database] = []
    threads = [threading.Thread(target=lambda: opened.append(open_database(f"sqlite:///{tmp_path / 'x.db'}"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4


def test_several_processes_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    script = "import sys; from mailer.database import open_database; open_database(sys.argv[1]).ping()"
    command = [sys.executable, "-c", script, f"sqlite:///{tmp_path / 'x.db'}"]
    processes = [subprocess.Popen(command, cwd=Path(__file__).parent.parent) for _ in range(4)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]


@pytest.mark.parametrize("url", ["nonsense", "mysql+nothing://x", "sqlite:////dev/null/x.db"])
def test_a_database_that_cannot_be_opened_is_one_error(url: str) -> None:
    with pytest.raises(DatabaseError, match="database"):
        open_database(url)


def test_a_file_that_is_no_database_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("これはデータベースではない" * 100, "utf-8")
    with pytest.raises(DatabaseError, match=r"x\.db"):
        open_database(f"sqlite:///{tmp_path / 'x.db'}")


def test_moments_come_back_aware_and_in_utc(database: Database) -> None:
    tokyo = datetime.fromisoformat("2026-03-11T14:46:00+09:00")
    subscriptions.enrol(database, people(1), source="t", now=tokyo)
    with database.reading() as connection:
        found = connection.execute(sa.select(subscriber.c.created_at)).scalar_one()
    assert (found, found.tzinfo) == (tokyo, UTC)


def test_a_naive_moment_does_not_get_in(database: Database) -> None:
    with pytest.raises((DatabaseError, ValueError)):
        subscriptions.enrol(database, people(1), source="t", now=datetime(2026, 3, 11))


def test_what_was_frozen_comes_back_whole_and_once(database: Database) -> None:
    first = frozen(database)
    assert issues.find(database, REF) == first
    subscriptions.enrol(database, people(9), source="t", now=NOW)
    assert issues.freeze(database, ISSUE, LIST, NOW + timedelta(days=1)) == first
    assert ledger.counts(database, first.issue_id)[State.PENDING] == 3
    assert issues.every(database) == (first,)


def test_the_database_itself_refuses_a_second_row_for_the_same_person(database: Database) -> None:
    issue = frozen(database)
    with pytest.raises(DatabaseError), database.writing() as connection:
        row = connection.execute(sa.select(delivery).where(delivery.c.issue_id == issue.issue_id).limit(1)).one()
        connection.execute(sa.insert(delivery).values(row._asdict()))


def test_the_database_itself_refuses_a_delivery_to_nobody(database: Database) -> None:
    issue = frozen(database)
    values = {
        "issue_id": issue.issue_id,
        "subscriber_id": 999,
        "address": "a@b.example",
        "state": "pending",
        "attempts": 0,
        "text": "",
        "changed_at": NOW,
    }
    with pytest.raises(DatabaseError), database.writing() as connection:
        connection.execute(sa.insert(delivery).values(values))


def test_due_rows_come_in_pieces_without_gap_or_overlap(database: Database) -> None:
    issue, seen = frozen(database, 25), list[int]()
    while rows := ledger.due(database, issue.issue_id, now=NOW, after=seen[-1] if seen else 0, limit=10):
        seen += [row.subscriber_id for row in rows]
    assert len(seen) == len(set(seen)) == ledger.count_due(database, issue.issue_id, now=NOW) == 25


def test_a_step_that_the_rules_do_not_allow_changes_nothing(database: Database) -> None:
    issue = frozen(database)
    row = first_due(database, issue)
    with pytest.raises(IllegalTransition):
        ledger.record(database, row, ACCEPTED, Decision(State.SENT), now=NOW)
    assert ledger.mark_attempted(database, row, message_id="<x@y>", now=NOW)
    ledger.record(database, row, ACCEPTED, Decision(State.SENT), now=NOW)
    with pytest.raises(IllegalTransition):
        ledger.mark_attempted(database, row, message_id="<x@y>", now=NOW)
    assert ledger.counts(database, issue.issue_id)[State.SENT] == 1


def test_a_reply_is_kept_short_and_harmless_to_a_terminal(database: Database) -> None:
    issue = frozen(database, 1)
    row = first_due(database, issue)
    ledger.record(database, row, Outcome(Phase.RCPT, 550, "no\x1b[31m\r\n" + "x" * 999), Decision(State.FAILED), now=NOW)
    text = ledger.missed(database, issue.issue_id)[0].text
    assert text.isprintable() and len(text) == 500


def test_interrupted_rows_become_unknown_once(database: Database) -> None:
    issue = frozen(database)
    ledger.mark_attempted(database, first_due(database, issue), message_id="<x@y>", now=NOW)
    found = ledger.interrupted(database, now=NOW)
    assert [(entry.address, entry.state, entry.message_id) for entry in found] == [("reader1@example.jp", State.UNKNOWN, "<x@y>")]
    assert ledger.interrupted(database, now=NOW) == ()


def test_an_error_rolls_everything_back(database: Database) -> None:
    with pytest.raises(RuntimeError), database.writing() as connection:
        values = {"email": "a@b.example", "email_key": "a@b.example", "name": "", "created_at": NOW}
        connection.execute(sa.insert(subscriber).values(values))
        raise RuntimeError
    assert subscriptions.find(database, "a@b.example") is None


def test_only_the_store_talks_to_the_database_and_nobody_to_the_other_half() -> None:
    home = Path(mailer.__file__).parent
    doors = {"database.py", "schema.py", "store", "migrations"}
    for path in home.rglob("*.py"):
        roots = {name.split(".")[0] for name in imported(path)}
        assert not roots & {"pelican", "plugins", "demo", "todoke", "content", "themes"}, path
        assert not roots & {"sqlalchemy", "alembic"} or path.relative_to(home).parts[0] in doors, path


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names
