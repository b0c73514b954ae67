"""A relay whose reply does not end: reading it is bounded at each step, and the operator reads what happened."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from mailer.database.deliveries import issues, ledger
from mailer.model.state import DeliveryState
from mailer.sending import send as sending
from tests.samples.mail.mail_bundles import REF, RecordedProgress, installation

LONG = {
    "a line of 100,000 bytes": (b"250 " + b"a" * 100_000 + b"\r\n", "bytes"),
    "a line that never ends": (b"250 " + b"a" * 300_000, "bytes"),
    "lines that never end": (b"250-a\r\n" * 30_000, "bytes"),
    "no reply of SMTP": (b"HTTP/1.1 400 Bad Request\r\n\r\n", "SMTP"),
}
STEPS = (b"", b"EHLO", b"MAIL", b"RCPT", b"DATA", b".")
REPLIES = {
    b"EHLO": b"250-relay\r\n250 PIPELINING\r\n",
    b"MAIL": b"250 ok\r\n",
    b"RCPT": b"250 ok\r\n",
    b"DATA": b"354 go\r\n",
    b".": b"250 ok\r\n",
}


class Relay:
    """A relay in a thread that answers one step with `reply`; for a `with` block. An empty step is the greeting."""

    def __init__(self, step: bytes, reply: bytes) -> None:
        self._replies = {b"": b"220 relay\r\n"} | REPLIES | {step: reply}
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=(self._server.accept()[0],), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with suppress(OSError), client, client.makefile("rb") as lines:
            client.sendall(self._replies[b""])
            is_body = False
            for line in lines:
                verb = line.strip()[:4].upper()
                if is_body and verb != b".":
                    continue
                is_body = verb == b"DATA"
                client.sendall(self._replies.get(verb, b"250 ok\r\n"))


@pytest.mark.parametrize("pipelining", ["auto", "off"])
@pytest.mark.parametrize(("reply", "word"), LONG.values(), ids=LONG)
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.decode() or "greeting")
def test_a_reply_that_is_too_long_or_none_ends_the_run_with_words(
    tmp_path: Path, step: bytes, reply: bytes, word: str, pipelining: str
) -> None:
    with Relay(step, reply) as relay:
        home = installation(tmp_path, relay.port, readers=1, connections=1, relay=f'tls = "none"\npipelining = "{pipelining}"')
        summary = sending.send(home.context, home.root, REF, RecordedProgress()).summary
    frozen = issues.find(home.database, REF)
    assert frozen is not None and summary.exit_status != 0
    missed = ledger.missed(home.database, frozen.issue_id)
    said = f"{summary.trouble} {' '.join(entry.text for entry in missed)}"
    assert word in said, said
    assert "-1" not in said
    if step in (b"", b"EHLO"):
        assert ("EHLO" if step else "the connection") in said and summary.counts[DeliveryState.PENDING] == 1
    if step == b".":
        assert summary.counts[DeliveryState.UNKNOWN] == 1, "the message may have arrived"
