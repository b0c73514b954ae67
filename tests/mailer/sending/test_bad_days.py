"""Bad days, as the operator sees them: one clear line, a status that is not zero, nothing lost, and the next run goes on."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import Result

from tests.mail_bundles import write_config
from tests.mailer.cli.test_commands import Desk
from tests.smtp import PASSWORD, USER, Manners, Receiver

EVERYBODY = Counter(f"reader{n}@example.jp" for n in range(1, 6))
SEND = "send fukko-press/45"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    write_config(tmp_path)
    desk = Desk(tmp_path)
    assert desk.types("subscribers import FILE").exit_code == 0
    return desk


def is_one_line(said: Result, *words: str) -> bool:
    assert said.exit_code in (1, 75) and isinstance(said.exception, SystemExit), said.output
    told = [line for line in said.stderr.splitlines() if "cut off" not in line]
    assert all(any(word in line for line in told) for word in words), said.stderr
    assert "Traceback" not in said.output
    return len(told) == 1


def goes_on(desk: Desk, receiver: Receiver) -> None:
    """The next run sends to everybody who is left, and to nobody twice."""
    said = desk.types(SEND)
    assert said.exit_code == 0, said.output
    assert Counter(receiver.recipients) == EVERYBODY


def test_a_bundle_whose_bytes_are_not_those_that_were_promised(desk: Desk) -> None:
    part = desk.folder / "mail" / "fukko-press" / "45" / "mail.html"
    good = part.read_bytes()
    part.write_bytes(good.replace("復興".encode(), "復旧".encode()))
    with Receiver() as receiver:
        write_config(desk.folder, receiver.port)
        assert is_one_line(desk.types(SEND), "mail.html", "SHA-256")
        assert receiver.accepted == []
        part.write_bytes(good)
        goes_on(desk, receiver)


def test_a_list_that_nobody_knows(desk: Desk) -> None:
    assert is_one_line(desk.types("send no-such-list/1"), "no-such-list")


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("tls", ["none", "opportunistic"])
def test_a_relay_that_refuses_the_password(desk: Desk, tls: str) -> None:
    with Receiver(Manners(password=True)) as receiver:
        write_config(desk.folder, receiver.port, relay=f'tls = "{tls}"\nusername = "{USER}"')
        desk.environ["TODOKE_RELAY_PASSWORD"] = "not-the-password"
        said = desk.types(SEND)
        assert is_one_line(said, "535", "password") and said.exit_code == 1
        assert "not-the-password" not in said.output and receiver.accepted == []
        desk.environ["TODOKE_RELAY_PASSWORD"] = PASSWORD
        goes_on(desk, receiver)


def test_a_disk_that_is_full(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(_file: int, _line: bytes) -> int:
        raise OSError(28, "No space left on device")

    with Receiver() as receiver:
        write_config(desk.folder, receiver.port)
        with monkeypatch.context() as patched:
            patched.setattr("mailer.delivery.journal.os.write", no_room)
            assert is_one_line(desk.types(SEND), "No space left", "make room")
        assert receiver.accepted == []
        goes_on(desk, receiver)


def test_a_disk_that_has_room_for_a_part_of_a_line_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as receiver:
        write_config(desk.folder, receiver.port)
        with monkeypatch.context() as patched:
            patched.setattr("mailer.delivery.journal.os.write", lambda _file, _line: 3)
            assert is_one_line(desk.types(SEND), "only a part")
        assert receiver.accepted == []
        goes_on(desk, receiver)


def test_a_database_that_is_locked_in_the_middle(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    locks: list[sqlite3.Connection] = []

    def lock(count: int) -> None:
        if count == 2:
            locks.append(sqlite3.connect(desk.folder / "var" / "todoke.db", check_same_thread=False, isolation_level=None))
            locks[0].execute("PRAGMA busy_timeout = 30000")
            locks[0].execute("BEGIN IMMEDIATE")

    with Receiver(Manners(on_accept=lock)) as receiver:
        write_config(desk.folder, receiver.port, connections=1)
        with monkeypatch.context() as patched:
            patched.setattr("mailer.database.engine.BUSY_TIMEOUT", 0)
            assert is_one_line(desk.types(SEND), "locked")
        locks[0].close()
        goes_on(desk, receiver)


def test_a_database_server_that_is_gone_in_the_middle(desk: Desk, database_url_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mailer.delivery.recorder.PAUSES", ())
    url = sa.make_url(database_url_postgres)
    admin = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def allow(word: str) -> None:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS {word}")
            end = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
            connection.execute(end, {"name": url.database})

    with Receiver(Manners(on_accept=lambda count: allow("false") if count == 2 else None)) as receiver:
        head = f'database = "{database_url_postgres}"\n'
        write_config(desk.folder, receiver.port, connections=1, head=head)
        assert desk.types("subscribers import FILE").exit_code == 0
        assert is_one_line(desk.types(SEND), "database")
        assert is_one_line(desk.types(SEND), "database")  # as long as it is away
        allow("true")
        goes_on(desk, receiver)
    admin.dispose()
