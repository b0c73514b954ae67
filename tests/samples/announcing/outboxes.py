"""An outbox in a database of its own, workers on it, and a clock that a test sets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from channels.announcement import Announcement, Live
from channels.destinations import destinations
from channels.dispatch.channel import Timing
from channels.dispatch.worker import Posting, Worker
from channels.model import Adapter
from channels.outbox.outbox import Outbox, PostState
from channels.outbox.planning import Moments
from channels.settings import AnyChannel, Settings
from mailer.database.announcements.door import OpenDoor
from mailer.database.engine import open_database
from tests.samples.announcing.announcements import MOMENT

ENVIRON = {f"TODOKE_CHANNEL_{name}": "secret" for name in ("A", "B", "C", "MASTODON", "DRILLS")}


@dataclass
class Clock:
    """What is written down as now."""

    now: datetime = MOMENT

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **durations: float) -> None:
        """Let time pass."""
        self.now += timedelta(**durations)


@dataclass
class Office:
    """An outbox, its channels, and how their adapters are opened."""

    outbox: Outbox
    settings: Settings
    adapters: Mapping[str, Adapter]
    clock: Clock = field(default_factory=Clock)

    def worker(self, *, lease: float = 30.0) -> Worker:
        """A worker of all channels."""
        timing = Timing(self.clock, poll=0.02, lease=lease, pause=0.05)
        return Worker(Posting(self.settings, destinations(self.settings), self.outbox, self._open, timing, ENVIRON))

    def _open(self, channel: AnyChannel, _secret: SecretStr) -> Adapter:
        return self.adapters[channel.name]

    def enter(self, *announced: Announcement[Live]) -> None:
        """Enter announcements of the real thing."""
        for each in announced:
            self.outbox.enter(each, destinations(self.settings).live, Moments(self.clock.now))

    def post(self, *, rounds: int = 1) -> None:
        """Let a worker post whatever can be posted now, as often."""
        for _ in range(rounds):
            asyncio.run(self.worker().run(takes_in=False, stops_when_idle=True))

    def work_until(self, is_done: Callable[[], bool], seconds: float = 20.0) -> None:
        """Let a worker work until something has happened."""
        asyncio.run(_until(self.worker().run(takes_in=False), is_done, seconds))

    def states(self, channel: str = "") -> list[PostState]:
        """The states of all posts of a channel, oldest record first."""
        posts = self.outbox.list_posts(channel=channel)
        return [each.state for each in sorted(posts, key=lambda post: (post.moment, post.record, post.part))]


async def _until(working: Awaitable[None], is_done: Callable[[], bool], seconds: float) -> None:
    task = asyncio.ensure_future(working)
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(is_done):
            assert not task.done(), task.exception()
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@contextmanager
def office(url: str, folder: Path, channels: Iterable[AnyChannel], adapters: Iterable[Adapter] = ()) -> Iterator[Office]:
    """Open one. ``url`` is a database that has its tables."""
    database = open_database(url)
    settings = Settings(site=folder / "site", announcements=folder / "announcements", channel=tuple(channels))
    try:
        yield Office(Outbox(OpenDoor(database, (), folder / "state"), "tests"), settings, {each.name: each for each in adapters})
    finally:
        database.close()
