"""One feed, from its address to its files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from plugins.partners import schedule
from plugins.partners.attachments.download import FileDownloads
from plugins.partners.entries.entry import Entry, make_entry
from plugins.partners.entries.files import feed_folder, has_entries, read_entry, read_stored, remove_unused_assets, render, write
from plugins.partners.entries.reconcile import EntryChange, ImportPlan, plan
from plugins.partners.entries.takedown import Takedown
from plugins.partners.entries.versions import FrontMatter, StoredEntry
from plugins.partners.http.addresses import AddressRules, UrlOverride
from plugins.partners.http.assets import AssetFetcher
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
    """The result of one feed. ``failed``: why, in words. ``moved_to``: an address to write into publications.toml. ``ended``: the server said 410.

    ``broken``: entries that could not be read. ``waiting``: new versions of entries that an editor has to decide about. ``kept``: texts that were kept, since the new ones are cut.
    ``doubtful``: new entries that wait, since they have the address of one that was taken down. ``barred_without_feed``: lines of the takedown list that barred an entry and do not say of which feed they are.
    ``waits_until``: the feed was not asked, since it is not due (ISO 8601). ``failing_since``: it has failed for a week or longer (a day).
    """

    key: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    pictures: int = 0
    attachments: int = 0
    taken_down: int = 0
    doubtful: int = 0
    barred_without_feed: tuple[str, ...] = ()
    left_out: int = 0
    broken: int = 0
    waiting: int = 0
    kept: int = 0
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
    sandbox: Sandbox
    robots: Robots
    rules: AddressRules
    limits: Limits
    content: Path
    now: datetime
    dry_run: bool
    force: bool
    topics: frozenset[str]
    takedown: Takedown
    override_servers: Mapping[str, str]


@dataclass(frozen=True)
class FeedOutcome:
    """One feed's report, and its state until the next run."""

    report: FeedReport
    state: FeedState


