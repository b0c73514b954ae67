"""Import feeds: fetch → parse → entries → files, each feed by itself, several at once.

A feed that fails is reported; the others go on. Nothing is ever deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from . import state
from .address import GLOBAL_ONLY, AddressRules
from .config import FeedConfig, Settings
from .entry import make_entry
from .errors import PartnersError
from .fetch import Failure, Fetched, Limits, fetch, open_session
from .files import feed_folder, has_entries, read_stored, write
from .matching import Plan, plan
from .parse import ParseLimits, Source, parse

if TYPE_CHECKING:
    from aiohttp import ClientSession

AT_ONCE = 6
"""Feeds in work at the same time: each may hold 15 MB and a child process."""


@dataclass(frozen=True)
class Options:
    """Where to write, when it is, and how far to go. ``rules`` are wider in the demonstration and in tests only."""

    content: Path
    state: Path
    now: datetime
    dry_run: bool = False
    rules: AddressRules = GLOBAL_ONLY
    limits: Limits = field(default_factory=Limits)
    parse_limits: ParseLimits = field(default_factory=ParseLimits)


@dataclass(frozen=True)
class FeedReport:
    """What happened to one feed. ``failed`` is the reason in words; ``moved_to`` an address to put into publications.toml."""

    key: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    left_out: int = 0
    not_modified: bool = False
    failed: str | None = None
    moved_to: str | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Done:
    """One feed's report, and the validators to keep for the next time."""

    report: FeedReport
    validators: state.Validators | None = None


async def update(feeds: Sequence[FeedConfig], settings: Settings, options: Options) -> tuple[FeedReport, ...]:
    """Import ``feeds`` and return a report of each, in their order. Raises OSError when the state cannot be written."""
    known = state.load(options.state)
    gate = asyncio.Semaphore(AT_ONCE)
    async with open_session(settings.contact, options.rules, options.limits) as session:
        done = await asyncio.gather(*(_guarded(session, feed, known.get(feed.key), settings, options, gate) for feed in feeds))
    _remember(known, done, options)
    return tuple(each.report for each in done)


def _remember(known: Mapping[str, state.Validators], done: Sequence[_Done], options: Options) -> None:
    """Keep validators of what is now on disk; a feed that failed keeps its old ones."""
    fresh = {each.report.key: each.validators for each in done if each.validators}
    merged = {**known, **fresh}
    if not options.dry_run and merged != known:
        state.save(options.state, merged)


async def _guarded(
    session: ClientSession, feed: FeedConfig, known: state.Validators | None, settings: Settings, options: Options, gate: asyncio.Semaphore
) -> _Done:
    """Import one feed; whatever goes wrong stays with it."""
    async with gate:
        try:
            return await _import(session, feed, known, settings, options)
        except (PartnersError, OSError) as error:
            return _failed(feed, str(error))
        except Exception as error:  # a bug met by one feed's data must not stop the other partners
            return _failed(feed, f"プログラムの誤りです。知らせてください / a bug, please report: {type(error).__name__}: {error}")


async def _import(session: ClientSession, feed: FeedConfig, known: state.Validators | None, settings: Settings, options: Options) -> _Done:
    """Fetch, parse, plan and write one feed."""
    folder = feed_folder(options.content, feed.key)
    answer = await fetch(session, feed.url, usable(known, feed, folder), options.rules, options.limits)
    if isinstance(answer, Failure):
        return _failed(feed, answer.reason)
    if answer.status == 304:
        return _Done(FeedReport(feed.key, not_modified=True, moved_to=answer.moved_to))
    return await asyncio.to_thread(_keep, answer, feed, folder, settings, options)


def usable(known: state.Validators | None, feed: FeedConfig, folder: Path) -> state.Validators | None:
    """Return validators only if they speak of this address and its entries are here: else "not modified" would hide them."""
    return known if known and known.url == feed.url and has_entries(folder) else None


def _keep(answer: Fetched, feed: FeedConfig, folder: Path, settings: Settings, options: Options) -> _Done:
    """Parse a fetched feed and bring its folder up to date. Runs in a thread, since it waits for the child process."""
    parsed = parse(answer.body, Source(answer.url, answer.content_type, feed.site), options.parse_limits)
    entries = [make_entry(raw, feed, settings.topics, options.now) for raw in parsed.entries]
    planned = plan(entries, read_stored(folder), feed, options.now)
    if not options.dry_run:
        for change in planned.changes:
            write(folder, change)
    return _Done(_report(feed, planned, parsed.left_out, answer.moved_to, folder), answer.validators)


def _report(feed: FeedConfig, planned: Plan, left_out: int, moved_to: str | None, folder: Path) -> FeedReport:
    kinds = [change.kind for change in planned.changes]
    return FeedReport(
        key=feed.key,
        new=kinds.count("new"),
        changed=kinds.count("changed"),
        unchanged=planned.unchanged,
        left_out=left_out,
        moved_to=moved_to,
        files=tuple((folder / change.path).as_posix() for change in planned.changes),
    )


def _failed(feed: FeedConfig, reason: str) -> _Done:
    return _Done(FeedReport(feed.key, failed=reason))
