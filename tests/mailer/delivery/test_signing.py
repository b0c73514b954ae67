"""Signed issues over real connections: what a relay has taken is what was signed, and no body leaves without its signature."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.delivery.signing import SigningThreads
from mailer.message.dkim import keys, records
from mailer.message.dkim.keys import DkimKeys
from mailer.model.errors import MessageError
from mailer.model.state import DeliveryState
from mailer.sending import send as sending
from mailer.smtp.transaction import Transaction
from tests.mailer.message.dkim.judges import dkimpy_accepts, perl_says
from tests.samples.mail.mail_bundles import REF, Installation, RecordedProgress, installation
from tests.servers.smtp import Behaviour, Receiver

READERS = 40


def with_keys(folder: Path, port: int, domain: str = "example.jp", head: str = "") -> tuple[Installation, dict[str, str]]:
    ready = installation(folder, port, readers=READERS, head=head, relay=f'tls = "none"\n[dkim]\ndomains = ["{domain}"]')
    settings = ready.context.config.dkim
    keys.make_missing(settings, domain)
    signing = keys.load_active(settings)
    ready = replace(ready, context=replace(ready.context, dkim=signing))
    return ready, {records.name(key.domain, key.selector): records.text(key) for key in signing.keys}


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("durability", ["process", "power"])
def test_every_message_that_a_relay_takes_is_signed(tmp_path: Path, pipelining: bool, durability: str) -> None:
    with Receiver(Behaviour(pipelining=pipelining)) as receiver:
        ready, published = with_keys(tmp_path, receiver.port, head=f'durability = "{durability}"\n')
        result = sending.send(ready.context, ready.root, REF, RecordedProgress())
    assert result.summary.counts[DeliveryState.SENT] == READERS
    assert Counter(receiver.recipients) == Counter(f"reader{n}@example.jp" for n in range(1, READERS + 1))
    assert all(
        message.content.startswith(b"DKIM-Signature:") and dkimpy_accepts(message.content, published) for message in receiver.accepted
    )
    assert perl_says(receiver.accepted[-1].content, published) == "pass"


def test_readers_that_are_refused_and_connections_that_break_cost_no_signature_and_no_reader(tmp_path: Path) -> None:
    behaviour = Behaviour(rcpt={"reader3@example.jp": "550 5.1.1 unknown"}, data={"reader9@example.jp": "451 later"})
    behaviour.drop_before_body.add("reader20@example.jp")
    with Receiver(behaviour) as receiver:
        ready, published = with_keys(tmp_path, receiver.port)
        counts = sending.send(ready.context, ready.root, REF, RecordedProgress()).summary.counts
    assert counts[DeliveryState.FAILED] == 1 and counts[DeliveryState.UNKNOWN] == 0
    assert counts[DeliveryState.SENT] == len(receiver.accepted) == READERS - 1 - counts[DeliveryState.DEFERRED]
    assert all(dkimpy_accepts(message.content, published) for message in receiver.accepted)


def test_a_list_whose_domain_has_no_key_is_refused_before_anything_is_frozen(tmp_path: Path) -> None:
    with Receiver() as receiver:
        ready, _ = with_keys(tmp_path, receiver.port, domain="other.example")
        with pytest.raises(MessageError, match=r"nothing was frozen.*\[dkim\].*example\.jp"):
            sending.send(ready.context, ready.root, REF, RecordedProgress())
    assert receiver.accepted == []


def test_a_signature_that_cannot_be_made_ends_the_run_and_lets_no_body_leave() -> None:
    async def run() -> tuple[list[Exception], list[bool], list[bytes]]:
        failures, answers, answered = list[Exception](), list[bool](), asyncio.Event()
        threads = SigningThreads(failures.append)
        broken = Transaction(1, b"", [b"body"])

        def answer(is_signed: bool) -> None:
            answers.append(is_signed)
            answered.set()

        def sign() -> bytes:
            raise ValueError("no signature")

        threads.start(broken, sign)
        threads.when_signed(broken, answer)
        await asyncio.wait_for(answered.wait(), 90)
        threads.close()
        return failures, answers, broken.body

    failures, answers, body = asyncio.run(run())
    assert [str(error) for error in failures] == ["no signature"] and answers == [False] and body == [b"body"]


def test_a_message_that_was_given_back_is_not_asked_to_leave_when_its_signature_comes() -> None:
    async def run() -> tuple[list[str], list[bytes]]:
        called = list[str]()
        threads = SigningThreads(lambda error: called.append(str(error)))
        gone, other, arrived = Transaction(1, b"", [b"body"]), Transaction(2, b"", [b"body"]), asyncio.Event()

        def arrive(_is_signed: bool) -> None:
            called.append("other")
            arrived.set()

        threads.start(gone, lambda: b"DKIM-Signature: a\r\n")
        threads.when_signed(gone, lambda _: called.append("gone"))
        threads.forget(gone)
        threads.start(other, lambda: b"DKIM-Signature: b\r\n")
        threads.when_signed(other, arrive)
        await asyncio.wait_for(arrived.wait(), 90)
        threads.close()
        return called, other.body

    assert asyncio.run(run()) == (["other"], [b"DKIM-Signature: b\r\n", b"body"])


def test_without_keys_nothing_is_signed_and_no_thread_is_begun(tmp_path: Path) -> None:
    with Receiver() as receiver:
        ready = installation(tmp_path, receiver.port, readers=3)
        sending.send(ready.context, ready.root, REF, RecordedProgress())
    assert len(receiver.accepted) == 3 and not any(b"DKIM-Signature" in message.content for message in receiver.accepted)
    assert DkimKeys().required_for("a@example.jp") is None
