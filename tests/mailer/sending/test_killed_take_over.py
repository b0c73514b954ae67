"""`todoke take-over` is killed at each of its steps: until it was repeated nobody sends, and then the other site goes on, and nobody gets two messages."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mailer.database import restoration, rights
from mailer.database.engine import open_database
from mailer.delivery.recovery import take_over as taking
from mailer.model.errors import RightMissing
from mailer.sending import send
from sending_right.register import RightRegister
from storage.folder import FolderStorage
from tests.samples.killed import exit_status
from tests.samples.mail.mail_bundles import REF, SEAL, Installation, RecordedProgress, people
from tests.samples.mail.two_sites import copy_of, first_site, second_site, take
from tests.servers.smtp import Behaviour, Receiver

READERS = 6


def kill(*_arguments: object, **_options: object) -> Any:
    os.kill(os.getpid(), 9)


def before(patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    patch.setattr(owner, name, kill)


def after(patch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    real = getattr(owner, name)
    patch.setattr(owner, name, lambda *arguments, **options: (real(*arguments, **options), kill()))


def between_fence_and_batches(patch: pytest.MonkeyPatch, _owner: Any, _name: str) -> None:
    """The fence is written outside; the batches were not read yet."""
    real = FolderStorage.names

    async def names(storage: FolderStorage, folder: str, after: str = "") -> list[str]:
        if folder.startswith("claims"):
            kill()
        return await real(storage, folder, after)

    patch.setattr(FolderStorage, "names", names)


@pytest.mark.parametrize(
    ("moment", "owner", "name"),
    [
        (before, taking, "_intend"),
        (before, RightRegister, "take"),
        (between_fence_and_batches, None, ""),
        (before, taking, "_adopt"),
        (before, restoration, "adopt"),
        (after, restoration, "adopt"),
        (before, taking, "forget_journals"),
        (after, taking, "_adopt"),
    ],
)
def test_a_take_over_that_is_killed_at_any_step_is_repeated_and_nobody_gets_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: Any, owner: Any, name: str
) -> None:
    disk = [tmp_path / "outside"]
    busy = {f"reader{number}@example.jp": "450 busy" for number in (1, 2)}
    with Receiver(Behaviour(rcpt=busy)) as receiver:
        home = first_site(tmp_path / "first", receiver.port, disk, readers=READERS)
        other = second_site(tmp_path / "second", home, receiver.port, lambda folder: copy_of(home.context.config, folder), disk)
        run(home)
        receiver.behaviour.rcpt = {}

        def killed() -> None:
            moment(monkeypatch, owner, name)
            database = open_database(other.context.config.database, SEAL)  # a connection is not taken into a fork
            take(replace(other, context=replace(other.context, database=database)), 2)

        assert exit_status(killed) == -9
        if (disk[0] / "fence" / "00000002").exists():
            with pytest.raises(RightMissing):
                run(home)
        if not is_taken(other):
            with pytest.raises(RightMissing):
                run(other)
            take(other, 2)
        run(other)
        with pytest.raises(RightMissing):
            run(home)
    assert Counter(receiver.recipients) == Counter(person.address for person in people(READERS))


def run(home: Installation) -> send.SendResult:
    return send.send(home.context, home.root, REF, RecordedProgress())


def is_taken(home: Installation) -> bool:
    """Whether the database has the fence: the kill came when all was done but the clearing up."""
    return rights.read(home.database).fence == 2
