"""The operator's log, in English: one line an event, as text or as JSON (`--log json`), on standard error.

A line names issues, slices, relays, subscribers by number and replies of relays. It never holds an address, a name, a link
or a secret: what a relay says is told with the recipient's address cut out. Not `logging`: Pelican puts a filter on every
logger of the process that drops what it has seen before.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import TextIO

Fact = str | int | float | None


class LogKind(StrEnum):
    """What the log looks like."""

    OFF = "off"
    TEXT = "text"
    JSON = "json"


class _Log:
    """Where lines go. One for the process, as standard error is."""

    def __init__(self) -> None:
        self.kind = LogKind.OFF
        self.out: TextIO = sys.stderr
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        with self._lock, suppress(OSError, ValueError):  # nobody reads any more: that must not end a run
            self.out.write(text + "\n")
            self.out.flush()


_LOG = _Log()


def configure(kind: LogKind, out: TextIO) -> None:
    """Write events to `out` from now on."""
    _LOG.kind, _LOG.out = kind, out


def event(event: str, **facts: Fact) -> None:
    """One event, for example ``tell("slice claimed", issue="fukko-press/45", rows=500)``. Costs next to nothing while nobody listens."""
    if _LOG.kind is not LogKind.OFF:
        _LOG.write(format_line(_LOG.kind, datetime.now(UTC), event, facts))


def redact(text: str, address: str) -> str:
    """A relay's reply without the recipient's address in it."""
    at = text.lower().find(address.lower()) if address else -1
    return text if at < 0 else f"{text[:at]}(recipient){redact(text[at + len(address) :], address)}"


def format_line(kind: LogKind, at: datetime, event: str, facts: Mapping[str, Fact]) -> str:
    """One event as it is written: JSON with `at` and `event` first, or `at event key=value …`."""
    moment = at.isoformat(timespec="milliseconds")
    known = {name: fact for name, fact in facts.items() if fact is not None}
    if kind is LogKind.JSON:
        return json.dumps({"at": moment, "event": event, **known}, ensure_ascii=False)
    words = (f"{name}={json.dumps(fact, ensure_ascii=False) if isinstance(fact, str) else fact}" for name, fact in known.items())
    return " ".join([moment, event, *words])
