"""The values that every module shares: the request, the places, and the state of each way by which a notice goes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class EmergencyError(Exception):
    """Something that the person on duty has to mend, in English and Japanese."""


class Verb(StrEnum):
    """What the notice does, as its front matter says: a new one, or one that follows another. ``any`` is only to look at."""

    ANY = "any"
    PUBLISH = "publish"
    UPDATE = "update"
    CANCEL = "cancel"
    CORRECT = "correct"


class Outcome(StrEnum):
    """``late``: it works, or is tried again, and the time for it is over. ``off``: there is no such way here."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    LATE = "late"
    FAILED = "failed"
    OFF = "off"


@dataclass(frozen=True)
class WayState:
    """How far one way is. ``seconds`` are those from the request until it was done. ``why`` says what holds it up, or what it did."""

    name: str
    outcome: Outcome = Outcome.WAITING
    seconds: float | None = None
    why: str = ""
    tries: int = 0


@dataclass(frozen=True)
class Report:
    """What became of one request. ``ways`` by name, in the order in which they help people."""

    notice: str
    verb: Verb
    started: dt.datetime
    ways: Mapping[str, WayState]
    notes: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether every way that there is here is done."""
        return all(way.outcome in (Outcome.DONE, Outcome.OFF) for way in self.ways.values())

    def record(self) -> dict[str, Any]:
        """Return it for other programs (docs/reference/machine-output.md)."""
        ways = [
            {"way": way.name, "outcome": way.outcome.value, "seconds": way.seconds, "why": way.why, "tries": way.tries}
            for way in self.ways.values()
        ]
        start = self.started.isoformat(timespec="milliseconds")
        return {
            "notice": self.notice,
            "verb": self.verb.value,
            "started": start,
            "complete": self.is_complete,
            "ways": ways,
            "notes": [*self.notes],
        }


@dataclass(frozen=True)
class MirrorPlace:
    """A mirror of ``publish.toml``. ``url`` is its public address, or empty."""

    name: str
    kind: str
    url: str = ""


@dataclass(frozen=True)
class Places:
    """Where everything is. ``trouble`` says why ``publish.toml`` cannot be used; then nothing is released, and everything else goes on."""

    config: Path
    output: Path
    content: Path
    mailer: Path
    mirrors: Sequence[MirrorPlace] = ()
    is_configured: bool = False
    trouble: str = ""

    @property
    def is_mail_off(self) -> bool:
        """Whether there is no mailer here."""
        return not self.mailer.is_file()


@dataclass(frozen=True)
class Request:
    """What the person on duty has asked for. ``people`` are one or two names; ``seconds`` is the time after which nothing is tried again."""

    file: Path
    verb: Verb
    people: tuple[str, ...] = ()
    seconds: float = 600.0
