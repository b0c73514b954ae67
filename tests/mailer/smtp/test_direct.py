"""Messages past the ledger: each is tried once and has its outcome, on a relay that takes, refuses or hangs up."""

from __future__ import annotations

import asyncio

import pytest

from mailer.config.settings import RelaySettings
from mailer.model.errors import RelayUnavailable
from mailer.model.outcome import Outcome, Phase
from mailer.model.recipient import Envelope
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.direct import DirectMessage, send_direct
from tests.servers.smtp import Behaviour, Receiver

NAMES = ("one@example.jp", "two@example.jp", "three@example.jp")


def outcomes(port: int, *names: str, most: int = 100) -> tuple[Outcome, ...]:
    connection = SmtpConnection(RelaySettings("127.0.0.1", port, "none", None, None, None, 1, 5.0), None, hello="x.example", most=most)
    messages = [DirectMessage(Envelope("bounce@example.jp", name), b"Subject: x\r\n\r\n.dot\r\n") for name in names]
    return asyncio.run(send_direct(connection, messages))


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("most", [1, 100])
def test_each_message_has_its_outcome_in_the_order_in_which_they_were_given(pipelining: bool, most: int) -> None:
    with Receiver(Behaviour(pipelining=pipelining, rcpt={NAMES[1]: "550 no"})) as receiver:
        results = outcomes(receiver.port, *NAMES, most=most)
    assert [outcome.is_accepted for outcome in results] == [True, False, True]
    assert (results[1].phase, results[1].code) == (Phase.RCPT, 550)
    assert [(message.recipients, message.content) for message in receiver.accepted] == [
        ((NAMES[0],), b"Subject: x\r\n\r\n.dot\r\n"),
        ((NAMES[2],), b"Subject: x\r\n\r\n.dot\r\n"),
    ]


def test_a_message_whose_connection_was_lost_is_not_tried_again_and_the_others_are_sent() -> None:
    with Receiver(Behaviour(drop_before_body={NAMES[0]})) as receiver:
        results = outcomes(receiver.port, *NAMES)
    assert [(outcome.code, outcome.is_accepted) for outcome in results] == [(None, False), (250, True), (250, True)]
    assert receiver.recipients == [*NAMES[1:]]


def test_nothing_to_send_opens_no_connection() -> None:
    with Receiver() as receiver:
        assert outcomes(receiver.port) == ()
        assert receiver.connections == 0


def test_a_relay_that_cannot_be_reached_is_an_error() -> None:
    with Receiver() as receiver:
        port = receiver.port
    with pytest.raises(RelayUnavailable):
        outcomes(port, NAMES[0])
