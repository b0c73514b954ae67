"""One connection to a real SMTP server: every phase, TLS, password, reuse. Each relay must pass this."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config import RelaySettings, Tls
from mailer.errors import RelayRefused, RelayUnavailable
from mailer.message import Envelope
from mailer.relay import Line, dot_stuffed
from mailer.rules import Outcome, Phase
from mailer.secret import Secret
from tests.smtp import CERTIFICATE, PASSWORD, USER, Manners, Receiver

Result = TypeVar("Result")
TO = "reader@example.jp"
ENVELOPE = Envelope("bounce@example.jp", TO)
CONTENT = b"Subject: x\r\n\r\n.a line that begins with a dot\r\n.\r\n..\r\n"


def settings(port: int, tls: Tls = "none", *, ca_file: Path | None = None, username: str | None = None) -> RelaySettings:
    return RelaySettings("127.0.0.1", port, tls, username, None, ca_file, 1, 5.0)


def talk(found: RelaySettings, conversation: Callable[[Line], Awaitable[Result]], password: str = PASSWORD, most: int = 100) -> Result:
    async def whole() -> Result:
        line = Line(found, Secret(password), hello="todoke.example.jp", most=most)
        try:
            return await conversation(line)
        finally:
            await line.close()

    return asyncio.run(whole())


async def one(line: Line, envelope: Envelope = ENVELOPE) -> Outcome:
    await line.ready()
    return await line.offer(envelope) or await line.deliver(CONTENT)


def test_a_message_arrives_byte_for_byte() -> None:
    with Receiver() as receiver:
        outcome = talk(settings(receiver.port), one)
    assert outcome == Outcome(Phase.BODY, 250, "queued")
    assert [(found.mail_from, found.recipients, found.content) for found in receiver.accepted] == [("bounce@example.jp", (TO,), CONTENT)]


@pytest.mark.parametrize(
    ("manners", "phase", "code"),
    [
        (Manners(mail="550 who"), Phase.MAIL, 550),
        (Manners(mail="451 later"), Phase.MAIL, 451),
        (Manners(rcpt={TO: "550 no such user"}), Phase.RCPT, 550),
        (Manners(rcpt={TO: "452 too many"}), Phase.RCPT, 452),
        (Manners(rcpt={TO: "421 closing"}), Phase.RCPT, 421),
        (Manners(drop_before_body={TO}), Phase.DATA, None),
        (Manners(drop_after_body={TO}), Phase.BODY, None),
        (Manners(data={TO: "451 later"}), Phase.BODY, 451),
        (Manners(data={TO: "554 spam"}), Phase.BODY, 554),
        (Manners(data={TO: "421 closing"}), Phase.BODY, 421),
    ],
)
def test_a_failure_tells_its_phase_and_the_next_message_goes_through(manners: Manners, phase: Phase, code: int | None) -> None:
    async def two(line: Line) -> tuple[Outcome, Outcome]:
        first = await one(line)
        manners.mail = None
        return first, await one(line, Envelope("bounce@example.jp", "next@example.jp"))

    with Receiver(manners) as receiver:
        first, second = talk(settings(receiver.port), two)
    assert (first.phase, first.code) == (phase, code)
    assert (second.phase, second.code) == (Phase.BODY, 250)
    assert receiver.recipients[-1] == "next@example.jp"


def test_silence_after_the_body_is_not_taken_for_an_answer() -> None:
    async def impatient(found: RelaySettings) -> Outcome:
        line = Line(found, None, hello="x.example", data_timeout=0.0)
        outcome = await one(line)
        await line.close()
        return outcome

    with Receiver() as receiver:
        outcome = asyncio.run(impatient(settings(receiver.port)))
    assert (outcome.phase, outcome.code) == (Phase.BODY, None)


def test_a_connection_is_reused_and_renewed_after_its_share() -> None:
    async def many(line: Line) -> None:
        for _ in range(7):
            assert (await one(line)).code == 250

    with Receiver() as receiver:
        talk(settings(receiver.port), many, most=3)
    assert (len(receiver.accepted), receiver.connections) == (7, 3)


def test_a_withdrawn_message_is_not_sent() -> None:
    async def change_of_mind(line: Line) -> Outcome:
        await line.ready()
        await line.offer(Envelope("bounce@example.jp", "left@example.jp"))
        await line.withdraw()
        return await one(line)

    with Receiver() as receiver:
        talk(settings(receiver.port), change_of_mind)
    assert (receiver.recipients, receiver.connections) == ([TO], 1)


@pytest.mark.parametrize(
    ("tls", "manners", "ca_file"),
    [
        pytest.param("required", Manners(starttls=True), CERTIFICATE, id="required"),
        pytest.param("implicit", Manners(implicit=True), CERTIFICATE, id="implicit"),
        pytest.param("opportunistic", Manners(starttls=True), None, id="opportunistic with TLS"),
        pytest.param("opportunistic", Manners(), None, id="opportunistic without"),
    ],
)
def test_a_message_arrives_over_tls(tls: Tls, manners: Manners, ca_file: Path | None) -> None:
    with Receiver(manners) as receiver:
        assert talk(settings(receiver.port, tls, ca_file=ca_file), one).code == 250


@pytest.mark.parametrize(
    ("tls", "manners"),
    [
        pytest.param("required", Manners(), id="not offered"),
        pytest.param("required", Manners(starttls=True), id="unknown certificate"),
        pytest.param("implicit", Manners(implicit=True), id="unknown certificate, implicit"),
    ],
)
def test_without_the_tls_that_is_required_nothing_is_said(tls: Tls, manners: Manners) -> None:
    with Receiver(manners) as receiver, pytest.raises(RelayRefused, match="clear"):
        talk(settings(receiver.port, tls), one)
    assert receiver.accepted == []


def test_a_password_opens_the_relay_and_a_wrong_one_does_not() -> None:
    with Receiver(Manners(starttls=True, password=True)) as receiver:
        found = settings(receiver.port, "required", ca_file=CERTIFICATE, username=USER)
        assert talk(found, one).code == 250
        with pytest.raises(RelayRefused) as caught:
            talk(found, one, password="wrong-wrong")
    assert caught.value.code == 535
    assert "wrong-wrong" not in str(caught.value)


def test_a_closed_port_is_unavailable_not_refused() -> None:
    with Receiver() as receiver:
        port = receiver.port
    with pytest.raises(RelayUnavailable, match="cannot be reached"):
        talk(settings(port), one)


def test_a_ca_file_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(RelayRefused, match="ca_file"):
        talk(settings(1, "required", ca_file=tmp_path / "none.pem"), one)


@given(st.lists(st.sampled_from([b".", b"..", b"a", b".a", b"", b"a."])))
def test_dots_are_doubled_and_the_end_is_unmistakable(lines: list[bytes]) -> None:
    wire = dot_stuffed(b"".join(line + b"\r\n" for line in lines))
    assert wire.endswith(b".\r\n")
    assert b"\r\n.\r\n" not in wire[:-3].removesuffix(b"\r\n") + b"\r\n"
    got = [line.removeprefix(b".") for line in wire.removesuffix(b".\r\n").split(b"\r\n")[:-1]]
    assert got == (lines or [b""])


def test_the_tests_certificate_is_usable() -> None:
    assert ssl.create_default_context(cafile=CERTIFICATE).cert_store_stats()["x509"] >= 1
