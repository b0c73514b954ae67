"""Journals that a power cut, a full disk or a hand has emptied or cut: what they do not say is in doubt, and nobody gets two messages."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.database.deliveries import ledger
from mailer.delivery import journal
from mailer.delivery.journal import Journal
from mailer.delivery.recovery.replay import replay
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.outcome import DeliveryResult
from mailer.model.state import DeliveryState
from mailer.sending import send
from tests import fork
from tests.mailer.delivery.test_killed import child
from tests.samples.mail.mail_bundles import REF, Installation, RecordedProgress, installation, people
from tests.servers.smtp import Behaviour, Receiver

READERS, KILL_AFTER, CONNECTIONS = 120, 60, 2
AT = "2026-03-11 05:46:00.000000+00:00"


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[tuple[Installation, Receiver]]:
    """A run that was killed in the middle of an issue."""
    yield from killed_run(tmp_path)


def killed_run(folder: Path, head: str = "") -> Iterator[tuple[Installation, Receiver]]:
    processes, has_started = list[BaseProcess](), threading.Event()
    homes: list[Installation] = []

    def kill(count: int) -> None:
        """Kill the sender once the ledger, which gets results a moment later, knows of more than half of them."""
        if count == KILL_AFTER:
            has_started.wait()
            while ledger.counts(homes[0].database, IssueId(1))[DeliveryState.SENT] <= KILL_AFTER * 2 // 3:
                assert processes[0].is_alive()
            processes[0].kill()

    with Receiver(Behaviour(on_accept=kill)) as receiver:
        home = installation(folder, receiver.port, readers=READERS, connections=CONNECTIONS, head=head)
        homes.append(home)
        processes.append(fork.start(child, str(home.context.config.path), str(home.root)))
        has_started.set()
        processes[0].join()
        yield home, receiver


def journal_file(home: Installation) -> Path:
    (path,) = home.context.config.state.glob("*/*.log")
    return path


def assert_nobody_gets_two(home: Installation, receiver: Receiver) -> int:
    """Send on. How many are unknown?"""
    result = send.send(home.context, home.root, REF, RecordedProgress())
    received = Counter(receiver.recipients)
    unknown = {entry.address for entry in result.prepared.interrupted}
    assert set(received.values()) == {1}
    assert {person.address for person in people(READERS)} - set(received) <= unknown
    return len(unknown)


def to_nothing(raw: bytes) -> bytes:
    return raw[:0]


def to_half(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def to_half_of_the_lines(raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    return b"".join(lines[: len(lines) // 2])


def to_its_first_line(raw: bytes) -> bytes:
    return raw.splitlines(keepends=True)[0]


def to_zeros(raw: bytes) -> bytes:
    return raw[: len(raw) // 2] + bytes(len(raw) - len(raw) // 2)


@pytest.mark.parametrize("cut", [to_nothing, to_half, to_half_of_the_lines, to_its_first_line, to_zeros])
def test_after_a_journal_was_emptied_or_cut_nobody_gets_two_messages(
    killed: tuple[Installation, Receiver], cut: Callable[[bytes], bytes]
) -> None:
    home, receiver = killed
    path = journal_file(home)
    path.write_bytes(cut(path.read_bytes()))
    assert assert_nobody_gets_two(home, receiver) >= KILL_AFTER // 4


def test_a_whole_journal_leaves_at_most_one_reader_for_each_connection_in_doubt(killed: tuple[Installation, Receiver]) -> None:
    assert assert_nobody_gets_two(*killed) <= CONNECTIONS


def test_a_journal_of_an_earlier_start_of_the_machine_is_not_believed_about_what_it_does_not_say(
    killed: tuple[Installation, Receiver], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The lines after the last sync may have been lost with the machine, and the file looks whole."""
    home, receiver = killed
    (tmp_path / "boot_id").write_text("another-start\n", "ascii")
    monkeypatch.setattr(journal, "BOOT_ID", tmp_path / "boot_id")
    lines = journal_file(home).read_bytes().splitlines(keepends=True)
    journal_file(home).write_bytes(b"".join(lines[: len(lines) // 2]))
    assert assert_nobody_gets_two(home, receiver) >= KILL_AFTER // 4


def test_with_durability_power_a_journal_of_an_earlier_start_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for home, receiver in killed_run(tmp_path, 'durability = "power"\n'):
        (tmp_path / "boot_id").write_text("another-start\n", "ascii")
        monkeypatch.setattr(journal, "BOOT_ID", tmp_path / "boot_id")
        with journal_file(home).open("ab") as file:  # an end that was not synced
            file.write(b"r [1," + bytes(20))
        assert assert_nobody_gets_two(home, receiver) <= CONNECTIONS


def test_a_journal_of_version_0_1_is_read_and_not_believed_about_what_it_does_not_say(killed: tuple[Installation, Receiver]) -> None:
    home, receiver = killed
    lines = journal_file(home).read_bytes().splitlines(keepends=True)
    assert lines[0].startswith(b"b ") and lines[1].startswith(b"c 1 1 ")
    journal_file(home).write_bytes(b"".join([b"c 1 1\n", *lines[2:]]))
    assert READERS - KILL_AFTER <= assert_nobody_gets_two(home, receiver) <= READERS - KILL_AFTER + CONNECTIONS


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.integers(1, 30), st.randoms(use_true_random=False))
def test_a_journal_cut_anywhere_never_says_that_a_row_has_not_left_which_it_named_before(rows: int, dice: random.Random) -> None:
    """Whatever is left of it: a row is known, or the journal is not complete, or the cut is at the end of a line."""
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"todoke-cut-{os.getpid()}.log"
    path.unlink(missing_ok=True)
    written = Journal(path)
    written.begin(Fence(1), IssueId(1), "fukko-press/45")
    for number in range(1, rows + 1):
        written.intend(SubscriberId(number))
        if dice.random() < 0.7:
            written.result(DeliveryResult(SubscriberId(number), "sent", 1, 250, "ok", AT, "", AT, "<x@y>").line())
    written.flush()
    written.close(is_done=False)
    raw = path.read_bytes()
    end = dice.randrange(len(raw) + 1)
    path.write_bytes(raw[:end])
    told = replay(path)
    path.unlink()
    is_at_line_end = end == 0 or raw[end - 1 : end] == b"\n"
    named = {SubscriberId(number) for number in range(1, rows + 1)}
    if end == 0:
        assert not told.is_complete(journal.boot_id())
    elif not is_at_line_end:
        assert not told.is_whole and not told.is_complete(journal.boot_id())
    assert told.known.keys() <= named
    assert end < len(raw) or (told.is_complete(journal.boot_id()) and told.known.keys() == named)
