"""Files of the right to send do not grow for ever: batches of issues that nobody would send any more are removed, and no others."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailer.delivery.right import forget_old_batches
from mailer.model.errors import RightMissing
from mailer.model.issue import IssueRef
from mailer.sending import send
from mailer.sending.run import run_event_loop
from tests.samples.mail.mail_bundles import NOW, REF, Installation, RecordedProgress, write_issue
from tests.samples.mail.two_sites import copy_of, first_site, second_site, take
from tests.servers.smtp import Receiver

SECOND = IssueRef("fukko-press", "46")
YEAR = timedelta(days=365)


@pytest.fixture
def home(tmp_path: Path) -> Installation:
    """A site that has sent an issue, and another one a year later."""
    with Receiver() as receiver:
        home = first_site(tmp_path / "first", receiver.port, [tmp_path / "one", tmp_path / "two"], readers=3)
        send.send(home.context, home.root, REF, RecordedProgress())
        write_issue(home.root, SECOND)
        home.clock.forward(days=365)
        send.send(home.context, home.root, SECOND, RecordedProgress())
    return home


def files(tmp_path: Path, storage: str) -> list[str]:
    return sorted(
        each.read_text("utf-8").partition('"ref":"')[2][:14] for each in (tmp_path / storage / "claims").rglob("*-*") if each.is_file()
    )


def forget(home: Installation, now: datetime) -> tuple[int, tuple[str, ...]]:
    return run_event_loop(forget_old_batches(home.context.config, home.database, now))


def test_batches_of_an_issue_are_removed_when_it_is_over_for_long_and_others_stay(tmp_path: Path, home: Installation) -> None:
    assert forget(home, NOW + YEAR) == (0, ())
    assert files(tmp_path, "one") == ["fukko-press/45", "fukko-press/46"]
    assert forget(home, NOW + timedelta(days=375)) == (1, ())
    assert files(tmp_path, "one") == files(tmp_path, "two") == ["fukko-press/46"]
    assert len([each for each in (tmp_path / "one" / "ended").rglob("*-*") if each.is_file()]) == 1
    assert forget(home, NOW + timedelta(days=375)) == (0, ())
    take(home, 2)
    assert forget(home, NOW + 3 * YEAR) == (1, ())


def test_with_too_few_storages_nothing_is_removed(tmp_path: Path, home: Installation) -> None:
    (tmp_path / "two").rename(tmp_path / "away")
    with pytest.raises(Exception, match="1 of 2 storages"):
        forget(home, NOW + timedelta(days=375))
    assert files(tmp_path, "one") == ["fukko-press/45", "fukko-press/46"]


def test_only_the_site_that_holds_the_right_removes_anything(tmp_path: Path, home: Installation) -> None:
    other = second_site(
        tmp_path / "second", home, 25, lambda folder: copy_of(home.context.config, folder), [tmp_path / "one", tmp_path / "two"]
    )
    with pytest.raises(RightMissing):
        forget(other, NOW + timedelta(days=375))
    take(other, 2)
    with pytest.raises(RightMissing):
        forget(home, NOW + timedelta(days=375))
    assert forget(other, NOW + timedelta(days=375)) == (1, ())
