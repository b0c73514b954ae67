"""The journal's group commit: what one turn of the event loop writes, and that no body leaves before. And what a damaged file gives."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from mailer.delivery.journal import GroupCommit, Journal
from mailer.delivery.recovery.replay import replay
from mailer.model.errors import JournalError
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.outcome import DeliveryResult

AT = "2026-03-11 05:46:00.000000+00:00"


def begun_journal(folder: Path, name: str = "one") -> Journal:
    journal = Journal(folder / f"{name}.log")
    journal.begin(Fence(1), IssueId(1))
    return journal


def fail(error: Exception) -> None:
    raise error


def test_the_connections_of_one_turn_share_one_write_and_leave_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, writes, write, intents = begun_journal(tmp_path), list[bytes](), os.write, list[set[int]]()

    def observed_write(file: int, lines: bytes) -> int:
        writes.append(lines)
        return write(file, lines)

    def allow(may_leave: bool) -> None:
        intents.append(set(replay(journal.path).known) if may_leave else set())

    async def one_turn() -> None:
        commit = GroupCommit(fail, syncs=False)
        for number in (1, 2, 3):
            journal.intend(SubscriberId(number))
            commit.add_intent(journal, allow)
        assert intents == []
        await asyncio.sleep(0)

    monkeypatch.setattr(os, "write", observed_write)
    asyncio.run(one_turn())
    assert intents == [{1, 2, 3}] * 3
    assert [lines for lines in writes if lines.startswith(b"i ")] == [b"i 1\ni 2\ni 3\n"]


def test_with_durability_power_a_body_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order, sync = list[str](), os.fdatasync

    def observed_sync(file: int) -> None:
        sync(file)
        order.append("synced")

    async def one_body() -> None:
        commit, journal, left = GroupCommit(fail, syncs=True), begun_journal(tmp_path), asyncio.Event()

        def allow(may_leave: bool) -> None:
            order.append(f"leaves {may_leave}")
            left.set()

        journal.intend(SubscriberId(1))
        commit.add_intent(journal, allow)
        await left.wait()

    monkeypatch.setattr(os, "fdatasync", observed_sync)
    asyncio.run(one_body())
    assert order == ["synced", "leaves True"]


@pytest.mark.parametrize("syncs", [False, True])
def test_a_journal_that_cannot_be_written_lets_no_body_leave(tmp_path: Path, syncs: bool) -> None:
    errors, answers = list[Exception](), list[bool]()

    async def one_turn() -> None:
        commit, good, bad = GroupCommit(errors.append, syncs=syncs), begun_journal(tmp_path), begun_journal(tmp_path, "bad")
        bad.close(is_done=False)
        for journal in (bad, good):
            journal.intend(SubscriberId(1))
            commit.add_intent(journal, answers.append)
        await asyncio.sleep(0)

    asyncio.run(one_turn())
    assert [type(error) for error in errors] == [JournalError]
    assert answers == [False, False]


@pytest.mark.parametrize("damage", [b'r [2,"pending",1,250,"","', b"r [2]\n", b"r {\n", b"i x\n", None])
def test_a_line_that_is_cut_off_or_makes_no_sense_leaves_the_row_in_doubt(tmp_path: Path, damage: bytes | None) -> None:
    journal = begun_journal(tmp_path)
    result = DeliveryResult(SubscriberId(1), "sent", 1, 250, "ok", AT, "", AT, "<x@y>")
    journal.intend(SubscriberId(1))
    journal.result(result.line())
    journal.intend(SubscriberId(2))
    journal.flush()
    with journal.path.open("ab") as file:
        # None: a state that no try can end in. The ledger would refuse it, and the row would be sent again.
        file.write(damage or f"r {result._replace(subscriber_id=SubscriberId(2), state='pending').line()}\n".encode())
    replayed = replay(journal.path)
    assert (replayed.fence, replayed.issue_id, replayed.known) == (1, 1, {1: result, 2: None})


def test_a_batch_that_ends_while_its_sync_is_due_holds_up_nobody(tmp_path: Path) -> None:
    """Its last results share the commit with another batch's intent; until then the journal is closed."""

    async def run() -> list[bool]:
        commit, going, ended, left = GroupCommit(fail, syncs=True), begun_journal(tmp_path), begun_journal(tmp_path, "ended"), list[bool]()
        is_answered = asyncio.Event()

        def allow(may_leave: bool) -> None:
            left.append(may_leave)
            if len(left) == 2:
                is_answered.set()

        for _ in range(2):  # the second commit waits for the sync of the first
            going.intend(SubscriberId(1))
            ended.intend(SubscriberId(2))
            commit.add(ended)
            commit.add_intent(going, allow)
            commit.commit()
        ended.close(is_done=True)
        await asyncio.wait_for(is_answered.wait(), 90)
        return left

    assert asyncio.run(run()) == [True, True]