@dataclass
class FeedImport:
    """The import of one feed. ``state`` is the feed's state before."""

    context: ImportContext
    feed: FeedConfig
    state: FeedState

    @property
    def folder(self) -> Path:
        """The folder of the feed's entries."""
        return feed_folder(self.context.content, self.feed.key)

    async def run(self) -> FeedOutcome:
        """Fetch, parse, plan and write."""
        url = self.state.moved_to or self.feed.url
        rules = self.context.rules.allowing_port_of(self.feed.url)
        if refusal := await self._robots_refusal(url):
            return self.failed(refusal)
        async with MemoryBudget(self.context.client.large_bodies) as budget:  # held until the body is parsed
            result = await fetch(self.context.client, url, self._validators(), rules, self.context.limits, budget)
            if isinstance(result, Failure):
                return self._failure(result)
            if result.status == 304:
                return self._success(result, FeedReport(self.feed.key, not_modified=True))
            parsed = await parse(result.body, Source(result.url, result.content_type, self.feed.site), self.context.sandbox)
        hub = result.hub or parsed.hub or None
        self.state = replace(self.state, hub=hub, topic=(result.topic or parsed.topic or result.url) if hub else None)
        override = UrlOverride(rules, self.feed.site, self.context.override_servers.get(self.feed.key))
        return self._success(result, await self._import_entries(parsed, override))

    async def _robots_refusal(self, url: str) -> str | None:
        """Ask robots.txt, unless it allowed us less than a day ago."""
        if schedule.robots_allowed(self.state, self.context.now):
            return None
        refusal = await self.context.robots.refusal(url)
        self.state = replace(self.state, robots_at=None if refusal else self.context.now)
        return refusal

    def _validators(self) -> Validators | None:
        """Return validators only if the feed's entries exist: else "not modified" would hide entries that were lost."""
        return self.state.validators if has_entries(self.folder) else None

    async def _import_entries(self, parsed: ParsedFeed, override: UrlOverride) -> FeedReport:
        """Bring the feed's folder up to date."""
        entries = [make_entry(entry, self.feed, self.context.topics, self.context.now) for entry in parsed.entries]
        allowed, refused, without_feed = self.context.takedown.split(entries, self.feed)
        import_plan = await asyncio.to_thread(self._plan, allowed)
        images = ImageDownloads(self._fetcher(override), self.context.sandbox, self.folder)
        files = FileDownloads(self._fetcher(override), self.context.sandbox, self.folder)
        if not self.context.dry_run:
            written: dict[Path, tuple[FrontMatter, str]] = {}
            try:
                for change in import_plan.changes:
                    await self._write(change, images, files, written)
            finally:
                remove_unused_assets(written)
        report = self._report(import_plan, images.downloaded, len(refused))
        return replace(
            report, attachments=files.downloaded, left_out=parsed.left_out, broken=parsed.broken, barred_without_feed=without_feed
        )

    def _plan(self, entries: list[Entry]) -> ImportPlan:
        """Compare with the existing files. Runs in a thread, since it reads all of them."""
        return plan(entries, read_stored(self.folder), self.feed, self.context.now)

    def _fetcher(self, override: UrlOverride) -> AssetFetcher:
        return AssetFetcher(self.context.client, self.context.robots, override, self.context.limits)

    async def _write(
        self, change: EntryChange, images: ImageDownloads, files: FileDownloads, written: dict[Path, tuple[FrontMatter, str]]
    ) -> None:
        """Download the pictures and files of one entry and write it. A new body is put into ``written``."""
        path = self.folder / change.path
        if change.kind == "pictures" and not _is_unedited(path, change, images):
            return
        final = await files.download(await images.download(change))
        if change.kind == "pictures" and path.read_bytes() == render(final.front, final.body or ""):
            return
        write(self.folder, final)
        if final.body is not None:
            written[path] = (final.front, final.body)

    def _report(self, import_plan: ImportPlan, pictures: int, taken_down: int) -> FeedReport:
        kinds = [change.kind for change in import_plan.changes]
        return FeedReport(
            key=self.feed.key,
            new=kinds.count("new"),
            changed=kinds.count("changed"),
            unchanged=import_plan.unchanged,
            pictures=pictures,
            taken_down=taken_down,
            waiting=import_plan.waiting,
            kept=import_plan.kept,
            doubtful=sum(
                change.kind == "new" and bool(change.front.get("draft")) and self.feed.mode == "publish" for change in import_plan.changes
            ),
            files=tuple(
                (self.folder / change.path).as_posix() for change in import_plan.changes if change.kind in ("new", "changed", "edit")
            ),
        )

    def _success(self, response: Fetched, report: FeedReport) -> FeedOutcome:
        """Record a usable response. A permanent move is believed only now: the new address has given a feed."""
        moved_to = response.moved_to or self.state.moved_to
        validators = response.validators
        state = replace(self.state, etag=validators.etag, last_modified=validators.last_modified, moved_to=moved_to)
        return FeedOutcome(replace(report, moved_to=moved_to), schedule.succeeded(state, self.feed.key, self.context.now))

    def _failure(self, failure: Failure) -> FeedOutcome:
        """Record an unusable response."""
        state = schedule.failed(self.state, failure, self.feed.key, self.context.now)
        return FeedOutcome(FeedReport(self.feed.key, failed=failure.reason, ended=state.ended), state)

    def failed(self, reason: str) -> FeedOutcome:
        """Record a failure that is not a response of a server."""
        return self._failure(Failure(self.feed.url, reason))


def _is_unedited(path: Path, change: EntryChange, images: ImageDownloads) -> bool:
    """Tell whether a file's body is as the importer wrote it. An editor's edit is worth more than a late picture."""
    front, body = read_entry(path)
    stored = StoredEntry(change.path, front, body)
    if stored.source:
        return not stored.has_edited_body
    names: dict[str, str | None] = {src: name for src, name in images.existing(change).items() if name and name in body}
    return body == images.body(change, names)
