"""One connection to a real SMTP server: every phase, TLS, password, reuse. A connection of another kind must pass this too."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config.settings import RelaySettings, Tls
from mailer.model.errors import RelayRefused, RelayUnavailable
from mailer.model.outcome import Outcome, Phase
from mailer.model.recipient import Envelope
from mailer.secrets import Secret
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.transaction import StopReason, Timeouts, Transaction, dot_stuff, envelope_commands
from tests.servers.smtp import CERTIFICATE, PASSWORD, USER, Behaviour, Receiver

TO = "reader@example.jp"
ENVELOPE = Envelope("bounce@example.jp", TO)
CONTENT = b"Subject: x\r\n\r\n.a line that begins with a dot\r\n.\r\n..\r\n"


def settings(port: int, tls: Tls = "none", *, ca_file: Path | None = None, username: str | None = None) -> RelaySettings:
    return RelaySettings("127.0.0.1", port, tls, username, None, ca_file, 1, 5.0)


class Outbox:
    """A message source that remembers what became of its messages. The bodies of `withdrawn` must not leave."""

    def __init__(self, *addresses: str, withdrawn: Collection[str] = (), content: bytes = CONTENT) -> None:
        self._content = content
        self.waiting = deque(addresses or (TO,))
        self.outcomes: dict[str, Outcome] = {}
        self.given_back: list[str] = []
        self.left: list[str] = []
        self._withdrawn = withdrawn

    def next(self) -> Transaction | None:
        if not self.waiting:
            return None
        address = self.waiting.popleft()
        return Transaction(address, envelope_commands(Envelope("bounce@example.jp", address)), [dot_stuff(self._content)])

    def before_body(self, transaction: Transaction, allow: Callable[[bool], None]) -> None:
        if transaction.key not in self._withdrawn:
            self.left.append(str(transaction.key))
        allow(transaction.key not in self._withdrawn)

    def done(self, transaction: Transaction, outcome: Outcome) -> None:
        assert transaction.key not in self.outcomes
        self.outcomes[str(transaction.key)] = outcome

    def give_back(self, transaction: Transaction) -> None:
        self.given_back.append(str(transaction.key))
        if transaction.key not in self._withdrawn:
            self.waiting.appendleft(str(transaction.key))


def send_all(relay: RelaySettings, outbox: Outbox, password: str = PASSWORD, most: int = 100) -> list[StopReason]:
    """Send all messages, over as many connections as it takes."""

    async def run() -> list[StopReason]:
        connection, reasons = SmtpConnection(relay, Secret(password), hello="todoke.example.jp", most=most), list[StopReason]()
        try:
            while outbox.waiting:
                await connection.ready()
                reasons.append(await connection.run(outbox))
        finally:
            await connection.close()
        return reasons

    return asyncio.run(run())


def send_one(relay: RelaySettings, password: str = PASSWORD) -> Outcome:
    outbox = Outbox()
    send_all(relay, outbox, password)
    return outbox.outcomes[TO]


both_ways = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelining", "one by one"])


@both_ways
def test_messages_arrive_byte_for_byte(pipelining: bool) -> None:
    outbox = Outbox(TO, "second@example.jp", "third@example.jp")
    with Receiver(Behaviour(pipelining=pipelining)) as receiver:
        assert send_all(settings(receiver.port), outbox) == [StopReason.IDLE]
    assert set(outbox.outcomes.values()) == {Outcome(Phase.BODY, 250, "queued")}
    assert receiver.recipients == outbox.left == [TO, "second@example.jp", "third@example.jp"]
    assert {(message.mail_from, message.content) for message in receiver.accepted} == {("bounce@example.jp", CONTENT)}
    assert receiver.connections == 1


@both_ways
@pytest.mark.parametrize(
    ("behaviour", "phase", "code"),
    [
        (Behaviour(rcpt={TO: "550 no such user"}), Phase.RCPT, 550),
        (Behaviour(rcpt={TO: "452 too many"}), Phase.RCPT, 452),
        (Behaviour(rcpt={TO: "421 closing"}), Phase.RCPT, 421),
        (Behaviour(drop_before_body={TO}), Phase.DATA, None),
        (Behaviour(drop_after_body={TO}), Phase.BODY, None),
        (Behaviour(data={TO: "451 later"}), Phase.BODY, 451),
        (Behaviour(data={TO: "554 spam"}), Phase.BODY, 554),
        (Behaviour(data={TO: "421 closing"}), Phase.BODY, 421),
    ],
)
def test_a_failure_has_its_phase_and_the_other_messages_arrive(
    behaviour: Behaviour, phase: Phase, code: int | None, pipelining: bool
) -> None:
    behaviour, outbox = replace(behaviour, pipelining=pipelining), Outbox("first@example.jp", TO, "next@example.jp", "last@example.jp")
    with Receiver(behaviour) as receiver:
        send_all(settings(receiver.port), outbox)
    assert (outbox.outcomes[TO].phase, outbox.outcomes[TO].code) == (phase, code)
    assert [outbox.outcomes[name].code for name in ("first@example.jp", "next@example.jp", "last@example.jp")] == [250, 250, 250]
    assert [name for name in receiver.recipients if name != TO] == ["first@example.jp", "next@example.jp", "last@example.jp"]


@both_ways
@pytest.mark.parametrize(("reply", "code"), [("550 who", 550), ("451 later", 451)])
def test_a_refused_sender_is_the_outcome_of_each_message(reply: str, code: int, pipelining: bool) -> None:
    outbox = Outbox(TO, "next@example.jp")
    with Receiver(Behaviour(mail=reply, pipelining=pipelining)) as receiver:
        send_all(settings(receiver.port), outbox)
    assert {(outcome.phase, outcome.code) for outcome in outbox.outcomes.values()} == {(Phase.MAIL, code)}
    assert (len(outbox.outcomes), receiver.accepted, outbox.left) == (2, [], [])


@both_ways
def test_silence_after_the_body_leaves_it_open_whether_the_message_arrived(pipelining: bool) -> None:
    async def send_impatiently(relay: RelaySettings) -> Outcome:
        connection, outbox = SmtpConnection(relay, None, hello="x.example", timeouts=Timeouts(end=0.0)), Outbox()
        await connection.ready()
        assert await connection.run(outbox) is StopReason.LOST
        return outbox.outcomes[TO]

    with Receiver(Behaviour(pipelining=pipelining, silent_after_body={TO})) as receiver:
        outcome = asyncio.run(send_impatiently(settings(receiver.port)))
    assert (outcome.phase, outcome.code) == (Phase.BODY, None)


@pytest.mark.parametrize(
    ("silent_at", "timeouts", "phase"),
    [
        (b"MAIL", Timeouts(command=0.0), None),
        (b"DATA", Timeouts(data=0.0), None),
        (b"body", Timeouts(block=0.0), Phase.BODY),
    ],
    ids=["MAIL or RCPT", "DATA", "a block of the body"],
)
def test_each_step_has_its_own_time_out(silent_at: bytes, timeouts: Timeouts, phase: Phase | None) -> None:
    """RFC 5321 section 4.5.3.2. A message whose body has not left is given back; of one whose body has, nobody can know."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while (line := await reader.readline()) and not line.startswith(silent_at):
            writer.write({b"EHLO": b"250-x\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n"}.get(line[:4], b"250 ok\r\n"))
            if line.startswith(b"DATA") and silent_at == b"body":
                break
        await asyncio.Event().wait()  # and takes nothing more from the line

    async def run() -> tuple[StopReason, Outbox]:
        server = await asyncio.start_server(session, "127.0.0.1", 0, limit=1024)
        outbox = Outbox(content=CONTENT + b"x" * 20_000_000 + b"\r\n" if silent_at == b"body" else CONTENT)
        connection = SmtpConnection(settings(server.sockets[0].getsockname()[1]), None, hello="x.example", timeouts=timeouts)
        await connection.ready()
        reason = await connection.run(outbox)
        server.close()
        return reason, outbox

    reason, outbox = asyncio.run(run())
    assert reason is StopReason.LOST
    assert (list(outbox.outcomes.values()), outbox.given_back) == (
        ([Outcome(phase, None, "the relay did not answer in time")], []) if phase else ([], [TO])
    )


