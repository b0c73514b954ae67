"""All channels together: one task each, and one that reads the folder of announcements."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydantic import SecretStr

from channels.destinations import Destinations
from channels.dispatch.channel import ChannelTask, Timing
from channels.dispatch.intake import Intake
from channels.dispatch.releases import releases_of
from channels.model import Adapter
from channels.outbox import right as sending
from channels.outbox.outbox import Outbox
from channels.outbox.right import SendingRight
from channels.settings import AnyChannel, ChannelsError, Settings, secret_of

Opener = Callable[[AnyChannel, SecretStr], Adapter]
INTAKE_POLL = 0.3
"""Seconds between two looks at the folder of announcements."""
REMEMBER = 10.0
"""Seconds between two notes of the highest fence."""
_log = logging.getLogger("channels")


@dataclass(frozen=True, slots=True)
class Posting:
    """Who posts: the settings, the outbox, how an adapter is opened, and the clocks."""

    settings: Settings
    to: Destinations
    outbox: Outbox
    opener: Opener
    timing: Timing
    environ: Mapping[str, str]


class Worker:
    """Posts to the channels of ``to``. ``troubles`` are channels that cannot be opened; the others work."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self.troubles: dict[str, str] = {}
        self.tasks: list[ChannelTask] = []
        self.intake = Intake(
            posting.settings.announcements, posting.outbox, posting.to, posting.settings.site, releases_of(posting.settings)
        )

    async def run(self, *, takes_in: bool = True, stops_when_idle: bool = False) -> None:
        """Go on for good, or until nothing is left to do now.

        :raises NotAllowed: the database is not the one that was announced from before.
        """
        await asyncio.to_thread(sending.require_known, self._posting.outbox)
        right = SendingRight(self._posting.outbox)
        if takes_in and stops_when_idle:
            await asyncio.to_thread(self.intake.take, self._posting.timing.now())
        self.tasks = self._open(right)
        try:
            await self._together(self.tasks, takes_in=takes_in, stops_when_idle=stops_when_idle)
        finally:
            with suppress(ChannelsError):
                await asyncio.to_thread(sending.remember, self._posting.outbox)
            await right.close()

    async def _together(self, tasks: Sequence[ChannelTask], *, takes_in: bool, stops_when_idle: bool) -> None:
        posting = [asyncio.create_task(task.run(stops_when_idle=stops_when_idle), name=task.channel.name) for task in tasks]
        others = [asyncio.create_task(self._remember())]
        if takes_in and not stops_when_idle:
            others.append(asyncio.create_task(self._take_in()))
        try:
            await asyncio.gather(*(posting if stops_when_idle else [*posting, *others]))
        finally:
            for task in (*posting, *others):
                task.cancel()
            await asyncio.gather(*posting, *others, return_exceptions=True)

    def _open(self, right: SendingRight) -> list[ChannelTask]:
        tasks = []
        for channel in chosen(self._posting.settings, self._posting.to):
            try:
                adapter = self._posting.opener(channel, secret_of(channel, self._posting.environ))
            except (ChannelsError, ValueError) as error:
                self.troubles[channel.name] = str(error)
                _log.warning("%s: %s", channel.name, error)
                continue
            owner = f"{socket.gethostname()}/{os.getpid()}"[:120]
            tasks.append(
                ChannelTask(channel, adapter, self._posting.outbox, right, self._posting.settings.site, self._posting.timing, owner=owner)
            )
        return tasks

    async def _take_in(self) -> None:
        while True:
            try:
                if await asyncio.to_thread(self.intake.take, self._posting.timing.now()):
                    self.wake()
            except ChannelsError as error:
                _log.warning("%s", error)
                await asyncio.sleep(self._posting.timing.pause)
            except Exception:  # a fault of ours: what is in the outbox goes out all the same
                _log.exception("the folder of announcements cannot be taken in")
                await asyncio.sleep(self._posting.timing.pause)
            await asyncio.sleep(INTAKE_POLL)

    def wake(self) -> None:
        """Let all channels look at the outbox now."""
        for task in self.tasks:
            task.wake.set()

    async def _remember(self) -> None:
        while True:
            await asyncio.sleep(REMEMBER)
            with suppress(ChannelsError):
                await asyncio.to_thread(sending.remember, self._posting.outbox)


def chosen(settings: Settings, to: Destinations) -> tuple[AnyChannel, ...]:
    """The channels of ``channels.toml`` that are among ``to``."""
    names = frozenset(to.names)
    return tuple(channel for channel in settings.channel if channel.name in names)
