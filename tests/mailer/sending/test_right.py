"""Two sites with one database between them: nobody gets an issue twice, whichever of them is late, restored, killed or comes back."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from datetime import UTC, datetime
from multiprocessing import connection as waiting
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from mailer.database import rights
from mailer.delivery.recovery import take_over as taking
from mailer.model.errors import RightMissing, RightUnknown
from mailer.model.state import DeliveryState
from mailer.sending import send
from tests import fork
from tests.mailer.delivery.test_killed import child
from tests.mailer.sending.workers.test_worker import counts
from tests.samples.killed import killed_after
from tests.samples.mail.mail_bundles import REF, Installation, RecordedProgress, installation, people
from tests.samples.mail.two_sites import copy_of, first_site, second_site, take, write_right
from tests.servers.smtp import Behaviour, Receiver

READERS = 1040
"""More than the two batches of 500 that a site claims before its first message: it must ask once more before it is through."""
EVERYBODY = {person.address for person in people(READERS)}


@pytest.fixture(params=["sqlite", "postgresql"])
def head(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else f'database = "{request.getfixturevalue("database_url_postgres")}"\n'


def run(home: Installation) -> send.SendResult:
    return send.send(home.context, home.root, REF, RecordedProgress())


def unknown(home: Installation) -> int:
    return counts(home).get(DeliveryState.UNKNOWN, 0)


def test_a_side_that_stood_still_while_the_other_took_over_stops_at_its_next_batch_and_nobody_gets_two(tmp_path: Path, head: str) -> None:
    """The first site stops in the middle of a batch, as a machine does whose building has no power; it comes back when the other has sent."""
    processes, has_started = list[BaseProcess](), threading.Event()
    copies: list[str] = []
    second, disk = tmp_path / "second", [tmp_path / "outside"]

    def accept(count: int) -> None:
        if count == 30:
            second.mkdir()
            copies.append(copy_of(home.context.config, second))
        if count == 60:
            has_started.wait()
            os.kill(processes[0].pid or 0, signal.SIGSTOP)

    with Receiver(Behaviour()) as receiver:
        home = first_site(tmp_path / "first", receiver.port, disk, readers=READERS, head=head)
        home.clock.moment = datetime.now(UTC)
        receiver.behaviour.on_accept = accept
        processes.append(fork.start(child, str(home.context.config.path), str(home.root)))
        has_started.set()
        while len(receiver.accepted) < 60:
            waiting.wait([processes[0].sentinel], timeout=0.05)
            assert processes[0].is_alive()
        (second / "todoke.db").rename(tmp_path / "copy.db") if not head else None
        url = f"sqlite:///{tmp_path / 'copy.db'}" if not head else copies[0]
        second.rename(tmp_path / "dump")
        other = second_site(second, home, receiver.port, lambda _folder: url, disk)
        with pytest.raises(RightMissing, match="copy of the database"):
            run(other)
        take(other, 2)
        run(other)
        os.kill(processes[0].pid or 0, signal.SIGCONT)
        processes[0].join()
        assert processes[0].exitcode == 1, "the first side was refused at its next batch"
        received = Counter(receiver.recipients)
        assert set(received.values()) == {1} and len(EVERYBODY - received.keys()) <= unknown(other)
        with pytest.raises(RightMissing, match="fence 2"):
            run(home)
        assert Counter(receiver.recipients) == received


def test_a_building_that_is_lost_in_the_middle_is_followed_by_the_other_from_an_old_snapshot(tmp_path: Path, head: str) -> None:
    disk = [tmp_path / "outside"]
    with Receiver(Behaviour()) as receiver:
        home = first_site(tmp_path / "first", receiver.port, disk, readers=READERS, head=head)
        home.clock.moment = datetime.now(UTC)
        url = copy_of(home.context.config, tmp_path)  # nothing of the issue is in it
        killed_after(receiver, 1010, child, str(home.context.config.path), str(home.root))
        other = second_site(tmp_path / "second", home, receiver.port, lambda _folder: url, disk)
        taken = take(other, 2)
        assert taken.batches == 3 and sum(each.sent + each.unknown for each in taken.marked) >= 1010
        run(other)
        run(other)
    received = Counter(receiver.recipients)
    assert set(received.values()) == {1}
    assert len(EVERYBODY - received.keys()) <= unknown(other) <= READERS - 500


def test_a_take_over_that_was_killed_after_the_fence_was_taken_goes_on_with_the_same_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = [tmp_path / "outside"]
    with Receiver() as receiver:
        home = first_site(tmp_path / "first", receiver.port, disk, readers=3)
        other = second_site(tmp_path / "second", home, receiver.port, lambda folder: copy_of(home.context.config, folder), disk)
        with monkeypatch.context() as patch:

            def kill(*_arguments: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(taking, "_adopt", kill)
            with pytest.raises(KeyboardInterrupt):
                take(other, 2)
        for site in (home, other):  # one has lost the right, the other has it not yet
            with pytest.raises(RightMissing):
                run(site)
        assert not receiver.accepted
        take(other, 2)
        assert run(other).summary.exit_status == 0
    assert Counter(receiver.recipients) == Counter(person.address for person in people(3))


def test_the_number_must_be_the_next_one_and_a_second_site_that_is_too_late_is_told_the_next(tmp_path: Path) -> None:
    disk = [tmp_path / "outside"]
    home = first_site(tmp_path / "first", 25, disk, readers=1)
    other = second_site(tmp_path / "second", home, 25, lambda folder: copy_of(home.context.config, folder), disk)
    for wrong in (1, 3):
        with pytest.raises(RightMissing, match=f"next fence is 2, and {wrong} was asked for"):
            take(other, wrong)
    take(other, 2)
    with pytest.raises(RightMissing, match="next fence is 3"):
        take(home, 2)
    assert take(home, 3).fence == 3 and rights.read(home.database).fence == 3


def test_with_three_storages_one_may_be_lost_and_with_two_lost_nobody_sends_or_takes_over(tmp_path: Path) -> None:
    disks = [tmp_path / f"outside{number}" for number in range(3)]
    with Receiver() as receiver:
        home = first_site(tmp_path / "first", receiver.port, disks, readers=3)
        disks[0].rename(tmp_path / "away0")
        assert run(home).summary.exit_status == 0
        disks[1].rename(tmp_path / "away1")
        for attempt in (lambda: run(home), lambda: take(home, 2)):
            with pytest.raises(RightUnknown, match="1 of 3 storages") as caught:
                attempt()
            assert caught.value.exit_status == 75
    assert len(receiver.accepted) == 3


def test_a_storage_that_was_emptied_counts_as_one_that_is_not_there(tmp_path: Path) -> None:
    disk = [tmp_path / "outside"]
    with Receiver() as receiver:
        home = first_site(tmp_path / "first", receiver.port, disk, readers=1)
        disk[0].rename(tmp_path / "old")
        disk[0].mkdir()
        with pytest.raises(RightUnknown, match="do not know fence 1"):
            run(home)
    assert not receiver.accepted


def test_settings_that_lost_their_storages_do_not_let_a_database_send_that_knows_of_a_right(tmp_path: Path) -> None:
    home = first_site(tmp_path / "first", 25, [tmp_path / "outside"], readers=1)
    (tmp_path / "first" / "continuity.toml").unlink()
    with pytest.raises(RightMissing, match="names no storage"):
        child_config = __import__("dataclasses").replace(
            home.context, config=__import__("dataclasses").replace(home.context.config, right=())
        )
        send.send(child_config, home.root, REF, RecordedProgress())


def test_a_site_with_a_new_file_and_the_right_of_nobody_is_told_to_take_it(tmp_path: Path) -> None:
    write_right(tmp_path, tmp_path / "outside")
    home = installation(tmp_path, 25, readers=1)
    with pytest.raises(RightMissing, match="nobody has taken"):
        run(home)
