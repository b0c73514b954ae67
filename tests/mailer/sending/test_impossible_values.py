"""What somebody wrote into the database by hand: every command says so in one line, nobody waits for ever, and nothing is lost."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from mailer.database.schema import metadata
from mailer.model.issue import IssueRef
from tests.samples.mail.mail_bundles import make_database, write_config, write_issue
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import Receiver

EVERYBODY = Counter(f"reader{n}@example.jp" for n in range(1, 6))
IMPOSSIBLE = {
    "attempts": ("'drei'", "x'00ff'", "1.5", "-1", "9223372036854775807"),
    "address": ("x'00ff'", "CAST(x'ff' AS TEXT)"),
    "first_tried": ("'yesterday'", "x'00'", "'0001-01-01 00:00:00.000000'", "'9999-12-31 23:59:59.000000'"),
}
"""Column of a delivery that a claim reads → SQL of what it may not hold."""
COMMANDS = {
    "delivery": ("send fukko-press/45 --dry-run", "who-missed fukko-press/45", "status"),
    "issue": ("send fukko-press/45 --dry-run", "status", "pause fukko-press/45"),
    "subscriber": ("send fukko-press/46 --dry-run", "who-missed fukko-press/45"),
    "subscription": ("send fukko-press/46 --dry-run", "who-missed fukko-press/45"),
    "audit": ("audit", "send fukko-press/45 --dry-run"),
}
"""Table → commands that read it."""
BOTH = ("state", "attempts", "changed_at", "list_id", "mac")
"""Columns that get a text too: it is possible as SQL, and not as what the column means."""


def write_by_hand(folder: Path, sql: str) -> None:
    with closing(sqlite3.connect(folder / "var" / "todoke.db")) as database, database:
        database.execute(sql)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    make_database(write_config(tmp_path))
    terminal = Terminal(tmp_path)
    terminal.run("subscribers import FILE")
    terminal.run("schedule fukko-press/45 --now")
    return terminal


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, values in IMPOSSIBLE.items() for value in values])
def test_a_send_ends_with_the_column_and_sends_to_nobody_twice_once_the_row_is_mended(terminal: Terminal, column: str, value: str) -> None:
    write_by_hand(terminal.folder, f"UPDATE delivery SET {column} = {value} WHERE subscriber_id = 3")
    good = {"attempts": "0", "address": "'reader3@example.jp'", "first_tried": "NULL"}[column]
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port)
        result = terminal.run("send fukko-press/45")
        assert result.exit_code == 1 and isinstance(result.exception, SystemExit), result.output
        assert column in result.stderr and "reader3" not in result.stderr and result.stderr.count("\n") == 1
        assert receiver.accepted == []
        write_by_hand(terminal.folder, f"UPDATE delivery SET {column} = {good} WHERE subscriber_id = 3")
        result = terminal.run("send fukko-press/45")
        assert result.exit_code == 0, result.output
        assert Counter(receiver.recipients) == EVERYBODY


@pytest.mark.parametrize("table", COMMANDS)
def test_no_command_answers_an_impossible_value_in_any_column_with_a_traceback(terminal: Terminal, table: str) -> None:
    write_issue(terminal.folder / "mail", IssueRef("fukko-press", "46"))
    places, copy = terminal.folder / "var", terminal.folder / "copy"
    copytree(places, copy)
    answers = list[str]()
    for column in metadata.tables[table].columns:
        for value in ("x'00ff'", "'無'") if column.name in BOTH else ("x'00ff'",):
            for trigger in ("audit_no_UPDATE",):
                write_by_hand(terminal.folder, f"DROP TRIGGER IF EXISTS {trigger}")
            with suppress(sqlite3.IntegrityError):
                write_by_hand(terminal.folder, f"UPDATE {table} SET {column.name} = {value}")
            for line in COMMANDS[table]:
                result = terminal.run(line, mail="send" in line)
                assert isinstance(result.exception, SystemExit | None), (column.name, value, line, result.exception)
                answers.append(result.stderr)
            rmtree(places)
            copytree(copy, places)
    # An end of a subscription that nobody understands is an end: no command reads further.
    assert table == "subscription" or any("impossible value" in answer for answer in answers)
