"""Relays: which one is used, failover to the next, and how many connections each may have.

The relay with the lowest `priority` is used while it can be reached. One that cannot is left alone for a while, longer each time,
and the next one takes over; one that refuses us (TLS, password, sender) is out for the rest of the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mailer import log
from mailer.config.settings import RelaySettings
from mailer.delivery.context import DeliveryContext, pause
from mailer.delivery.limits.rate_limiter import MakeLimiter, RateLimiter
from mailer.model.errors import RelayError, RelayRefused, RelayUnavailable
from mailer.model.outcome import Outcome
from mailer.model.state import DeliveryState
from mailer.secrets import Secret
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.quoting import RecipientQuoting

MAX_FAILURES = 10  # further failures in a row after which a relay is given up although other connections to it are open
MAX_CUT_SHORT = 2  # connections in a row that ended in the middle of an envelope, before any message was taken
MAX_REFUSALS = 50  # permanent refusals in a row: real lists lose readers one by one, a relay that denies us refuses all


@dataclass(eq=False, slots=True)
class Relay:
    """One relay during a run.

    `slots` bounds its connections, `live` counts the open ones, `failures` the failures to connect since the last success.
    `retry_at` is in the event loop's time. `is_out`: it is not used any more in this run; `trouble` says why. `pipelines`: it has not
    thrown away yet what was sent ahead; `cut_short` counts the connections in a row that it has closed instead of answering that.
    `quoting` is what it has taught us about addresses that RFC 5321 does not allow.
    """

    settings: RelaySettings
    password: Secret | None
    limiter: RateLimiter
    slots: asyncio.Semaphore
    trouble: RelayError | None = None
    live: int = 0
    failures: int = 0
    is_out: bool = False
    retry_at: float = 0.0
    refusals: int = 0
    pipelines: bool = True
    cut_short: int = 0
    quoting: RecipientQuoting = field(init=False)

    def __post_init__(self) -> None:
        self.quoting = RecipientQuoting(self.settings.quote_local_part)

    @property
    def is_troubled(self) -> bool:
        """Whether a success would change anything."""
        return bool(self.failures or self.refusals or self.is_out or self.trouble is not None)

    def succeed(self) -> None:
        """The relay has answered about some message."""
        self.failures, self.retry_at, self.trouble = 0, 0.0, None

    def fail(self, error: RelayError, began: float, now: float, pauses: Sequence[float], *, is_patient: bool) -> None:
        """A connection could not be made. With others open that is only a limit of the relay; it is left alone all the same."""
        log.event("relay fails", relay=self.settings.name, code=error.code, why=str(error))
        if isinstance(error, RelayRefused):
            self.trouble, self.is_out = error, True
        elif began >= self.retry_at:  # several connections that failed together count once
            self.trouble = error
            steps = pauses or (0.0,)
            if self.failures >= len(pauses) and not is_patient and (not self.live or self.failures > len(pauses) + MAX_FAILURES):
                self.is_out = True
            self.retry_at = now + steps[min(self.failures, len(steps) - 1)]
            self.failures += 1

    def count_refusals(self, state: DeliveryState, outcome: Outcome) -> None:
        """Stop before a relay that has begun to deny us turns the whole list into `failed`."""
        if state is not DeliveryState.FAILED:
            self.refusals = 0
            return
        self.refusals += 1
        if self.refusals >= MAX_REFUSALS:
            reason = f"The relay has refused {MAX_REFUSALS} recipients in a row, last with {outcome.code} {outcome.text}."
            advice = "Stopped: see `todoke who-missed`, and run `send` again if that is right."
            self.exclude(RelayRefused(f"{reason} {advice}", outcome.code, outcome.text))

    def has_thrown_away(self, connection: SmtpConnection) -> bool:
        """Whether the connection was lost because the relay cannot take what is sent ahead: it never answered, or hangs up each time."""
        self.cut_short = self.cut_short + 1 if connection.is_cut_ahead and not connection.sent else 0
        return connection.discards or self.cut_short >= MAX_CUT_SHORT

    def stop_pipelining(self) -> None:
        """The relay throws away what is sent ahead, although it offers PIPELINING."""
        if self.pipelines:
            self.pipelines = False
            log.warning(
                f"The relay {self.settings.name} offers PIPELINING and does not answer to it: one command at a time from now on. "
                f'Write pipelining = "off" for it in mailer.toml. 中継がまとめて送った命令を読み捨てるため、一つずつ送ります。'
            )

    def exclude(self, error: RelayRefused) -> None:
        """The relay will not have us: do not use it any more in this run."""
        log.event("relay refuses us", relay=self.settings.name, code=error.code)
        self.trouble, self.is_out = error, True


class RelayPool:
    """All relays of a run.

    :param hello: the name for EHLO.
    :param pauses: seconds before each further try to connect.
    :param is_patient: a relay that cannot be reached is tried for ever.
    """

    def __init__(self, relays: Sequence[Relay], *, hello: str, pauses: Sequence[float], is_patient: bool) -> None:
        self.all = tuple(sorted(relays, key=lambda relay: relay.settings.priority))
        self._hello = hello
        self._pauses = pauses
        self._is_patient = is_patient

    @property
    def trouble(self) -> RelayError | None:
        """Why nothing can be sent, or None while there is a relay left. A trouble that another try may cure comes first."""
        if not all(relay.is_out for relay in self.all):
            return None
        troubles = [relay.trouble for relay in self.all if relay.trouble is not None]
        return next((error for error in troubles if isinstance(error, RelayUnavailable)), troubles[0] if troubles else None)

    @property
    def max_connections(self) -> int:
        """Connections of the relay that may have the most."""
        return max(relay.settings.connections for relay in self.all)

    async def open(
        self, messages_per_connection: int | None, stop: asyncio.Event, is_over: Callable[[], bool]
    ) -> tuple[Relay, SmtpConnection] | None:
        """A connection to the best relay that can be reached, or None if there is none for this run.

        :param messages_per_connection: if the queue has a limit of its own.
        """
        loop = asyncio.get_running_loop()
        while not is_over():
            now = loop.time()
            usable = [relay for relay in self.all if not relay.is_out]
            ready = [relay for relay in usable if relay.retry_at <= now]
            if not usable:
                return None
            if not ready:
                await pause(stop, min(0.5, min(relay.retry_at for relay in usable) - now))
                continue
            relay = ready[0]
            await relay.slots.acquire()
            most = _smaller(messages_per_connection, relay.settings.messages_per_connection)
            connection = SmtpConnection(relay.settings, relay.password, hello=self._hello, most=most)
            connection.pipelines &= relay.pipelines
            if await self._connect(relay, connection, loop):
                return relay, connection
            relay.slots.release()
            if relay.live and not relay.is_out:
                return None  # the relay allows fewer connections than we may make: go on with those that are open
        return None

    async def _connect(self, relay: Relay, connection: SmtpConnection, loop: asyncio.AbstractEventLoop) -> bool:
        began = loop.time()
        if relay.is_out or relay.retry_at > began:
            return False  # another connection has failed while this one waited for its slot
        try:
            await connection.ready()
        except RelayError as error:
            relay.fail(error, began, loop.time(), self._pauses, is_patient=self._is_patient)
            return False
        relay.live += 1
        log.event("connected", relay=relay.settings.name, connections=relay.live)
        return True

    def report_lost(self, relay: Relay, connection: SmtpConnection) -> None:
        """A connection ended before the relay had answered about any message."""
        now = asyncio.get_running_loop().time()
        name = f"{relay.settings.host}:{relay.settings.port}"
        error = RelayUnavailable(
            f"The relay {name} hangs up: {connection.why_lost or 'connection lost'}. Nobody is lost: run `send` again later."
        )
        relay.fail(error, now, now, self._pauses, is_patient=self._is_patient)

    async def close(self, relay: Relay, connection: SmtpConnection) -> None:
        """Close a connection and free its slot."""
        relay.live -= 1
        sent, why = connection.sent, connection.why_lost or None
        log.event("disconnected", relay=relay.settings.name, connections=relay.live, sent=sent, why=why)
        relay.slots.release()
        await connection.close()


def _smaller(limit: int | None, other: int) -> int:
    return other if limit is None else min(limit, other)


def relay_pool(context: DeliveryContext, make_limiter: MakeLimiter) -> RelayPool:
    """The relays of the settings."""
    relays = [
        Relay(
            settings,
            context.password_for(settings),
            make_limiter(f"relay:{settings.name}", settings.rate),
            asyncio.Semaphore(settings.connections),
        )
        for settings in context.config.relays
    ]
    return RelayPool(relays, hello=context.config.message_id_domain, pauses=context.pauses, is_patient=context.waits_for_relays)
