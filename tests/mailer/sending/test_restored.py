"""An older copy of the ledger in its place: nothing is sent until the operator has adopted it, and then nobody gets a second message."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from mailer import bundle
from mailer.database.deliveries import issues, ledger
from mailer.database.engine import open_database
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.delivery.recovery import restored
from mailer.delivery.recovery.adopt import adopt
from mailer.delivery.recovery.journal_directory import JournalDirectory
from mailer.model.errors import DatabaseError, DatabaseReplaced, LedgerRestored, SenderBusy
from mailer.model.issue import CALLED_OFF, IssueStatus
from mailer.model.state import DUE, DeliveryState
from mailer.sending import lock, schedule, send
from mailer.sending import worker as work
from tests.mailer.delivery.test_killed import child
from tests.mailer.sending.workers.test_worker import counts
from tests.samples.killed import killed_after
from tests.samples.mail.mail_bundles import REF, Installation, RecordedProgress, installation, people
from tests.servers.smtp import Behaviour, Receiver

READERS = 100
EVERYBODY = Counter(person.address for person in people(READERS))


def database_file(home: Installation) -> Path:
    return Path(home.database.address.removeprefix("sqlite:///"))


def back_up(home: Installation, name: str = "backup.db") -> Path:
    backup = database_file(home).with_name(name)
    with closing(sqlite3.connect(database_file(home))) as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
    return backup


def put_back(home: Installation, backup: Path, *, in_place: bool = False) -> Installation:
    """Put the backup in the database's place: a new file, or new bytes in the old one."""
    file = database_file(home)
    home.database.close()
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    if in_place:
        file.write_bytes(backup.read_bytes())
    else:
        shutil.copy(backup, file.with_name("new.db"))
        file.with_name("new.db").replace(file)
    return replace(home, context=replace(home.context, database=open_database(home.context.config.database)))


def run(home: Installation) -> send.SendResult:
    return send.send(home.context, home.root, REF, RecordedProgress())


def adopted(home: Installation, *, keep: bool = True) -> tuple[int, int]:
    """Adopt the ledger. How many were marked sent and unknown?"""
    with lock.sender_lock(home.context.config):
        report = adopt(home.context.config, home.database, now=home.clock(), keep=keep)
    return sum(each.sent for each in report.marked), sum(each.unknown for each in report.marked)


def kill_a_run(home: Installation, receiver: Receiver, after: int) -> None:
    killed_after(receiver, after, child, str(home.context.config.path), str(home.root))


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_backup_put_back_after_a_killed_run_sends_nothing_until_it_is_adopted_and_then_nobody_gets_two(
    tmp_path: Path, in_place: bool, is_frozen: bool
) -> None:
    with Receiver(Behaviour()) as receiver:
        home = installation(tmp_path, receiver.port, readers=READERS, connections=2)
        home.clock.moment = datetime.now(UTC)  # the run that is killed has the clock of the machine
        if is_frozen:
            issues.freeze(home.database, bundle.read_issue(home.root, REF), bundle.read_lists(home.root)[REF.list], home.clock())
        backup = back_up(home)
        kill_a_run(home, receiver, after=40)
        home = put_back(home, backup, in_place=in_place)
        for _ in range(2):
            with pytest.raises(LedgerRestored, match="adopt-restored"):
                run(home)
        before = len(receiver.accepted)
        told = adopted(home, keep=False)
        with pytest.raises(LedgerRestored):
            run(home)
        assert adopted(home) == told and 38 <= sum(told) <= 42
        assert len(receiver.accepted) == before
        run(home)
        run(home)
    received = Counter(receiver.recipients)
    assert set(received.values()) == {1}
    assert len(EVERYBODY - received) <= counts(home).get(DeliveryState.UNKNOWN, 0) <= 2


@pytest.mark.parametrize("moment", [0, 40])
def test_a_snapshot_from_before_the_end_is_noticed_by_send_and_work_and_nobody_gets_two(tmp_path: Path, moment: int) -> None:
    backups: list[Path] = []

    def snapshot(count: int) -> None:
        if count == moment:
            backups.append(back_up(home))

    with Receiver(Behaviour(on_accept=snapshot)) as receiver:
        home = installation(tmp_path, receiver.port, readers=READERS)
        snapshot(0)
        assert run(home).summary.exit_status == 0
        home = put_back(home, backups[0])
        with pytest.raises(LedgerRestored):
            run(home)
        with pytest.raises(LedgerRestored), lock.sender_lock(home.context.config):
            asyncio.run(work.run_worker(home.context, asyncio.Event()))
        adopted(home)
        result = run(home)
    assert Counter(receiver.recipients) == EVERYBODY
    assert result.summary.counts[DeliveryState.SENT] == READERS


def call_off(home: Installation) -> None:
    """What `todoke cancel` does."""
    frozen = issues.find(home.database, REF)
    assert frozen is not None
    assert issues.set_status(home.database, frozen.issue_id, IssueStatus.CANCELLED, old={IssueStatus.SENDING})
    ledger.change_state(home.database, frozen.issue_id, DUE, DeliveryState.SUPPRESSED, now=home.clock(), why=CALLED_OFF)


