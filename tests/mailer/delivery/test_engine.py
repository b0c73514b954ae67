"""Sending an issue to a real relay: who gets it, who does not, and what a second run does."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.config.file import load_config
from mailer.database.deliveries import issues, ledger
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.model.errors import JournalError, MessageError, RelayRefused, RelayUnavailable, SenderBusy, TodokeMailError
from mailer.model.issue import IssueRef
from mailer.model.state import DeliveryState
from mailer.sending import send as sending
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, REF, Installation, RecordedProgress, installation, people, write_issue
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


def test_everybody_gets_one_message_and_a_second_send_sends_nothing(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home, seen = installation(tmp_path, receiver.port, readers=50), RecordedProgress()
        first = send(home, seen=seen)
        again = send(home)
    assert (first.summary.exit_status, again.summary.exit_status) == (0, 0)
    assert Counter(receiver.recipients) == Counter(person.address for person in people(50))
    assert (seen.total, seen.states) == (50, [DeliveryState.SENT] * 50)


def test_each_message_is_addressed_to_its_one_recipient(tmp_path: Path) -> None:
    with Receiver() as receiver:
        send(installation(tmp_path, receiver.port, readers=20))
    for message in receiver.accepted:
        assert [message.mail["To"].addresses[0].addr_spec] == list(message.recipients)
        assert re.fullmatch(r"bounce\+1-\d+-[0-9a-f]{12}@example\.jp", message.mail_from)
        assert b"personal.invalid" not in message.content
    assert len({message.mail["List-Unsubscribe"] for message in receiver.accepted}) == 20


def test_several_connections_are_used_and_reused(tmp_path: Path) -> None:
    with Receiver() as receiver:
        send(installation(tmp_path, receiver.port, readers=40, connections=3))
    assert receiver.connections <= 3


@pytest.mark.parametrize(
    ("behaviour", "state", "code"),
    [
        pytest.param(Behaviour(rcpt={"reader2@example.jp": "550 no such user"}), DeliveryState.FAILED, 550, id="no such user"),
        pytest.param(Behaviour(rcpt={"reader2@example.jp": "452 too many"}), DeliveryState.DEFERRED, 452, id="452 at RCPT"),
        pytest.param(Behaviour(rcpt={"reader2@example.jp": "421 closing"}), DeliveryState.DEFERRED, 421, id="421 at RCPT"),
        pytest.param(Behaviour(data={"reader2@example.jp": "451 try later"}), DeliveryState.DEFERRED, 451, id="451 after the body"),
        pytest.param(Behaviour(data={"reader2@example.jp": "554 spam"}), DeliveryState.FAILED, 554, id="554 after the body"),
        pytest.param(Behaviour(drop_before_body={"reader2@example.jp"}), DeliveryState.DEFERRED, None, id="lost before the body"),
        pytest.param(Behaviour(drop_after_body={"reader2@example.jp"}), DeliveryState.UNKNOWN, None, id="lost after the body"),
    ],
)
def test_trouble_with_one_recipient_is_recorded_and_the_others_get_theirs(
    tmp_path: Path, behaviour: Behaviour, state: DeliveryState, code: int | None
) -> None:
    with Receiver(behaviour) as receiver:
        home = installation(tmp_path, receiver.port, readers=5, connections=1)
        summary = send(home).summary
    assert missed(home) == {"reader2@example.jp": (state, code)}
    assert set(receiver.recipients) - {"reader2@example.jp"} == {f"reader{n}@example.jp" for n in (1, 3, 4, 5)}
    assert summary.exit_status == {DeliveryState.DEFERRED: 75, DeliveryState.UNKNOWN: 1, DeliveryState.FAILED: 0}[state]


def test_a_deferred_recipient_is_tried_when_due_and_not_before(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"reader1@example.jp": "450 busy"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=1)
        send(home)
        receiver.behaviour.rcpt.clear()
        assert send(home).summary.next_due == NOW + timedelta(minutes=15)
        assert receiver.accepted == []
        home.clock.forward(minutes=15)
        assert send(home).summary.exit_status == 0
    assert receiver.recipients == ["reader1@example.jp"]


def test_a_recipient_refused_for_five_days_is_given_up(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"reader1@example.jp": "450 busy"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=1)
        for _ in range(13):
            send(home)
            home.clock.forward(hours=12)
    assert missed(home) == {"reader1@example.jp": (DeliveryState.FAILED, 450)}
    assert home.clock() - NOW > timedelta(days=5)


def test_an_unknown_delivery_is_sent_again_only_when_the_operator_orders_it(tmp_path: Path) -> None:
    with Receiver(Behaviour(drop_after_body={"reader1@example.jp"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=1)
        send(home)
        receiver.behaviour.drop_after_body.clear()
        send(home)
        assert len(receiver.accepted) == 1
        sending.send(home.context, home.root, REF, RecordedProgress(), resend_unknown=True)
    assert len(receiver.accepted) == 2
    assert len({message.mail["Message-ID"] for message in receiver.accepted}) == 1


def test_an_absent_relay_does_not_count_as_a_try_for_any_reader(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        home = installation(tmp_path, closed.getsockname()[1], readers=5)
        summary = send(home).summary
    assert isinstance(summary.trouble, RelayUnavailable)
    assert (summary.exit_status, states(home)) == (75, {DeliveryState.PENDING: 5})


def test_a_refused_sender_stops_the_run_and_no_reader_has_failed(tmp_path: Path) -> None:
    with Receiver(Behaviour(mail="550 who are you")) as receiver:
        home = installation(tmp_path, receiver.port, readers=5, connections=1)
        summary = send(home).summary
    assert isinstance(summary.trouble, RelayRefused)
    assert (summary.exit_status, states(home)) == (1, {DeliveryState.PENDING: 4, DeliveryState.DEFERRED: 1})


def test_a_relay_that_begins_to_refuse_everybody_stops_the_run_before_the_whole_list_has_failed(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={person.address: "554 5.7.1 relay access denied" for person in people(80)})) as receiver:
        home = installation(tmp_path, receiver.port, readers=80, connections=1)
        summary = send(home).summary
    assert isinstance(summary.trouble, RelayRefused) and "access denied" in str(summary.trouble)
    assert (summary.exit_status, states(home)) == (1, {DeliveryState.PENDING: 30, DeliveryState.FAILED: 50})


def test_a_frozen_issue_that_would_leak_a_personal_link_never_leaves(tmp_path: Path) -> None:
    """An older version may have frozen it, or somebody has changed the database: a bundle like that is refused before it is frozen."""
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        leaking = replace(
            ISSUE, text="https://personal.invalid/unsubscribe https://evil.example.jp/?u=https://personal.invalid/unsubscribe\n"
        )
        issues.freeze(home.database, leaking, LIST, NOW)
        with pytest.raises(MessageError, match=re.escape("personal.invalid")):
            send(home)
    assert (receiver.accepted, states(home)) == ([], {DeliveryState.PENDING: 3})


def test_a_second_sender_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    refusals: list[TodokeMailError] = []

    def try_too() -> None:
        with pytest.raises(SenderBusy) as caught:
            send(home)
        refusals.append(caught.value)

    def at_first(count: int) -> None:
        if count == 1:
            second = threading.Thread(target=try_too)
            second.start()
            second.join()

    with Receiver(Behaviour(on_accept=at_first)) as receiver:
        home = installation(tmp_path, receiver.port, readers=10)
        send(home)
    assert len(refusals) == 1
    assert len(receiver.accepted) == 10


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_what_is_in_flight_and_the_next_send_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    seen = RecordedProgress(after=lambda _state: os.kill(os.getpid(), number) if len(seen.states) == 5 else None)
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=30, connections=2)
        stopped = send(home, seen=seen).summary
        assert stopped.stopped
        assert stopped.exit_status == 75
        assert stopped.counts[DeliveryState.UNKNOWN] == 0
        assert len(receiver.accepted) < 30
        send(home)
    assert Counter(receiver.recipients) == Counter(person.address for person in people(30))


def test_an_emergency_overtakes_a_newsletter_that_is_on_its_way(tmp_path: Path) -> None:
    """It is sent from another terminal while the newsletter goes out at 20 a second, and overtakes it."""
    started = threading.Event()

    def hold(count: int) -> None:
        if count == 2:  # the newsletter stands still until its sender has taken up the emergency
            started.set()
            while issues.find(home.database, URGENT) is None or states(home, URGENT).get(DeliveryState.PENDING):
                pass

    with Receiver(Behaviour(on_accept=hold)) as receiver:
        home = installation(tmp_path, receiver.port, readers=20, connections=1, relay='tls = "none"\nrate = 20')
        write_issue(home.root, URGENT, **{"class": "emergency"})
        newsletter = threading.Thread(target=send, args=(home,))
        newsletter.start()
        assert started.wait(90)
        summary = send(home, URGENT).summary
        newsletter.join()
    order = [message.mail["Archived-At"].endswith("/99/>") for message in receiver.accepted]
    first, last = order.index(True), len(order) - order[::-1].index(True)
    assert last - first == 20 == order.count(True)  # no newsletter in between
    assert not order[-1]  # the newsletter was far from its end: how far is a matter of seconds, which `make bench-mail` measures
    assert summary.exit_status == 0
    assert states(home) == states(home, URGENT) == {DeliveryState.SENT: 20}


def test_the_second_relay_takes_over_when_the_first_cannot_be_reached(tmp_path: Path) -> None:
    with socket.socket() as closed, Receiver() as receiver:
        closed.bind(("127.0.0.1", 0))
        home = installation(tmp_path, closed.getsockname()[1], readers=30)
        path = home.context.config.path
        second = f'name = "second"\npriority = 2\nport = {receiver.port}\ntls = "none"\n'
        path.write_text(path.read_text("utf-8").replace("[relay]", f"[[relay]]\n{second}[[relay]]"), "utf-8")
        context = replace(home.context, config=load_config(home.context.config.path))
        summary = sending.send(context, home.root, REF, RecordedProgress()).summary
    assert (summary.exit_status, len(receiver.accepted)) == (0, 30)


def test_a_queue_has_its_own_connections_and_other_domains_do_not_wait_for_it(tmp_path: Path) -> None:
    """The relay takes nothing for the slow domain until all others have theirs."""
    with Receiver(Behaviour(holds=lambda address, count: "@slow." in address and count < 40)) as receiver:
        queue = 'tls = "none"\n[queues."slow.example.jp"]\nconnections = 1\nrate = 20\n'
        home = installation(tmp_path, receiver.port, readers=0, connections=2, relay=queue)
        slow = [ImportedSubscriber(f"slow{number}@slow.example.jp", "", ("fukko-press",)) for number in range(12)]
        subscriptions.import_subscribers(home.database, [*slow, *people(40)], source="test", now=NOW)
        send(home)
    assert Counter(receiver.recipients) == Counter(person.address for person in [*slow, *people(40)])
    assert not any("@slow." in address for address in receiver.recipients[:40])


@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(tmp_path: Path, durability: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(file: int, line: bytes) -> int:
        raise OSError(28, "No space left on device")

    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=20, connections=2, head=f'durability = "{durability}"\n')
        with monkeypatch.context() as patched, pytest.raises(JournalError, match="No space left"):
            patched.setattr("mailer.delivery.journal.os.write", no_room)
            send(home)
        assert receiver.accepted == []
        assert send(home).summary.exit_status == 0
    assert Counter(receiver.recipients) == Counter(person.address for person in people(20))