def test_a_run_that_is_cancelled_accounts_for_every_message() -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := await reader.readline():
            writer.write({b"EHLO": b"250-x\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n"}.get(line[:4], b"250 ok\r\n"))
            if line.startswith(b"DATA"):
                await reader.readuntil(b"\r\n.\r\n")
                arrived.set()
                await asyncio.Event().wait()

    async def cancel() -> Outbox:
        server, outbox = await asyncio.start_server(session, "127.0.0.1", 0), Outbox(TO, "next@example.jp")
        connection = SmtpConnection(settings(server.sockets[0].getsockname()[1]), None, hello="x.example")
        await connection.ready()
        running = asyncio.create_task(connection.run(outbox))
        await arrived.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        server.close()
        return outbox

    arrived = asyncio.Event()
    outbox = asyncio.run(cancel())
    assert outbox.outcomes == {TO: Outcome(Phase.BODY, None, "the run was ended")}
    assert outbox.given_back == ["next@example.jp"]


@both_ways
def test_a_connection_is_used_again_and_replaced_after_its_share_of_messages(pipelining: bool) -> None:
    outbox = Outbox(*(f"r{number}@example.jp" for number in range(7)))
    with Receiver(Behaviour(pipelining=pipelining)) as receiver:
        assert send_all(settings(receiver.port), outbox, most=3) == [StopReason.SPENT, StopReason.SPENT, StopReason.IDLE]
    assert (len(receiver.accepted), receiver.connections) == (7, 3)


