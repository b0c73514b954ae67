"""Import feeds: is it due? → robots.txt → fetch → parse → entries → pictures → files. Hosts side by side, the feeds of one host in a row.

A feed that fails is reported, and the others go on. Only the takedown list ever removes an entry.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from aiohttp.abc import AbstractResolver
from filelock import FileLock, Timeout
from yarl import URL

from plugins.files import make_private_folder
from plugins.partners import schedule, state
from plugins.partners.entries import review, takedown
from plugins.partners.feed_import import FeedImport, FeedOutcome, FeedReport, ImportContext
from plugins.partners.http.addresses import GLOBAL_ONLY, AddressRules
from plugins.partners.http.client import Limits, RequestOptions, open_client
from plugins.partners.http.robots import Robots
from plugins.partners.model.config import FeedConfig, Settings
from plugins.partners.model.errors import BusyError, PartnersError
from plugins.partners.sandbox.pool import SandboxLimits, open_sandbox
from plugins.partners.state import FeedState

FEEDS_AT_ONCE = 24
"""Feeds in work at the same time; each may hold a megabyte without waiting (``http.body.MemoryBudget``)."""


@dataclass(frozen=True)
class Options:
    """Where to write, when it is, and what is allowed. ``rules`` are wider only in the demonstration and in tests.

    ``force`` asks feeds that are not due. ``override_servers``: feed key → server that answers for the feed's host in a rehearsal.
    """

    content: Path
    state: Path
    now: datetime
    dry_run: bool = False
    force: bool = False
    rules: AddressRules = GLOBAL_ONLY
    limits: Limits = field(default_factory=Limits)
    sandbox_limits: SandboxLimits = field(default_factory=SandboxLimits)
    gap: float = 1.0
    proxy: str | None = None
    override_servers: Mapping[str, str] = field(default_factory=dict)
    resolver: AbstractResolver | None = None


@dataclass(frozen=True)
class UpdateReport:
    """The result of a run: a report of each feed, in their order, what the takedown list removed, and the new versions that an editor published by hand."""

    feeds: tuple[FeedReport, ...]
    removal: takedown.Removal = field(default_factory=takedown.Removal)
    published: tuple[str, ...] = ()

    @property
    def all_failed(self) -> bool:
        """True if there were feeds and every one failed."""
        return bool(self.feeds) and all(report.failed for report in self.feeds)


async def update(feeds: Sequence[FeedConfig], settings: Settings, options: Options) -> UpdateReport:
    """Import ``feeds``. Raises BusyError, TakedownError, and OSError if the state cannot be written."""
    with _lock(options):
        removal = takedown.apply(options.content, dry_run=options.dry_run)
        published = review.publish_by_hand(options.content, dry_run=options.dry_run)
        states = state.load(options.state)
        async with _open_context(settings, options) as context:
            outcomes = await _import_all(context, feeds, states)
        _save(states, outcomes, options)
    return UpdateReport(tuple(outcomes[feed.key].report for feed in feeds), removal, published)


@contextmanager
def _lock(options: Options) -> Iterator[None]:
    """Hold a lock, which the kernel releases if the process dies. A dry run writes nothing and needs none. Raises BusyError."""
    if options.dry_run:
        yield
        return
    path = options.state.with_suffix(".lock")
    if not path.parent.exists():
        make_private_folder(path.parent)
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise BusyError(path) from error
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def _open_context(settings: Settings, options: Options) -> AsyncIterator[ImportContext]:
    """Open what all feeds of this run share."""
    request_options = RequestOptions(settings.contact, options.gap, options.proxy)
    async with (
        open_client(request_options, options.rules, options.limits, options.resolver) as client,
        open_sandbox(options.sandbox_limits) as sandbox,
    ):
        yield ImportContext(
            client=client,
            sandbox=sandbox,
            robots=Robots(client, options.rules, options.limits),
            rules=options.rules,
            limits=options.limits,
            content=options.content,
            now=options.now,
            dry_run=options.dry_run,
            topics=settings.topics,
            takedown=takedown.read_takedown(options.content),
            override_servers=options.override_servers,
            force=options.force,
        )


async def _import_all(context: ImportContext, feeds: Sequence[FeedConfig], states: Mapping[str, FeedState]) -> dict[str, FeedOutcome]:
    """Import all feeds. Those of one host go one after the other, so that none waits for the throttle while it holds memory."""
    gate = asyncio.Semaphore(FEEDS_AT_ONCE)
    by_host: dict[str, list[FeedConfig]] = {}
    for feed in feeds:
        by_host.setdefault(_host(feed), []).append(feed)
    outcomes = await asyncio.gather(*(_import_host(context, of_host, states, gate) for of_host in by_host.values()))
    return {outcome.report.key: outcome for of_host in outcomes for outcome in of_host}


def _host(feed: FeedConfig) -> str:
    try:
        return URL(feed.url).host or ""
    except ValueError:
        return ""


async def _import_host(
    context: ImportContext, feeds: Sequence[FeedConfig], states: Mapping[str, FeedState], gate: asyncio.Semaphore
) -> list[FeedOutcome]:
    """Import the feeds of one host, one after the other."""
    outcomes = []
    for feed in feeds:
        feed_state = schedule.feed_state(states.get(feed.key), feed.url)
        due = None if context.force else schedule.waits_until(feed_state, context.now)
        if due or (feed_state.ended and not context.force):
            outcomes.append(FeedOutcome(_waiting(feed, feed_state, due, context.now), feed_state))
            continue
        async with gate:
            outcomes.append(await _import_safely(FeedImport(context, feed, feed_state)))
    return outcomes


def _waiting(feed: FeedConfig, feed_state: FeedState, due: datetime | None, now: datetime) -> FeedReport:
    """Report a feed that is not asked this time."""
    return FeedReport(
        feed.key,
        waits_until=due.isoformat(timespec="minutes") if due else None,
        ended=feed_state.ended,
        moved_to=feed_state.moved_to,
        failing_since=_failing_since(feed_state, now),
    )


def _failing_since(feed_state: FeedState, now: datetime) -> str | None:
    if feed_state.failing_since is None or not schedule.is_failing_long(feed_state, now):
        return None
    return feed_state.failing_since.date().isoformat()


async def _import_safely(feed_import: FeedImport) -> FeedOutcome:
    """Import one feed. Whatever goes wrong is that feed's failure."""
    try:
        outcome = await feed_import.run()
    except (PartnersError, OSError) as error:
        outcome = feed_import.failed(str(error))
    except Exception as error:  # a bug that one feed's data reveals must not stop the other partners
        outcome = feed_import.failed(f"プログラムの誤りです。知らせてください / a bug, please report: {type(error).__name__}: {error}")
    failing_since = _failing_since(outcome.state, feed_import.context.now)
    return replace(outcome, report=replace(outcome.report, failing_since=failing_since))


def _save(states: Mapping[str, FeedState], outcomes: Mapping[str, FeedOutcome], options: Options) -> None:
    """Save the new state of every feed that was asked; the others keep theirs."""
    merged = {**states, **{key: outcome.state for key, outcome in outcomes.items()}}
    if not options.dry_run and merged != states:
        state.save(options.state, merged)
