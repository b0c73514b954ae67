"""One feed, from its address to its files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from plugins.partners import schedule
from plugins.partners.entries.entry import Entry, make_entry
from plugins.partners.entries.files import feed_folder, has_entries, read_entry, read_stored, render, tidy, write
from plugins.partners.entries.reconcile import EntryChange, ImportPlan, plan
from plugins.partners.entries.takedown import Takedown
from plugins.partners.http.addresses import AddressRules, UrlOverride
from plugins.partners.http.body import MemoryBudget
from plugins.partners.http.client import HttpClient, Limits
from plugins.partners.http.fetch import Failure, Fetched, Validators, fetch
from plugins.partners.http.robots import Robots
from plugins.partners.images.download import ImageDownloads
from plugins.partners.model.config import FeedConfig
from plugins.partners.model.parsed import ParsedFeed
from plugins.partners.sandbox.feed import Source, parse
from plugins.partners.sandbox.pool import Sandbox
from plugins.partners.state import FeedState


@dataclass(frozen=True)
class FeedReport:
    """``failed`` is the reason in words; ``moved_to`` an address to put into publications.toml; ``ended``: the server said 410.

    ``waits_until``: it was not asked, since it is not due. ``failing_since``: it has not worked for a week or longer.
    """

    key: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    pictures: int = 0
    taken_down: int = 0
    left_out: int = 0
    not_modified: bool = False
    failed: str | None = None
    moved_to: str | None = None
    ended: bool = False
    waits_until: str | None = None
    failing_since: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImportContext:
    """What all feeds of one run share."""

    client: HttpClient
    readers: Sandbox
    robots: Robots
    rules: AddressRules
    limits: Limits
    content: Path
    now: datetime
    dry_run: bool
    force: bool
    topics: frozenset[str]
    taken_down: Takedown
    stand_ins: Mapping[str, str]


@dataclass(frozen=True)
class FeedOutcome:
    """One feed's report, and what to remember of it."""

    report: FeedReport
    standing: FeedState


@dataclass
class FeedImport:
    """The import of one feed. ``at`` is where it stood before."""

    shared: ImportContext
    feed: FeedConfig
    at: FeedState

    @property
    def folder(self) -> Path:
        """Where the feed's entries lie."""
        return feed_folder(self.shared.content, self.feed.key)

    async def run(self) -> FeedOutcome:
        """Fetch, parse, plan and write."""
        url = self.at.moved_to or self.feed.url
        rules = self.shared.rules.knowing(self.feed.url)
        if refusal := await self._robots(url):
            return self.failed(refusal)
        async with MemoryBudget(self.shared.client.large) as space:
            answer = await fetch(self.shared.client, url, self._validators(), rules, self.shared.limits, space)
            if isinstance(answer, Failure):
                return self._failure(answer)
            if answer.status == 304:
                return self._answered(answer, FeedReport(self.feed.key, not_modified=True))
            parsed = await parse(answer.body, Source(answer.url, answer.content_type, self.feed.site), self.shared.readers)
        return self._answered(
            answer, await self._kept(parsed, UrlOverride(rules, self.feed.site, self.shared.stand_ins.get(self.feed.key)))
        )

    async def _robots(self, url: str) -> str | None:
        """Ask robots.txt, unless it allowed us less than a day ago."""
        if schedule.robots_hold(self.at, self.shared.now):
            return None
        refusal = await self.shared.robots.refusal(url)
        self.at = replace(self.at, robots_at=None if refusal else self.shared.now)
        return refusal

    def _validators(self) -> Validators | None:
        """Return validators only if the feed's entries are here: else "not modified" would hide them."""
        return self.at.validators if has_entries(self.folder) else None

    async def _kept(self, parsed: ParsedFeed, route: UrlOverride) -> FeedReport:
        """Bring the feed's folder up to date."""
        entries = [make_entry(raw, self.feed, self.shared.topics, self.shared.now) for raw in parsed.entries]
        wanted = [entry for entry in entries if not self.shared.taken_down.covers(entry)]
        planned = await asyncio.to_thread(self._plan, wanted)
        album = ImageDownloads(self.shared.client, self.shared.readers, self.shared.robots, route, self.shared.limits, self.folder)
        if not self.shared.dry_run:
            for change in planned.changes:
                await self._write(change, album)
        return self._report(planned, album.came, len(entries) - len(wanted), parsed.left_out)

    def _plan(self, entries: list[Entry]) -> ImportPlan:
        """Compare with the files that are there. Runs in a thread, since it reads them all."""
        return plan(entries, read_stored(self.folder), self.feed, self.shared.now)

    async def _write(self, change: EntryChange, album: ImageDownloads) -> None:
        """Copy the pictures of one entry and write its file."""
        path = self.folder / change.path
        if change.kind == "pictures" and not _is_ours(path, change, album):
            return
        settled = await album.download(change)
        if change.kind == "pictures" and path.read_bytes() == render(settled.front, settled.body):
            return
        write(self.folder, settled)
        tidy(path, settled.front, settled.body)

    def _report(self, planned: ImportPlan, pictures: int, taken_down: int, left_out: int) -> FeedReport:
        kinds = [change.kind for change in planned.changes]
        return FeedReport(
            key=self.feed.key,
            new=kinds.count("new"),
            changed=kinds.count("changed"),
            unchanged=planned.unchanged,
            pictures=pictures,
            taken_down=taken_down,
            left_out=left_out,
            files=tuple((self.folder / change.path).as_posix() for change in planned.changes if change.kind != "pictures"),
        )

    def _answered(self, answer: Fetched, report: FeedReport) -> FeedOutcome:
        """Note a usable answer. Only now is a permanent move believed: its new place has given a feed."""
        moved = answer.moved_to or self.at.moved_to
        known = replace(self.at, etag=answer.validators.etag, last_modified=answer.validators.last_modified, moved_to=moved)
        return FeedOutcome(replace(report, moved_to=moved), schedule.answered(known, self.feed.key, self.shared.now))

    def _failure(self, failure: Failure) -> FeedOutcome:
        """Note an unusable answer."""
        standing = schedule.failed(self.at, failure, self.feed.key, self.shared.now)
        return FeedOutcome(FeedReport(self.feed.key, failed=failure.reason, ended=standing.ended), standing)

    def failed(self, reason: str) -> FeedOutcome:
        """Note a failure that no server told of."""
        return self._failure(Failure(self.feed.url, reason))


def _is_ours(path: Path, change: EntryChange, album: ImageDownloads) -> bool:
    """Tell whether a file's body is as we wrote it. An editor's hand in it is worth more than a late picture."""
    body = read_entry(path)[1]
    shown: dict[str, str | None] = {src: name for src, name in album.kept(change).items() if name and name in body}
    return body == album.body(change, shown)