@both_ways
def test_a_withdrawn_message_is_not_sent_and_the_others_are(pipelining: bool) -> None:
    outbox = Outbox("first@example.jp", "left@example.jp", TO, withdrawn={"left@example.jp"})
    with Receiver(Behaviour(pipelining=pipelining)) as receiver:
        send_all(settings(receiver.port), outbox)
    assert (receiver.recipients, outbox.given_back) == (["first@example.jp", TO], ["left@example.jp"])


@pytest.mark.parametrize(
    ("tls", "behaviour", "ca_file"),
    [
        pytest.param("required", Behaviour(starttls=True), CERTIFICATE, id="required"),
        pytest.param("implicit", Behaviour(implicit=True), CERTIFICATE, id="implicit"),
        pytest.param("opportunistic", Behaviour(starttls=True), None, id="opportunistic with TLS"),
        pytest.param("opportunistic", Behaviour(), None, id="opportunistic without"),
    ],
)
def test_a_message_arrives_over_tls(tls: Tls, behaviour: Behaviour, ca_file: Path | None) -> None:
    with Receiver(behaviour) as receiver:
        assert send_one(settings(receiver.port, tls, ca_file=ca_file)).code == 250


@pytest.mark.parametrize(
    ("tls", "behaviour"),
    [
        pytest.param("required", Behaviour(), id="not offered"),
        pytest.param("required", Behaviour(starttls=True), id="unknown certificate"),
        pytest.param("implicit", Behaviour(implicit=True), id="unknown certificate, implicit"),
    ],
)
def test_without_the_tls_that_is_required_nothing_is_sent(tls: Tls, behaviour: Behaviour) -> None:
    with Receiver(behaviour) as receiver, pytest.raises(RelayRefused, match="clear"):
        send_one(settings(receiver.port, tls))
    assert receiver.accepted == []


def test_a_password_opens_the_relay_and_a_wrong_one_does_not() -> None:
    with Receiver(Behaviour(starttls=True, password=True)) as receiver:
        relay = settings(receiver.port, "required", ca_file=CERTIFICATE, username=USER)
        assert send_one(relay).code == 250
        with pytest.raises(RelayRefused) as caught:
            send_one(relay, password="wrong-wrong")
    assert caught.value.code == 535
    assert "wrong-wrong" not in str(caught.value)


def test_a_closed_port_is_unavailable_not_refused() -> None:
    with Receiver() as receiver:
        port = receiver.port
    with pytest.raises(RelayUnavailable, match="cannot be reached"):
        send_one(settings(port))


def test_a_missing_ca_file_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(RelayRefused, match="ca_file"):
        send_one(settings(1, "required", ca_file=tmp_path / "none.pem"))


@given(st.lists(st.sampled_from([b".", b"..", b"a", b".a", b"", b"a."])))
def test_dots_are_doubled_so_that_only_the_last_line_ends_the_body(lines: list[bytes]) -> None:
    stuffed = dot_stuff(b"".join(line + b"\r\n" for line in lines))
    assert stuffed.endswith(b".\r\n")
    assert b"\r\n.\r\n" not in stuffed[:-3].removesuffix(b"\r\n") + b"\r\n"
    received = [line.removeprefix(b".") for line in stuffed.removesuffix(b".\r\n").split(b"\r\n")[:-1]]
    assert received == (lines or [b""])


def test_the_tests_certificate_is_usable() -> None:
    assert ssl.create_default_context(cafile=CERTIFICATE).cert_store_stats()["x509"] >= 1
