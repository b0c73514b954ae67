"""Addresses that Japanese carriers gave out reach their readers, whichever way of writing them a relay takes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.config.settings import QuoteLocalPart, RelaySettings
from mailer.database.deliveries import ledger
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.model.outcome import Outcome, Phase
from mailer.model.readers import addresses
from mailer.model.recipient import Envelope
from mailer.model.state import DeliveryState
from mailer.sending import send
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.direct import DirectMessage, send_direct
from tests.samples.mail.mail_bundles import REF, RecordedProgress, installation
from tests.servers.smtp import Behaviour, Receiver

CARRIERS = ("taro..yamada@docomo.ne.jp", "a.@docomo.ne.jp", ".jiro@ezweb.ne.jp")
USUAL = ("hanako@example.jp", '"a b"@example.jp', '"a@b"@example.jp', r'"a\"b\\"@example.jp', '"<>"@example.jp', '""@example.jp')
QUOTED = ('"taro..yamada"@docomo.ne.jp', '"a."@docomo.ne.jp', '".jiro"@ezweb.ne.jp')
REFUSALS = ("501 5.1.3 Bad recipient address syntax", "553 5.1.3 malformed address", "555 syntax", "550 5.1.3 not an RFC 5321 address")


def sent_to(port: int, *recipients: str, setting: QuoteLocalPart = "auto") -> tuple[Outcome, ...]:
    settings = replace(RelaySettings("127.0.0.1", port, "none", None, None, None, 1, 5.0), quote_local_part=setting)
    messages = [DirectMessage(Envelope("bounce@example.jp", each), b"Subject: x\r\n\r\nx\r\n") for each in recipients]
    return asyncio.run(send_direct(SmtpConnection(settings, None, hello="x.example"), messages))


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_relay_that_takes_addresses_as_they_were_written_gets_them_so(pipelining: bool) -> None:
    with Receiver(Behaviour(pipelining=pipelining)) as receiver:
        outcomes = sent_to(receiver.port, *CARRIERS, *USUAL)
    assert all(outcome.is_accepted for outcome in outcomes)
    assert receiver.behaviour.seen == [*CARRIERS, *USUAL]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_relay_that_refuses_their_syntax_gets_them_in_quotation_marks(pipelining: bool, refusal: str) -> None:
    with Receiver(Behaviour(pipelining=pipelining, written=dict.fromkeys(CARRIERS, refusal))) as receiver:
        outcomes = sent_to(receiver.port, *CARRIERS, *USUAL)
    assert all(outcome.is_accepted for outcome in outcomes)
    assert receiver.behaviour.seen == [CARRIERS[0], *QUOTED, *USUAL]
    assert len(receiver.accepted) == 9


def test_a_relay_that_does_not_know_the_reader_is_not_asked_twice() -> None:
    with Receiver(Behaviour(written={CARRIERS[0]: "550 5.1.1 unknown", CARRIERS[1]: "450 later"})) as receiver:
        outcomes = sent_to(receiver.port, *CARRIERS)
    assert [outcome.code for outcome in outcomes] == [550, 450, 250]
    assert receiver.behaviour.seen == [*CARRIERS]


def test_a_relay_that_refuses_both_forms_has_refused_the_reader() -> None:
    with Receiver(Behaviour(written=dict.fromkeys((CARRIERS[0], QUOTED[0]), "553 no"))) as receiver:
        outcomes = sent_to(receiver.port, CARRIERS[0], USUAL[0])
    assert [(outcome.phase, outcome.code) for outcome in outcomes] == [(Phase.RCPT, 553), (Phase.BODY, 250)]


def test_the_form_can_be_set_for_a_relay() -> None:
    with Receiver(Behaviour(written={CARRIERS[0]: "553 syntax"})) as receiver:
        assert not sent_to(receiver.port, CARRIERS[0], setting="never")[0].is_accepted
        assert sent_to(receiver.port, CARRIERS[1], setting="always")[0].is_accepted
    assert receiver.behaviour.seen == [CARRIERS[0], QUOTED[1]]


@pytest.mark.parametrize("connections", [1, 3])
def test_an_issue_reaches_readers_with_such_addresses_at_the_first_try(tmp_path: Path, connections: int) -> None:
    with Receiver(Behaviour(written=dict.fromkeys(CARRIERS, REFUSALS[0]))) as receiver:
        home = installation(tmp_path, receiver.port, connections=connections)
        people = [ImportedSubscriber(addresses.parse(each), "山田 太郎", ("fukko-press",)) for each in (*CARRIERS, *USUAL)]
        subscriptions.import_subscribers(home.database, people, source="test", now=home.clock())
        result = send.send(home.context, home.root, REF, RecordedProgress())
    assert result.summary.counts[DeliveryState.SENT] == len(receiver.accepted) == 9
    assert {*QUOTED, *USUAL} <= {*receiver.behaviour.seen} <= {*CARRIERS, *QUOTED, *USUAL}
    headers = b"".join(message.content.partition(b"\r\n\r\n")[0] for message in receiver.accepted)
    assert all(f" <{addresses.quoted(each)}>\r\n".encode() in headers for each in (*CARRIERS, *USUAL))  # RFC 5322 section 3.4.1
    assert ledger.missed(home.database, result.prepared.frozen.issue_id) == ()
