"""Sends the confirmations beside the pages, in the same process: when one is noted, and when one that was put off is due."""

from __future__ import annotations

import asyncio
import secrets as randomness
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.types import Lifespan

from mailer import log
from mailer.database.readers import sign_ups
from mailer.model.clock import Clock
from mailer.model.errors import TodokeMailError
from mailer.model.ids import SubscriberId
from mailer.model.readers.sign_up import LIFETIME
from mailer.secrets import Secret
from mailer.subscribers.erase import erase_reader
from mailer.subscribers.sign_up_mailer import BATCH, SignUpMailer
from mailer.web.sign_up.budgets import SignUpBudgets
from mailer.web.sign_up.pages import SignUps
from mailer.web.sign_up.proof import ProofOfWork

LONGEST_SLEEP = 60.0
"""Seconds until the database is asked again: another process may have noted a confirmation."""


PURGE_INTERVAL = timedelta(hours=1)


class WakeUp:
    """Tells the sender in the same event loop that something waits."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Something waits."""
        self._event.set()

    async def wait(self, seconds: float) -> None:
        """Return when something waits, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self._event.clear()


def make_sign_ups(mailer: SignUpMailer, keys: Sequence[Secret], wake: Callable[[], None]) -> SignUps:
    """Return what the pages of signing up need, with new budgets."""
    settings, sealer = mailer.config, mailer.sealer

    def erase(subscriber_id: SubscriberId, now: datetime) -> None:
        erase_reader(mailer.database, subscriber_id, sealer=sealer, spool=settings.spool, source="reader", now=now)

    return SignUps(
        sealer,
        settings.service_url,
        SignUpBudgets(randomness.token_bytes(32)),
        ProofOfWork(f"{keys[0].value} proof of work"),
        erase,
        wake,
        settings.trusted_proxies,
        settings.inbound.domain,
    )


def sending_confirmations(mailer: SignUpMailer, wake: WakeUp, clock: Clock) -> Lifespan[Starlette]:
    """Return a lifespan of the application (ASGI specification, "Lifespan Protocol") in which confirmations are sent."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        sender = asyncio.create_task(send_for_ever(mailer, wake, clock))
        try:
            yield
        finally:
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender

    return lifespan


async def send_for_ever(mailer: SignUpMailer, wake: WakeUp, clock: Clock) -> None:
    """Send what waits. A database or a relay that is away ends nothing: what waits is in the database."""
    purge_at = clock()
    while True:
        seconds = LONGEST_SLEEP
        try:
            while await mailer.send_waiting(clock) == BATCH:
                pass
            if clock() >= purge_at:
                await asyncio.to_thread(sign_ups.purge, mailer.database, clock(), LIFETIME)
                purge_at = clock() + PURGE_INTERVAL
            seconds = _until(await asyncio.to_thread(sign_ups.next_due, mailer.database), clock())
        except TodokeMailError as error:
            log.warning("confirmations cannot be sent now", why=str(error))
        except Exception as error:  # a fault of ours must not end the sending of all that come after
            log.warning("unexpected error while sending confirmations", why=f"{type(error).__name__}: {error}")
        await wake.wait(seconds)


def _until(due: datetime | None, now: datetime) -> float:
    return LONGEST_SLEEP if due is None else min(LONGEST_SLEEP, max(0.0, (due - now).total_seconds()))
