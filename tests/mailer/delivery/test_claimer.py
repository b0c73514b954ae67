"""What is claimed of an issue is what was frozen: its readers, its words, its end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mailer.database.deliveries import issues, ledger
from mailer.database.readers import subscriptions
from mailer.model.errors import IssueExpired
from mailer.model.issue import IssueRef
from mailer.model.state import DeliveryState
from mailer.sending import send as sending
from tests.samples.mail.mail_bundles import NOW, REF, Installation, RecordedProgress, installation, people, write_issue
from tests.servers.smtp import Behaviour, Receiver

URGENT = IssueRef("fukko-press", "99")


def send(home: Installation, ref: IssueRef = REF, seen: RecordedProgress | None = None) -> sending.SendResult:
    return sending.send(home.context, home.root, ref, seen or RecordedProgress())


def states(home: Installation, ref: IssueRef = REF) -> dict[DeliveryState, int]:
    frozen = issues.find(home.database, ref)
    assert frozen is not None
    return {state: number for state, number in ledger.counts(home.database, frozen.issue_id).items() if number}


def missed(home: Installation) -> dict[str, tuple[DeliveryState, int | None]]:
    frozen = issues.find(home.database, REF)
    assert frozen is not None
    return {entry.address: (entry.state, entry.code) for entry in ledger.missed(home.database, frozen.issue_id)}


def test_a_reader_who_unsubscribes_after_the_freeze_gets_nothing(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"reader3@example.jp": "450 busy"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        send(home)
        receiver.behaviour.rcpt.clear()
        reader = subscriptions.find(home.database, "Reader3@example.jp")
        assert reader is not None
        subscriptions.unsubscribe(home.database, reader, "fukko-press", source="link", now=NOW)
        home.clock.forward(hours=1)
        assert send(home).summary.exit_status == 0
    assert missed(home) == {"reader3@example.jp": (DeliveryState.SUPPRESSED, 450)}
    assert "reader3@example.jp" not in receiver.recipients


def test_people_who_join_after_the_freeze_get_the_next_issue_only(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=2)
        send(home)
        subscriptions.import_subscribers(home.database, people(3), source="test", now=NOW)
        send(home)
        assert len(receiver.accepted) == 2
        write_issue(home.root, IssueRef("fukko-press", "46"))
        send(home, IssueRef("fukko-press", "46"))
    assert len(receiver.accepted) == 5


def test_an_issue_that_was_built_again_is_finished_as_it_was_frozen(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"reader2@example.jp": "450 busy"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=2)
        send(home)
        write_issue(home.root, subject="書き直した件名")
        receiver.behaviour.rcpt.clear()
        home.clock.forward(hours=1)
        notes = send(home).prepared.notes
    assert len(notes) == 1 and "built anew" in notes[0]
    assert {message.mail["Subject"] for message in receiver.accepted} == {"みやぎ復興プレス 第45号"}


def test_an_issue_whose_bundle_is_gone_is_finished(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"reader1@example.jp": "450 busy"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=1)
        send(home)
        (home.root / "fukko-press" / "45" / "mail.txt").unlink()
        receiver.behaviour.rcpt.clear()
        home.clock.forward(hours=1)
        assert "cannot be used" in send(home).prepared.notes[0]
    assert len(receiver.accepted) == 1


def test_an_expired_issue_is_not_sent(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=2)
        write_issue(home.root, expires=(NOW - timedelta(days=1)).isoformat())
        with pytest.raises(IssueExpired, match="expired"):
            send(home)
    assert receiver.accepted == []
    assert issues.find(home.database, REF) is None
