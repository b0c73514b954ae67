"""Relays: which one is used, failover to the next, and how many connections each may have.

The relay with the lowest `priority` is used while it can be reached. One that cannot rests for a while, longer each time,
and the next one takes over; one that refuses us (TLS, password, sender) is out for the rest of the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mailer import log
from mailer.config import RelaySettings
from mailer.delivery.context import pause
from mailer.delivery.rate_limiter import RateLimiter
from mailer.delivery.retry import SUSPICIOUS
from mailer.model.errors import RelayError, RelayRefused, RelayUnavailable
from mailer.model.outcome import Outcome
from mailer.model.state import DeliveryState
from mailer.secrets import Secret
from mailer.smtp.connection import SmtpConnection

HANGS_UP = 10  # failures in a row after which a relay is given up although other connections stand


@dataclass(eq=False, slots=True)
class Relay:
    """One relay during a run. `tries` counts the failures to connect since the last success."""

    settings: RelaySettings
    password: Secret | None
    meter: RateLimiter
    room: asyncio.Semaphore
    trouble: RelayError | None = None
    live: int = 0
    tries: int = 0
    is_out: bool = False
    rests_until: float = 0.0
    refused_in_a_row: int = field(default=0)

    @property
    def is_troubled(self) -> bool:
        """Whether `works` or a success would change anything."""
        return bool(self.tries or self.refused_in_a_row or self.is_out or self.trouble is not None)

    def works(self) -> None:
        """Something came through."""
        self.tries, self.rests_until, self.trouble = 0, 0.0, None

    def fails(self, error: RelayError, began: float, now: float, pauses: Sequence[float], *, is_patient: bool) -> None:
        """A connection could not be made. With others alive that is only a limit of the relay; it rests all the same."""
        log.event("relay fails", relay=self.settings.name, code=error.code, why=str(error))
        if isinstance(error, RelayRefused):
            self.trouble, self.is_out = error, True
        elif began >= self.rests_until:  # several connections that failed together count once
            self.trouble = error
            steps = pauses or (0.0,)
            if self.tries >= len(pauses) and not is_patient and (not self.live or self.tries > len(pauses) + HANGS_UP):
                self.is_out = True
            self.rests_until = now + steps[min(self.tries, len(steps) - 1)]
            self.tries += 1

    def judge(self, state: DeliveryState, outcome: Outcome) -> None:
        """Stop before a relay that has begun to deny us turns the whole list into `failed`."""
        if state is not DeliveryState.FAILED:
            self.refused_in_a_row = 0
            return
        self.refused_in_a_row += 1
        if self.refused_in_a_row >= SUSPICIOUS:
            told = f"The relay has refused {SUSPICIOUS} recipients in a row, last with {outcome.code} {outcome.text}."
            advice = "Stopped: see `todoke who-missed`, and run `send` again if that is right."
            self.deny(RelayRefused(f"{told} {advice}", outcome.code, outcome.text))

    def deny(self, error: RelayRefused) -> None:
        """The relay will not have us."""
        log.event("relay refuses us", relay=self.settings.name, code=error.code)
        self.trouble, self.is_out = error, True


class RelayPool:
    """All relays of a run."""

    def __init__(self, routes: Sequence[Relay], *, hello: str, pauses: Sequence[float], is_patient: bool) -> None:
        self.all = tuple(sorted(routes, key=lambda route: route.settings.priority))
        self._hello = hello
        self._pauses = pauses
        self._is_patient = is_patient

    @property
    def trouble(self) -> RelayError | None:
        """Why nothing can be sent, or None: there is a way still. What another try may cure comes first."""
        if not all(route.is_out for route in self.all):
            return None
        troubles = [route.trouble for route in self.all if route.trouble is not None]
        return next((one for one in troubles if isinstance(one, RelayUnavailable)), troubles[0] if troubles else None)

    @property
    def most(self) -> int:
        """Connections of the relay that has the most."""
        return max(route.settings.connections for route in self.all)

    async def open(self, most: int | None, stop: asyncio.Event, is_over: Callable[[], bool]) -> tuple[Relay, SmtpConnection] | None:
        """A connection to the best relay that can be reached, or None if there is none for this run.

        :param most: messages per connection, if the lane has a limit of its own.
        """
        loop = asyncio.get_running_loop()
        while not is_over():
            now = loop.time()
            usable = [route for route in self.all if not route.is_out]
            ready = [route for route in usable if route.rests_until <= now]
            if not usable:
                return None
            if not ready:
                await pause(stop, min(0.5, min(route.rests_until for route in usable) - now))
                continue
            route = ready[0]
            await route.room.acquire()
            line = SmtpConnection(
                route.settings, route.password, hello=self._hello, most=_least(most, route.settings.messages_per_connection)
            )
            if await self._connected(route, line, loop):
                return route, line
            route.room.release()
            if route.live and not route.is_out:
                return None  # the relay allows fewer connections than we may make: go on with those that stand
        return None

    async def _connected(self, route: Relay, line: SmtpConnection, loop: asyncio.AbstractEventLoop) -> bool:
        began = loop.time()
        if route.is_out or route.rests_until > began:
            return False
        try:
            await line.ready()
        except RelayError as error:
            route.fails(error, began, loop.time(), self._pauses, is_patient=self._is_patient)
            return False
        route.live += 1
        log.event("connected", relay=route.settings.name, connections=route.live)
        return True

    def lost(self, route: Relay, line: SmtpConnection) -> None:
        """A connection ended before anything came of it."""
        now = asyncio.get_running_loop().time()
        name = f"{route.settings.host}:{route.settings.port}"
        error = RelayUnavailable(
            f"The relay {name} hangs up: {line.why_lost or 'connection lost'}. Nobody is lost: run `send` again later."
        )
        route.fails(error, now, now, self._pauses, is_patient=self._is_patient)

    async def leave(self, route: Relay, line: SmtpConnection) -> None:
        """Close a connection."""
        route.live -= 1
        log.event("disconnected", relay=route.settings.name, connections=route.live, sent=line.sent, why=line.why_lost or None)
        route.room.release()
        await line.close()


def _least(one: int | None, other: int) -> int:
    return other if one is None else min(one, other)