@pytest.mark.parametrize("moment", ["before the backup", "before it is adopted"])
def test_an_issue_that_is_cancelled_and_opened_again_around_a_backup_reaches_nobody_twice(tmp_path: Path, moment: str) -> None:
    with Receiver(Behaviour(rcpt={"reader20@example.jp": "450 later"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=20)
        home.clock.moment = datetime.now(UTC)
        issues.freeze(home.database, bundle.read_issue(home.root, REF), bundle.read_lists(home.root)[REF.list], home.clock())
        if moment == "before the backup":
            call_off(home)
        joined = ImportedSubscriber("joined@example.jp", "", (REF.list,))
        subscriptions.import_subscribers(home.database, [joined], source="t", now=home.clock())
        backup = back_up(home)
        if moment == "before the backup":
            schedule.reopen(home.database, REF)
        run(home)
        reached = len(receiver.accepted)
        home = put_back(home, backup)
        if moment == "before it is adopted":
            call_off(home)
        assert adopted(home) == (reached, 0)
        assert schedule.reopen(home.database, REF) == 1, "reader20, whom nobody has reached"
        run(home)
    assert reached == (20 if moment == "before the backup" else 19)
    assert Counter(receiver.recipients) == Counter(["joined@example.jp", *(person.address for person in people(19))])


def test_who_was_refused_before_the_backup_and_was_sent_it_after_is_marked_and_not_tried_again(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"reader2@example.jp": "550 unknown"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        run(home)
        backup = back_up(home)
        receiver.behaviour.rcpt.clear()
        frozen = issues.find(home.database, REF)
        assert frozen is not None
        ledger.change_state(home.database, frozen.issue_id, {DeliveryState.FAILED}, DeliveryState.PENDING, now=home.clock())
        run(home)
        home = put_back(home, backup)
        assert adopted(home) == (1, 0)
        run(home)
    assert Counter(receiver.recipients) == Counter(person.address for person in people(3))
    assert counts(home) == {DeliveryState.SENT: 3}


def test_a_lost_wal_is_noticed_and_nobody_gets_two(tmp_path: Path) -> None:
    """The machine was copied without the -wal: the main file lacks all that was not checkpointed yet."""
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=READERS)
        with closing(sqlite3.connect(database_file(home))) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            file = Path(shutil.copy(database_file(home), tmp_path / "without-wal.db"))
            run(home)
        home = put_back(home, file, in_place=True)
        with pytest.raises(LedgerRestored):
            run(home)
        adopted(home)
        run(home)
    assert Counter(receiver.recipients) == EVERYBODY


def test_a_database_that_is_deleted_in_the_middle_of_a_run_ends_it_and_nobody_gets_two_afterwards(tmp_path: Path) -> None:
    """The run ends with an error, and what it had sent is not forgotten with the file."""
    backups: list[Path] = []

    def delete(count: int) -> None:
        if count == 30:
            database_file(home).unlink()

    with Receiver(Behaviour(on_accept=delete)) as receiver:
        home = installation(tmp_path, receiver.port, readers=READERS, connections=1)
        backups.append(back_up(home))
        with pytest.raises(DatabaseReplaced, match="deleted or replaced"):
            run(home)
        assert 30 <= len(receiver.accepted) <= READERS
        assert list(home.context.config.state.glob("*/*.log")), "the journals are gone"
        home = put_back(home, backups[0])
        with pytest.raises(LedgerRestored):
            run(home)
        adopted(home)
        run(home)
    assert Counter(receiver.recipients) == EVERYBODY


def test_a_person_who_joined_after_the_backup_is_not_taken_for_somebody_who_got_the_issue(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=10)
        backup = back_up(home)
        subscriptions.import_subscribers(home.database, people(12), source="test", now=home.clock())
        run(home)
        home = put_back(home, backup)
        assert adopted(home) == (10, 0)
        newcomers = [replace(person, address=f"new-{person.address}") for person in people(2)]
        subscriptions.import_subscribers(home.database, newcomers, source="test", now=home.clock())
        run(home)
    assert receiver.recipients.count("reader1@example.jp") == 1
    assert receiver.recipients[-2:] == ["new-reader1@example.jp", "new-reader2@example.jp"]


def test_a_ledger_that_is_as_it_was_needs_no_adoption_and_a_sender_at_work_forbids_it(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=5)
        run(home)
        restored.check(home.context.config, home.database)
        with lock.sender_lock(home.context.config):
            assert adopt(home.context.config, home.database, now=home.clock()).reason == ""
        holder = JournalDirectory(home.context.config.state)
        with pytest.raises(SenderBusy, match="at work"):
            adopt(home.context.config, home.database, now=home.clock())
        holder.close()


def test_a_postgresql_database_that_is_restored_under_a_sender_ends_its_run_and_nobody_gets_two(
    tmp_path: Path, database_url_postgres: str
) -> None:
    url, dump = sa.make_url(database_url_postgres), tmp_path / "dump"

    def server(program: str, *words: str) -> None:
        socket = ["-h", str(url.query["host"]), "-U", "todoke"]
        subprocess.run([program, *socket, *words], check=True, capture_output=True)

    def restore(count: int) -> None:
        if count == 40:
            server("pg_restore", "-d", str(url.database), "--clean", "--if-exists", "-1", str(dump))

    with Receiver(Behaviour(on_accept=restore)) as receiver:
        head = f'database = "{database_url_postgres}"\n'
        home = installation(tmp_path, receiver.port, readers=READERS, connections=1, head=head)
        server("pg_dump", "-Fc", "-f", str(dump), str(url.database))
        with pytest.raises((LedgerRestored, DatabaseError)):
            run(home)
        receiver.behaviour.on_accept = lambda _count: None
        with pytest.raises(LedgerRestored):
            run(home)
        report = adopt(home.context.config, home.database, now=home.clock())
        assert sum(each.sent + each.unknown for each in report.marked) >= 40
        run(home)
    assert Counter(receiver.recipients) == EVERYBODY
