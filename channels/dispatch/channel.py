"""The task of one channel: it takes the channel, claims one post after another, and writes down what became of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from channels.dispatch.attempt import Attempt, attempt
from channels.dispatch.retry import Decision, decide
from channels.model import Adapter, Uncertain
from channels.outbox.outbox import ClaimedPost, ClaimRequest, LeaseLost, Outbox, QuotaRule, Waiting
from channels.outbox.right import NotAllowed, SendingRight
from channels.settings import AnyChannel, ChannelsError

LEASE = 30.0
"""Seconds. Longer than a garbage collection or a busy disk, short enough that another machine goes on within half a minute."""
POLL = 0.3
"""Seconds between two looks at the outbox: another program may have entered something."""
PAUSE = 2.0
"""Seconds until the database, the right to send or a channel that another process holds is asked again."""
_log = logging.getLogger("channels")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Timing:
    """The clocks of a worker: ``now`` for what is written down; ``poll`` and ``lease`` in seconds of the machine."""

    now: Callable[[], datetime]
    poll: float = POLL
    lease: float = LEASE
    pause: float = PAUSE


class ChannelTask:
    """One channel. ``owner`` names this process. ``stops_when_idle``: `run` ends when nothing can be done now; else it goes on for good."""

    def __init__(
        self, channel: AnyChannel, adapter: Adapter, outbox: Outbox, right: SendingRight, site: Path, timing: Timing, *, owner: str
    ) -> None:
        self.channel, self._adapter, self._outbox, self._right = channel, adapter, outbox, right
        self._site, self._timing, self._owner = site, timing, owner
        self._fence: int | None = None
        self._failures = 0
        self.wake = asyncio.Event()
        self.trouble = ""

    async def run(self, *, stops_when_idle: bool = False) -> None:
        """Post what there is to post."""
        keeping: asyncio.Task[None] | None = None
        try:
            while True:
                try:
                    is_done = await self._round()
                    self.trouble = ""
                except ChannelsError as error:
                    self._complain(str(error))
                    if stops_when_idle and not (isinstance(error, NotAllowed) and error.is_passing):
                        return
                    await self._sleep(self._timing.pause)
                    continue
                except Exception as error:  # a fault of ours or of an adapter: it must not end the tasks of the other channels
                    _log.exception("%s: unexpected error", self.channel.name)
                    self._complain(f"{type(error).__name__}: {error}")
                    if stops_when_idle:
                        return
                    await self._sleep(self._timing.pause)
                    continue
                if self._fence is not None and keeping is None:
                    keeping = asyncio.create_task(self._keep())
                if is_done and stops_when_idle:
                    return
        finally:
            if keeping is not None:
                keeping.cancel()
                with suppress(asyncio.CancelledError):
                    await keeping
            await self._give_up()

    async def _round(self) -> bool:
        """Do one thing. True: there is nothing to do now."""
        await self._right.require()
        if self._fence is None:
            self._fence = await self._in_thread(self._acquire)
            if self._fence is None:
                await self._sleep(self._timing.pause)
                return False
        claimed = await self._in_thread(self._claim)
        match claimed:
            case LeaseLost():
                self._fence = None
                return False
            case Waiting(until=until):
                await self._sleep(self._seconds_until(until))
                return not self.wake.is_set()
            case ClaimedPost():
                await self._try(claimed)
                return False

    async def _try(self, claimed: ClaimedPost) -> None:
        _log.info("%s: %s %s", self.channel.name, "tries again" if claimed.was_unknown else "posts", claimed.post.record)
        tried = await self._attempt(claimed)
        now = self._timing.now()
        decision = decide(tried, attempts=claimed.post.attempts + 1, failures=self._failures, is_urgent=claimed.post.is_urgent, now=now)
        self._failures = decision.failures
        await self._write_down(claimed, decision)
        _log.info("%s: %s is %s %s", self.channel.name, claimed.post.record, decision.result.state, decision.result.reason)
        if decision.pauses:
            self._complain(decision.pauses)
            await self._in_thread(lambda: self._outbox.pause(self.channel.name, by=f"network: {decision.pauses}"[:500], now=now))

    async def _attempt(self, claimed: ClaimedPost) -> Attempt:
        """An adapter bounds its own requests. This bound is for one that does not: even then only its own channel stands still, and not for good."""
        try:
            async with asyncio.timeout(30.0 + 6 * self.channel.deadline):
                return await attempt(self._adapter, claimed, self.channel, self._site, self._timing.now())
        except TimeoutError:
            return Attempt(Uncertain("no answer in time"), is_certain=False)
        except Exception as error:  # a fault of an adapter: what it has sent nobody knows
            _log.exception("%s: the adapter failed", self.channel.name)
            return Attempt(Uncertain(f"{type(error).__name__}: {error}"), is_certain=False)

    async def _write_down(self, claimed: ClaimedPost, decision: Decision) -> None:
        """An answer that cannot be written is kept, and written when the database is back: nobody else knows it."""
        while True:
            try:
                await self._in_thread(
                    lambda: self._outbox.finish(
                        claimed, decision.result, failures=decision.failures, open_until=decision.open_until, now=self._timing.now()
                    )
                )
            except ChannelsError as error:
                self._complain(str(error))
                await asyncio.sleep(self._timing.pause)
            else:
                return

    def _acquire(self) -> int | None:
        return self._outbox.acquire(self.channel.name, owner=self._owner, lease=self._timing.lease, now=self._timing.now())

    def _claim(self) -> ClaimedPost | Waiting | LeaseLost:
        assert self._fence is not None  # `_round` has taken the channel
        now, traits = self._timing.now(), self._adapter.traits
        request = ClaimRequest(
            channel=self.channel.name,
            fence=self._fence,
            lease=self._timing.lease,
            is_drill=self.channel.drill,
            quota=quota_of(self.channel),
            now=now,
            unknown_since=now - traits.key_life * 0.75 if traits.key_life is not None else None,
            can_search=traits.can_search,
        )
        return self._outbox.claim_next(request)

    async def _keep(self) -> None:
        """Renew the lease while a request is under way."""
        while True:
            await asyncio.sleep(self._timing.lease / 3)
            fence = self._fence
            if fence is None:
                continue
            with suppress(ChannelsError):
                is_kept = await asyncio.to_thread(self._outbox.renew, self.channel.name, fence, self._timing.lease)
                if not is_kept and self._fence == fence:
                    self._fence = None

    async def _give_up(self) -> None:
        fence, self._fence = self._fence, None
        if fence is not None:
            with suppress(ChannelsError):
                self._outbox.release(self.channel.name, fence)
        await self._adapter.close()

    async def _sleep(self, seconds: float) -> None:
        """Sleep until somebody enters something, and no longer than a poll for what other programs enter."""
        self.wake.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), seconds)

    def _seconds_until(self, moment: datetime | None) -> float:
        if moment is None:
            return self._timing.poll
        return min(self._timing.poll, max(0.01, (moment - self._timing.now()).total_seconds()))

    async def _in_thread(self, function: Callable[[], Value]) -> Value:
        return await asyncio.to_thread(function)

    def _complain(self, trouble: str) -> None:
        if trouble != self.trouble:
            _log.warning("%s: %s", self.channel.name, trouble)
        self.trouble = trouble


def quota_of(channel: AnyChannel) -> Sequence[QuotaRule]:
    """The rules of a channel's quota and budget."""
    hour, day, month = timedelta(hours=1), timedelta(days=1), timedelta(days=31)
    numbers = ((hour, channel.per_hour), (day, channel.per_day), (month, channel.per_month))
    rules = [QuotaRule(window, most, channel.reserved) for window, most in numbers if most is not None]
    if channel.yen_per_month is not None:
        rules.append(QuotaRule(month, channel.yen_per_month, channel.reserved_yen, is_yen=True))
    return rules
