"""Bad days, as the operator sees them: one clear line, a status that is not zero, nothing lost, and the next run goes on."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import Result

from tests.samples.mail.mail_bundles import make_database, write_config
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import PASSWORD, USER, Behaviour, Receiver

EVERYBODY = Counter(f"reader{n}@example.jp" for n in range(1, 6))
SEND = "send fukko-press/45"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    make_database(write_config(tmp_path))
    terminal = Terminal(tmp_path)
    assert terminal.run("subscribers import FILE").exit_code == 0
    return terminal


def fails_in_one_line(result: Result, *words: str) -> bool:
    assert result.exit_code in (1, 75) and isinstance(result.exception, SystemExit), result.output
    lines = [
        line for line in result.stderr.splitlines() if not re.search(r"cut off|auth_required == True", line)
    ]  # the second is of the test server in this process
    assert all(any(word in line for line in lines) for word in words), result.stderr
    assert "Traceback" not in result.output
    return len(lines) == 1


def assert_next_run_completes(terminal: Terminal, receiver: Receiver) -> None:
    """The next run sends to everybody who is left, and to nobody twice."""
    result = terminal.run(SEND)
    assert result.exit_code == 0, result.output
    assert Counter(receiver.recipients) == EVERYBODY


def test_a_changed_bundle_is_refused_and_sent_once_it_is_whole_again(terminal: Terminal) -> None:
    part = terminal.folder / "mail" / "fukko-press" / "45" / "mail.html"
    good = part.read_bytes()
    part.write_bytes(good.replace("復興".encode(), "復旧".encode()))
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port)
        assert fails_in_one_line(terminal.run(SEND), "mail.html", "SHA-256")
        assert receiver.accepted == []
        part.write_bytes(good)
        assert_next_run_completes(terminal, receiver)


def test_an_unknown_list_is_refused(terminal: Terminal) -> None:
    assert fails_in_one_line(terminal.run("send no-such-list/1"), "no-such-list")


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("tls", ["none", "opportunistic"])
def test_a_wrong_password_stops_the_run_and_is_not_printed(terminal: Terminal, tls: str) -> None:
    with Receiver(Behaviour(password=True)) as receiver:
        write_config(terminal.folder, receiver.port, relay=f'tls = "{tls}"\nusername = "{USER}"')
        terminal.environ["TODOKE_RELAY_PASSWORD"] = "not-the-password"
        result = terminal.run(SEND)
        assert fails_in_one_line(result, "535", "password") and result.exit_code == 1
        assert "not-the-password" not in result.output and receiver.accepted == []
        terminal.environ["TODOKE_RELAY_PASSWORD"] = PASSWORD
        assert_next_run_completes(terminal, receiver)


def test_a_full_disk_sends_nothing_and_the_next_run_assert_next_run_completes(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_to_write(_file: int, _line: bytes) -> int:
        raise OSError(28, "No space left on device")

    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port)
        with monkeypatch.context() as patched:
            patched.setattr("mailer.delivery.journal.os.write", refuse_to_write)
            assert fails_in_one_line(terminal.run(SEND), "No space left", "make room")
        assert receiver.accepted == []
        assert_next_run_completes(terminal, receiver)


def test_a_disk_with_room_for_a_part_of_a_line_sends_nothing_and_the_next_run_assert_next_run_completes(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port)
        with monkeypatch.context() as patched:
            patched.setattr("mailer.delivery.journal.os.write", lambda _file, _line: 3)
            assert fails_in_one_line(terminal.run(SEND), "only a part")
        assert receiver.accepted == []
        assert_next_run_completes(terminal, receiver)


def test_a_database_that_is_locked_in_the_middle_of_a_run_loses_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    locks: list[sqlite3.Connection] = []

    def lock(count: int) -> None:
        if count == 2:
            locks.append(sqlite3.connect(terminal.folder / "var" / "todoke.db", check_same_thread=False, isolation_level=None))
            locks[0].execute("PRAGMA busy_timeout = 30000")
            locks[0].execute("BEGIN IMMEDIATE")

    with Receiver(Behaviour(on_accept=lock)) as receiver:
        write_config(terminal.folder, receiver.port, connections=1)
        with monkeypatch.context() as patched:
            patched.setattr("mailer.database.engine.BUSY_TIMEOUT", 0)
            assert fails_in_one_line(result := terminal.run(SEND), "locked") and result.exit_code == 75
            for line in (SEND, "status"):  # it is locked already when they open it
                result = terminal.run(line, mail=line == SEND)
                assert fails_in_one_line(result, "locked") and result.exit_code == 75
        locks[0].close()
        assert_next_run_completes(terminal, receiver)


def test_a_database_server_that_goes_away_in_the_middle_of_a_run_loses_nothing(
    terminal: Terminal, database_url_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.delivery.recorder.PAUSES", ())
    url = sa.make_url(database_url_postgres)
    admin = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def allow(word: str) -> None:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS {word}")
            end = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
            connection.execute(end, {"name": url.database})

    with Receiver(Behaviour(on_accept=lambda count: allow("false") if count == 2 else None)) as receiver:
        settings = f'database = "{database_url_postgres}"\n'
        make_database(write_config(terminal.folder, receiver.port, connections=1, head=settings))
        assert terminal.run("subscribers import FILE").exit_code == 0
        for _ in range(2):  # as it goes away, and as long as it is away
            assert fails_in_one_line(result := terminal.run(SEND), "database") and result.exit_code == 75
        allow("true")
        assert_next_run_completes(terminal, receiver)
    admin.dispose()
