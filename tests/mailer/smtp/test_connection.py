"""One connection to a real SMTP server: every phase, TLS, password, reuse. Each relay must pass this."""

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

from mailer.config import RelaySettings, Tls
from mailer.model.errors import RelayRefused, RelayUnavailable
from mailer.model.outcome import Outcome, Phase
from mailer.model.recipient import Envelope
from mailer.secrets import Secret
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.pipelining import Timeouts
from mailer.smtp.transaction import StopReason, Transaction, dot_stuff, envelope_commands
from tests.smtp import CERTIFICATE, PASSWORD, USER, Manners, Receiver

TO = "reader@example.jp"
ENVELOPE = Envelope("bounce@example.jp", TO)
CONTENT = b"Subject: x\r\n\r\n.a line that begins with a dot\r\n.\r\n..\r\n"


def settings(port: int, tls: Tls = "none", *, ca_file: Path | None = None, username: str | None = None) -> RelaySettings:
    return RelaySettings("127.0.0.1", port, tls, username, None, ca_file, 1, 5.0)


class Post:
    """Messages to send, and what became of them. `withdrawn` are not let go when it comes to the body."""

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

    def before_body(self, letter: Transaction, go: Callable[[bool], None]) -> None:
        if letter.key not in self._withdrawn:
            self.left.append(str(letter.key))
        go(letter.key not in self._withdrawn)

    def done(self, letter: Transaction, outcome: Outcome) -> None:
        assert letter.key not in self.outcomes
        self.outcomes[str(letter.key)] = outcome

    def give_back(self, letter: Transaction) -> None:
        self.given_back.append(str(letter.key))
        if letter.key not in self._withdrawn:
            self.waiting.appendleft(str(letter.key))


def talk(found: RelaySettings, post: Post, password: str = PASSWORD, most: int = 100) -> list[StopReason]:
    """Send all of it, with as many connections as it takes."""

    async def whole() -> list[StopReason]:
        line, ended = SmtpConnection(found, Secret(password), hello="todoke.example.jp", most=most), list[StopReason]()
        try:
            while post.waiting:
                await line.ready()
                ended.append(await line.run(post))
        finally:
            await line.close()
        return ended

    return asyncio.run(whole())


def one(found: RelaySettings, password: str = PASSWORD) -> Outcome:
    post = Post()
    talk(found, post, password)
    return post.outcomes[TO]


both_ways = pytest.mark.parametrize("pipelining", [True, False], ids=["pipelining", "one by one"])


@both_ways
def test_messages_arrive_byte_for_byte(pipelining: bool) -> None:
    post = Post(TO, "second@example.jp", "third@example.jp")
    with Receiver(Manners(pipelining=pipelining)) as receiver:
        assert talk(settings(receiver.port), post) == [StopReason.IDLE]
    assert set(post.outcomes.values()) == {Outcome(Phase.BODY, 250, "queued")}
    assert receiver.recipients == post.left == [TO, "second@example.jp", "third@example.jp"]
    assert {(found.mail_from, found.content) for found in receiver.accepted} == {("bounce@example.jp", CONTENT)}
    assert receiver.connections == 1


