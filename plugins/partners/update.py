"""Import feeds: may it be asked? → robots.txt → fetch → parse → entries → pictures → files. Hosts at once, a host's feeds in a row.

A feed that fails is reported; the others go on. Only the takedown list ever removes an entry.
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

from plugins.partners import schedule, state
from plugins.partners.entries import takedown
from plugins.partners.feed_import import FeedImport, FeedOutcome, FeedReport, ImportContext
from plugins.partners.http.addresses import GLOBAL_ONLY, AddressRules
from plugins.partners.http.client import Limits, RequestOptions, open_client
from plugins.partners.http.robots import Robots
from plugins.partners.model.config import FeedConfig, Settings
from plugins.partners.model.errors import BusyError, PartnersError
from plugins.partners.sandbox.pool import SandboxLimits, open_sandbox
from plugins.partners.state import FeedState

FEEDS_AT_ONCE = 24
"""Feeds in work at the same time; each may hold a megabyte (``body.Space``)."""


@dataclass(frozen=True)
class Options:
    """Where to write, when it is, and how far to go. ``rules`` are wider in the demonstration and in tests only.

    ``force`` asks feeds that are not due. ``stand_ins``: feed key → server that answers for its host in a rehearsal.
    """

    content: Path
    state: Path
    now: datetime
    dry_run: bool = False
    force: bool = False
    rules: AddressRules = GLOBAL_ONLY
    limits: Limits = field(default_factory=Limits)
    read_limits: SandboxLimits = field(default_factory=SandboxLimits)
    gap: float = 1.0
    proxy: str | None = None
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    names: AbstractResolver | None = None


@dataclass(frozen=True)
class UpdateReport:
    """What a run did: a report of each feed, in their order, and the files that the takedown list removed."""

    feeds: tuple[FeedReport, ...]
    taken_down: tuple[str, ...] = ()

    @property
    def in_vain(self) -> bool:
        """Nothing could be done: there were feeds, and every one failed."""
        return bool(self.feeds) and all(report.failed for report in self.feeds)


async def update(feeds: Sequence[FeedConfig], settings: Settings, options: Options) -> UpdateReport:
    """Import ``feeds``. Raises BusyError, TakedownError, and OSError when the state cannot be written."""
    with _alone(options):
        removed = takedown.apply(options.content, dry_run=options.dry_run)
        known = state.load(options.state)
        async with _shared(settings, options) as shared:
            done = await _all(shared, feeds, known)
        _remember(known, done, options)
    return UpdateReport(tuple(done[feed.key].report for feed in feeds), removed)


@contextmanager
def _alone(options: Options) -> Iterator[None]:
    """Hold the lock that the kernel drops when the process dies. A dry run writes nothing and needs none. Raises BusyError."""
    if options.dry_run:
        yield
        return
    path = options.state.with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
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
async def _shared(settings: Settings, options: Options) -> AsyncIterator[ImportContext]:
    """Open what all feeds of this run share."""
    manners = RequestOptions(settings.contact, options.gap, options.proxy)
    async with open_client(manners, options.rules, options.limits, options.names) as client, open_sandbox(options.read_limits) as readers:
        yield ImportContext(
            client=client,
            readers=readers,
            robots=Robots(client, options.rules, options.limits),
            rules=options.rules,
            limits=options.limits,
            content=options.content,
            now=options.now,
            dry_run=options.dry_run,
            topics=settings.topics,
            taken_down=takedown.read_takedown(options.content),
            stand_ins=options.stand_ins,
            force=options.force,
        )


async def _all(shared: ImportContext, feeds: Sequence[FeedConfig], known: Mapping[str, FeedState]) -> dict[str, FeedOutcome]:
    """Import all feeds: those of one host one after the other, so that none waits with its hands full."""
    gate = asyncio.Semaphore(FEEDS_AT_ONCE)
    hosts: dict[str, list[FeedConfig]] = {}
    for feed in feeds:
        hosts.setdefault(_host(feed), []).append(feed)
    done = await asyncio.gather(*(_in_a_row(shared, row, known, gate) for row in hosts.values()))
    return {outcome.report.key: outcome for row in done for outcome in row}


def _host(feed: FeedConfig) -> str:
    try:
        return URL(feed.url).host or ""
    except ValueError:
        return ""


async def _in_a_row(
    shared: ImportContext, row: Sequence[FeedConfig], known: Mapping[str, FeedState], gate: asyncio.Semaphore
) -> list[FeedOutcome]:
    """Import the feeds of one host."""
    done = []
    for feed in row:
        at = schedule.feed_state(known.get(feed.key), feed.url)
        due = None if shared.force else schedule.waits_until(at, shared.now)
        if due or (at.ended and not shared.force):
            done.append(FeedOutcome(_waiting(feed, at, due, shared.now), at))
            continue
        async with gate:
            done.append(await _guarded(FeedImport(shared, feed, at)))
    return done


def _waiting(feed: FeedConfig, at: FeedState, due: datetime | None, now: datetime) -> FeedReport:
    """Report a feed that is left in peace this time."""
    return FeedReport(
        feed.key,
        waits_until=due.isoformat(timespec="minutes") if due else None,
        ended=at.ended,
        moved_to=at.moved_to,
        failing_since=_since(at, now),
    )


def _since(at: FeedState, now: datetime) -> str | None:
    return at.failing_since.date().isoformat() if at.failing_since and schedule.is_failing_long(at, now) else None


async def _guarded(one: FeedImport) -> FeedOutcome:
    """Import one feed; whatever goes wrong stays with it."""
    try:
        outcome = await one.run()
    except (PartnersError, OSError) as error:
        outcome = one.failed(str(error))
    except Exception as error:  # a bug met by one feed's data must not stop the other partners
        outcome = one.failed(f"プログラムの誤りです。知らせてください / a bug, please report: {type(error).__name__}: {error}")
    since = _since(outcome.standing, one.shared.now)
    return replace(outcome, report=replace(outcome.report, failing_since=since))


def _remember(known: Mapping[str, FeedState], done: Mapping[str, FeedOutcome], options: Options) -> None:
    """Keep what was learned about every feed."""
    merged = {**known, **{key: outcome.standing for key, outcome in done.items()}}
    if not options.dry_run and merged != known:
        state.save(options.state, merged)
