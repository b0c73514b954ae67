"""Holds the state of every way. Each way writes its own state and may read those of others; none waits here for another without a deadline."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace

from emergency.model import Outcome, Report, Request, WayState

SITE, PAGES, SIGNATURE, AGREEMENT, AUDIT_LOG = "site", "all pages", "signature", "two people", "audit log"


def mirror_way(name: str) -> str:
    """Return the way of a mirror."""
    return f"mirror {name}"


def mail_way(issue: str) -> str:
    """Return the way of the mail of one issue."""
    return f"mail {issue}"


def channel_way(name: str) -> str:
    """Return the way of a channel of another network."""
    return f"channel {name}"


class Board:
    """``seconds`` is a clock of seconds that only grows; ``on_change`` is given the report whenever something has changed."""

    def __init__(
        self,
        request: Request,
        started: dt.datetime,
        seconds: Callable[[], float],
        on_change: Callable[[Report], None] = lambda _report: None,
    ) -> None:
        self.report = Report(str(request.file), request.verb, started, {})
        self.is_live = asyncio.Event()
        self._seconds, self._start, self._on_change = seconds, seconds(), on_change
        self._end = self._start + request.seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the request."""
        return self._seconds() - self._start

    @property
    def left(self) -> float:
        """Seconds until nothing is tried again."""
        return self._end - self._seconds()

    def set(self, name: str, outcome: Outcome, why: str = "", *, is_try: bool = False) -> None:
        """Write how far a way is. What is done stays done, with the moment at which it first was."""
        before = self.report.ways.get(name, WayState(name))
        seconds = round(self.elapsed, 2) if outcome is Outcome.DONE else None
        after = replace(before, outcome=outcome, why=why, seconds=seconds, tries=before.tries + is_try)
        if before.outcome is Outcome.DONE and outcome is Outcome.DONE:
            after = replace(after, seconds=before.seconds)
        self.report = replace(self.report, ways={**self.report.ways, name: after})
        self._on_change(self.report)

    def note(self, words: str) -> None:
        """Add a sentence that belongs to no way."""
        if words not in self.report.notes:
            self.report = replace(self.report, notes=(*self.report.notes, words))
            self._on_change(self.report)

    def close(self) -> None:
        """The time is over: what is not done is late if it still works or is tried again."""
        for way in self._unfinished():
            self.set(way.name, Outcome.LATE, way.why)

    def _unfinished(self) -> Iterable[WayState]:
        return [way for way in self.report.ways.values() if way.outcome in (Outcome.WAITING, Outcome.WORKING)]