@both_ways
@pytest.mark.parametrize(
    ("manners", "phase", "code"),
    [
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
def test_a_failure_tells_its_phase_and_the_others_go_through(manners: Manners, phase: Phase, code: int | None, pipelining: bool) -> None:
    manners, post = replace(manners, pipelining=pipelining), Post("first@example.jp", TO, "next@example.jp", "last@example.jp")
    with Receiver(manners) as receiver:
        talk(settings(receiver.port), post)
    assert (post.outcomes[TO].phase, post.outcomes[TO].code) == (phase, code)
    assert [post.outcomes[name].code for name in ("first@example.jp", "next@example.jp", "last@example.jp")] == [250, 250, 250]
    assert [name for name in receiver.recipients if name != TO] == ["first@example.jp", "next@example.jp", "last@example.jp"]


@both_ways
@pytest.mark.parametrize(("reply", "code"), [("550 who", 550), ("451 later", 451)])
def test_a_refused_sender_is_told_for_each_message(reply: str, code: int, pipelining: bool) -> None:
    post = Post(TO, "next@example.jp")
    with Receiver(Manners(mail=reply, pipelining=pipelining)) as receiver:
        talk(settings(receiver.port), post)
    assert {(outcome.phase, outcome.code) for outcome in post.outcomes.values()} == {(Phase.MAIL, code)}
    assert (len(post.outcomes), receiver.accepted, post.left) == (2, [], [])


@both_ways
def test_silence_after_the_body_is_not_taken_for_an_answer(pipelining: bool) -> None:
    async def impatient(found: RelaySettings) -> Outcome:
        line, post = SmtpConnection(found, None, hello="x.example", timeouts=Timeouts(end=0.0)), Post()
        await line.ready()
        assert await line.run(post) is StopReason.LOST
        return post.outcomes[TO]

    with Receiver(Manners(pipelining=pipelining, deaf={TO})) as receiver:
        outcome = asyncio.run(impatient(settings(receiver.port)))
    assert (outcome.phase, outcome.code) == (Phase.BODY, None)


@pytest.mark.parametrize(
    ("silent_at", "timeouts", "phase"),
    [
        (b"MAIL", Timeouts(command=0.0), None),
        (b"DATA", Timeouts(data=0.0), Phase.DATA),
        (b"body", Timeouts(block=0.0), Phase.BODY),
    ],
    ids=["MAIL or RCPT", "DATA", "a block of the body"],
)
def test_each_silence_has_a_time_of_its_own(silent_at: bytes, timeouts: Timeouts, phase: Phase | None) -> None:
    """RFC 5321 section 4.5.3.2. What was not let go comes back, and of what has gone nobody can know."""

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while (line := await reader.readline()) and not line.startswith(silent_at):
            writer.write({b"EHLO": b"250-x\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n"}.get(line[:4], b"250 ok\r\n"))
            if line.startswith(b"DATA") and silent_at == b"body":
                break
        await asyncio.Event().wait()  # and takes nothing more from the line

    async def whole() -> tuple[StopReason, Post]:
        server = await asyncio.start_server(session, "127.0.0.1", 0, limit=1024)
        post = Post(content=CONTENT + b"x" * 20_000_000 + b"\r\n" if silent_at == b"body" else CONTENT)
        line = SmtpConnection(settings(server.sockets[0].getsockname()[1]), None, hello="x.example", timeouts=timeouts)
        await line.ready()
        ended = await line.run(post)
        server.close()
        return ended, post

    ended, post = asyncio.run(whole())
    assert ended is StopReason.LOST
    assert (list(post.outcomes.values()), post.given_back) == (
        ([Outcome(phase, None, "the relay did not answer in time")], []) if phase else ([], [TO])
    )


def test_a_run_that_is_called_off_accounts_for_what_is_on_its_way() -> None:
    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        while line := await reader.readline():
            writer.write({b"EHLO": b"250-x\r\n250 PIPELINING\r\n", b"DATA": b"354 go\r\n"}.get(line[:4], b"250 ok\r\n"))
            if line.startswith(b"DATA"):
                await reader.readuntil(b"\r\n.\r\n")
                arrived.set()
                await asyncio.Event().wait()

    async def whole() -> Post:
        server, post = await asyncio.start_server(session, "127.0.0.1", 0), Post(TO, "next@example.jp")
        line = SmtpConnection(settings(server.sockets[0].getsockname()[1]), None, hello="x.example")
        await line.ready()
        run = asyncio.create_task(line.run(post))
        await arrived.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        server.close()
        return post

    arrived = asyncio.Event()
    post = asyncio.run(whole())
    assert post.outcomes == {TO: Outcome(Phase.BODY, None, "the run was ended")}
    assert post.given_back == ["next@example.jp"]


@both_ways
def test_a_connection_is_reused_and_renewed_after_its_share(pipelining: bool) -> None:
    post = Post(*(f"r{number}@example.jp" for number in range(7)))
    with Receiver(Manners(pipelining=pipelining)) as receiver:
        assert talk(settings(receiver.port), post, most=3) == [StopReason.SPENT, StopReason.SPENT, StopReason.IDLE]
    assert (len(receiver.accepted), receiver.connections) == (7, 3)


@both_ways
def test_a_withdrawn_message_is_not_sent_and_the_others_are(pipelining: bool) -> None:
    post = Post("first@example.jp", "left@example.jp", TO, withdrawn={"left@example.jp"})
    with Receiver(Manners(pipelining=pipelining)) as receiver:
        talk(settings(receiver.port), post)
    assert (receiver.recipients, post.given_back) == (["first@example.jp", TO], ["left@example.jp"])


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
        assert one(settings(receiver.port, tls, ca_file=ca_file)).code == 250


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
        one(settings(receiver.port, tls))
    assert receiver.accepted == []


def test_a_password_opens_the_relay_and_a_wrong_one_does_not() -> None:
    with Receiver(Manners(starttls=True, password=True)) as receiver:
        found = settings(receiver.port, "required", ca_file=CERTIFICATE, username=USER)
        assert one(found).code == 250
        with pytest.raises(RelayRefused) as caught:
            one(found, password="wrong-wrong")
    assert caught.value.code == 535
    assert "wrong-wrong" not in str(caught.value)


def test_a_closed_port_is_unavailable_not_refused() -> None:
    with Receiver() as receiver:
        port = receiver.port
    with pytest.raises(RelayUnavailable, match="cannot be reached"):
        one(settings(port))


def test_a_ca_file_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(RelayRefused, match="ca_file"):
        one(settings(1, "required", ca_file=tmp_path / "none.pem"))


@given(st.lists(st.sampled_from([b".", b"..", b"a", b".a", b"", b"a."])))
def test_dots_are_doubled_and_the_end_is_unmistakable(lines: list[bytes]) -> None:
    wire = dot_stuff(b"".join(line + b"\r\n" for line in lines))
    assert wire.endswith(b".\r\n")
    assert b"\r\n.\r\n" not in wire[:-3].removesuffix(b"\r\n") + b"\r\n"
    got = [line.removeprefix(b".") for line in wire.removesuffix(b".\r\n").split(b"\r\n")[:-1]]
    assert got == (lines or [b""])


def test_the_tests_certificate_is_usable() -> None:
    assert ssl.create_default_context(cafile=CERTIFICATE).cert_store_stats()["x509"] >= 1
