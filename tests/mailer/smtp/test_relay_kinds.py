"""Relays of other kinds: one that throws away what is sent ahead, one that knows no EHLO, one that takes small messages only."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.model.state import DeliveryState
from mailer.sending import preflight, send
from mailer.smtp import pipelining
from tests.samples.mail.mail_bundles import REF, Installation, RecordedProgress, installation, people
from tests.servers.smtp import Receiver
from tests.servers.thread import ServerThread

DISCARDS, HANGS_UP, DISCARDS_BEHIND_A_BODY = "discards", "hangs up", "discards behind a body"
HANGS_UP_AFTER_A_REPLY = "hangs up after a reply"
CLOSES = "closes"


class Relay(ServerThread):
    """A relay in a thread, for a `with` block. It offers `extensions`, and treats commands that come before its reply as `kind` says."""

    def __init__(self, *extensions: str, kind: str = "", knows_ehlo: bool = True) -> None:
        super().__init__()
        self.accepted: list[str] = []
        self.verbs: Counter[str] = Counter()
        self._extensions, self._kind, self._knows_ehlo = extensions, kind, knows_ehlo

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._session, "127.0.0.1", 0, limit=1 << 20))
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay\r\n")
        recipient = ""
        try:
            while line := (await reader.readline()).decode("ascii").strip():
                verb = line[:4].upper()
                self.verbs[verb] += 1
                recipient = line.partition("<")[2].partition(">")[0] if verb == "RCPT" else recipient
                if verb == "MAIL":
                    self._throw_away(reader, {DISCARDS, HANGS_UP})
                if verb == "RCPT" and self._kind == CLOSES:
                    writer.write(b"421 too many messages, closing\r\n")
                    await writer.drain()
                    return
                writer.write(self._reply(verb) + b"\r\n")
                if verb == "MAIL":
                    self._throw_away(reader, {HANGS_UP_AFTER_A_REPLY})
                if verb == "DATA":
                    await reader.readuntil(b"\r\n.\r\n")
                    self.accepted.append(recipient)
                    self._throw_away(reader, {DISCARDS_BEHIND_A_BODY})
                    writer.write(b"250 queued\r\n")
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    def _reply(self, verb: str) -> bytes:
        if verb == "EHLO" and not self._knows_ehlo:
            return b"502 what?"
        if verb == "EHLO":
            return "\r\n".join([*(f"250-{word}" for word in ("relay", *self._extensions)), "250 HELP"]).encode()
        return {"DATA": b"354 go", "QUIT": b"221 bye"}.get(verb, b"250 ok")

    def _throw_away(self, reader: asyncio.StreamReader, kinds: set[str]) -> None:
        """What has come before the reply is gone."""
        if self._kind in kinds:
            buffer: bytearray = reader._buffer  # type: ignore[attr-defined] # a test on what has arrived and is not read yet
            if buffer and self._kind in (HANGS_UP, HANGS_UP_AFTER_A_REPLY):
                raise ConnectionResetError
            buffer.clear()


def run(home: Installation) -> send.SendResult:
    return send.send(home.context, home.root, REF, RecordedProgress())


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("kind", [DISCARDS, HANGS_UP, HANGS_UP_AFTER_A_REPLY, DISCARDS_BEHIND_A_BODY])
def test_over_a_relay_that_offers_pipelining_and_throws_away_what_was_sent_ahead_everybody_is_reached_in_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, connections: int
) -> None:
    monkeypatch.setattr(pipelining, "PATIENCE", 1.0)  # longer than a relay that answers can take here
    with Relay("PIPELINING", kind=kind) as relay:
        home = installation(tmp_path, relay.port, readers=30, connections=connections)
        home = replace(home, context=replace(home.context, pauses=(0.0, 0.0, 0.0)))
        counts = run(home).summary.counts
    received = Counter(relay.accepted)
    assert set(received.values()) == {1}
    if kind == HANGS_UP_AFTER_A_REPLY:  # nobody can tell it from a bad line until it has done so twice
        assert counts[DeliveryState.SENT] >= 30 - 2 * connections
    else:
        assert received == Counter(person.address for person in people(30)) and counts[DeliveryState.SENT] == 30


def test_a_relay_that_says_that_it_closes_has_answered_and_is_not_said_to_throw_anything_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Relay("PIPELINING", kind=CLOSES) as relay:
        home = installation(tmp_path, relay.port, readers=5, connections=1)
        counts = run(home).summary.counts
    assert counts[DeliveryState.DEFERRED] == 5 and relay.verbs["EHLO"] == 5
    assert "PIPELINING" not in capsys.readouterr().err


def test_pipelining_off_sends_nothing_ahead(tmp_path: Path) -> None:
    with Relay("PIPELINING", kind=HANGS_UP) as relay:
        home = installation(tmp_path, relay.port, readers=5, connections=1, relay='tls = "none"\npipelining = "off"')
        assert run(home).summary.exit_status == 0
    assert len(relay.accepted) == 5 and relay.verbs["EHLO"] == 1


def test_a_test_message_reaches_a_relay_that_throws_away_what_is_sent_ahead(tmp_path: Path) -> None:
    with Relay("PIPELINING", kind=DISCARDS) as relay:
        home = installation(tmp_path, relay.port)
        (result,) = preflight.send_test(home.context, home.root, REF, ["me@example.jp"])
    assert result.is_sent and relay.accepted == ["me@example.jp"]


def test_a_relay_that_does_not_know_ehlo_is_greeted_with_helo(tmp_path: Path) -> None:
    with Relay(knows_ehlo=False) as relay:
        home = installation(tmp_path, relay.port, readers=3, connections=1)
        assert run(home).summary.exit_status == 0
    assert (len(relay.accepted), relay.verbs["HELO"]) == (3, 1)


def test_a_relay_without_ehlo_has_no_tls_and_gets_nothing_where_tls_is_required(tmp_path: Path) -> None:
    with Relay(knows_ehlo=False) as relay:
        home = installation(tmp_path, relay.port, readers=3, relay='tls = "required"')
        summary = run(home).summary
    assert relay.accepted == [] and summary.exit_status == 1 and "clear" in str(summary.trouble)


def test_a_relay_that_takes_smaller_messages_only_is_left_alone_and_nobody_has_failed(tmp_path: Path) -> None:
    with Relay("PIPELINING", "SIZE 900") as relay:
        home = installation(tmp_path, relay.port, readers=3)
        summary = run(home).summary
        (tested,) = preflight.send_test(home.context, home.root, REF, ["me@example.jp"])
    assert relay.accepted == [] and relay.verbs["MAIL"] == 0
    assert "900 bytes" in str(summary.trouble) and summary.exit_status == 1 and summary.counts[DeliveryState.PENDING] == 3
    assert (tested.outcome.code, tested.is_sent) == (552, False)


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE 10240000", "SIZE many"])
def test_a_relay_whose_size_is_enough_or_not_told_gets_the_messages(tmp_path: Path, size: str) -> None:
    with Relay(size) as relay:
        home = installation(tmp_path, relay.port, readers=2, connections=1)
        assert run(home).summary.exit_status == 0
    assert len(relay.accepted) == 2


def test_what_one_relay_does_not_take_for_its_size_goes_over_the_next(tmp_path: Path) -> None:
    with Relay("PIPELINING", "SIZE 900") as small, Receiver() as large:
        home = installation(tmp_path, small.port, readers=20, connections=2)
        config = home.context.config
        relays = (config.relay, replace(config.relay, name="large", port=large.port, priority=2))
        home = replace(home, context=replace(home.context, config=replace(config, relays=relays)))
        assert run(home).summary.exit_status == 0
    assert small.accepted == [] and len(large.accepted) == 20
