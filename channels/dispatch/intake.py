"""The folder of announcements → rows of the outbox. It is looked at again and again; what has not changed costs a look at the names and times."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from channels.announcement import Announcement, Purpose, Reading, read_folder
from channels.destinations import Destination, Destinations
from channels.dispatch.releases import Releases
from channels.outbox.outbox import Outbox, Plan
from channels.outbox.planning import MEMORY, Moments

MOST_WITHDRAWN = 3
"""Records that are taken back at once without a person's word: more of them than that is a broken build, not news."""
ISSUES_AGAIN = timedelta(seconds=5)
"""How often the database is asked which issues have been sent."""
_log = logging.getLogger("channels")
Signature = tuple[tuple[str, int, int], ...]


@dataclass(slots=True)
class Intake:
    """``problems`` are files that cannot be used, and what needs a person's word."""

    folder: Path
    outbox: Outbox
    to: Destinations
    site: Path
    releases: Releases | None = None
    problems: tuple[str, ...] = ()
    _seen: Signature | None = None
    _reading: Reading = field(default_factory=Reading)
    _done: dict[str, str] = field(default_factory=dict)
    _superseded: frozenset[str] = frozenset()
    _missing: Mapping[str, str] = field(default_factory=dict)
    _issues_asked: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Enter what is new. True: there is something new to post.

        :raises ChannelsError: the database cannot be used. Nothing is lost: the next call does it.
        """
        signature = signature_of(self.folder)
        is_changed = signature != self._seen
        if is_changed:
            self._reading = read_folder(self.folder)
            self._superseded = frozenset(each.follows for each in self._reading.all if each.follows)
            self._missing = self.outbox.gone((each.record for each in self._reading.all), ("article", "issue", "emergency"), now)
        sent = self._sent_issues(now)
        entered = [*(self._enter(each, self.to.live, sent, now) for each in self._reading.live)]
        entered += [*(self._enter(each, self.to.drills, sent, now) for each in self._reading.drills)]
        withdrawn = self._withdraw(now) if is_changed else False
        if is_changed:
            self._report()
        self._seen = signature
        return any(entered) or withdrawn

    def _enter(
        self, announcement: Announcement[Purpose], to: Iterable[Destination[Purpose]], sent: dict[str, datetime], now: datetime
    ) -> bool:
        revision = announcement.revision
        if self._done.get(announcement.record) == revision or announcement.moment + MEMORY <= now or announcement.moment > now:
            return False
        if announcement.issue is not None and announcement.issue not in sent:
            return False
        if announcement.record in self._superseded and not self.outbox.of_record(announcement.record):
            self._done[announcement.record] = revision  # it was replaced before it was announced: the one that replaces it says all
            return False
        if not self._is_public(announcement):
            return False
        if announcement.address in self._missing.values():
            self._done[announcement.record] = revision  # its source has another name now: the page was announced under the old one
            return False
        begin = sent.get(announcement.issue) if announcement.issue else None
        try:
            plan = self.outbox.enter(announcement, to, Moments(now, begin))
        except ValueError as error:  # an address that is too long for a network: the other records go out
            self.problems = (*self.problems, f"{announcement.record}: {error}")
            plan = Plan()
        self._done[announcement.record] = revision
        return bool(plan.enter)

    def _is_public(self, announcement: Announcement[Purpose]) -> bool:
        """Whether the record's page is public. Of a notice a built page says nothing: the fast path writes it before two people have agreed, and starts
        `todoke announce` itself when they have.
        """
        if self.releases is None:
            return not announcement.is_urgent
        return self.releases.has(announcement.address, announcement.moment)

    def _sent_issues(self, now: datetime) -> dict[str, datetime]:
        """Ask only while an issue waits to be announced."""
        waiting = [each for each in self._reading.all if each.issue and self._done.get(each.record) != each.revision]
        is_recent = any(each.moment + MEMORY > now for each in waiting)
        if not is_recent or (self._issues_asked is not None and now < self._issues_asked + ISSUES_AGAIN):
            return {}
        self._issues_asked = now
        return dict(self.outbox.sent_issues())

    def _withdraw(self, now: datetime) -> bool:
        """Take back what is gone from the folder, unless the folder itself is gone, or cannot be read, or lost too much at once."""
        if self._reading.problems or not self._reading.all:
            return False
        gone = [record for record, address in self._missing.items() if not self._has_page(address)]
        if len(gone) > MOST_WITHDRAWN:
            words = f"{len(gone)} announced records are gone at once: nothing is taken back. One by one: todoke announce RECORD --withdraw"
            self.problems = (*self.problems, f"{words} / 一度に多くの記事がなくなったため、取り消しません: {', '.join(gone[:5])}")
            return False
        plans = [self.outbox.withdraw(record, self.to, now) for record in gone]
        return any(plan.enter for plan in plans)

    def _has_page(self, address: str) -> bool:
        """Whether there is still something at an address: an article whose source was renamed, or is no longer marked, was not withdrawn."""
        page = self.site / unquote(urlsplit(address).path).lstrip("/")
        return not (self.site / "index.html").is_file() or page.is_file() or (page / "index.html").is_file()

    def _report(self) -> None:
        self.problems = (*self._reading.problems, *(each for each in self.problems if each not in self._reading.problems))[-20:]
        for problem in self.problems:
            _log.warning("%s", problem)


def signature_of(folder: Path) -> Signature:
    """What changes when a file below the folder does."""
    stats = []
    for path in sorted(folder.glob("*/*.json")):
        try:
            status = path.stat()
        except OSError:
            continue  # a build is exchanging the folder
        stats.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(stats)
