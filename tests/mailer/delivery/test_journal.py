"""The turn of the event loop: what it writes, and that no body leaves before."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from mailer.delivery.journal import GroupCommit, Journal, replay
from mailer.model.errors import JournalError
from mailer.model.ids import Fence, IssueId, SubscriberId


def journal(folder: Path, name: str = "one") -> Journal:
    found = Journal(folder / f"{name}.log")
    found.begin(Fence(1), IssueId(1))
    return found


def fails(error: Exception) -> None:
    raise error


def test_the_connections_of_one_turn_share_one_write_and_leave_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, writes, write, seen = journal(tmp_path), list[bytes](), os.write, list[set[int]]()

    def told(file: int, line: bytes) -> int:
        writes.append(line)
        return write(file, line)

    def go(may_leave: bool) -> None:
        seen.append(set(replay(found.path).known) if may_leave else set())

    async def whole() -> None:
        turn = GroupCommit(fails, syncs=False)
        for number in (1, 2, 3):
            found.intend(SubscriberId(number))
            turn.then(found, go)
        assert seen == []
        await asyncio.sleep(0)

    monkeypatch.setattr(os, "write", told)
    asyncio.run(whole())
    assert seen == [{1, 2, 3}] * 3
    assert [line for line in writes if line.startswith(b"i ")] == [b"i 1\ni 2\ni 3\n"]


def test_with_power_in_mind_a_body_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order, sync = list[str](), os.fdatasync

    def synced(file: int) -> None:
        sync(file)
        order.append("synced")

    async def whole() -> None:
        turn, found, left = GroupCommit(fails, syncs=True), journal(tmp_path), asyncio.Event()

        def go(may_leave: bool) -> None:
            order.append(f"leaves {may_leave}")
            left.set()

        found.intend(SubscriberId(1))
        turn.then(found, go)
        await left.wait()

    monkeypatch.setattr(os, "fdatasync", synced)
    asyncio.run(whole())
    assert order == ["synced", "leaves True"]


@pytest.mark.parametrize("syncs", [False, True])
def test_a_journal_that_cannot_be_written_lets_nobody_leave(tmp_path: Path, syncs: bool) -> None:
    errors, told = list[Exception](), list[bool]()

    async def whole() -> None:
        turn, good, bad = GroupCommit(errors.append, syncs=syncs), journal(tmp_path), journal(tmp_path, "bad")
        bad.close(is_done=False)
        for found in (bad, good):
            found.intend(SubscriberId(1))
            turn.then(found, told.append)
        await asyncio.sleep(0)

    asyncio.run(whole())
    assert [type(error) for error in errors] == [JournalError]
    assert told == [False, False]
