"""Queues: mail to one group of recipient domains, with its own connections, rate and backoff; emergencies first.

After a 421 or 454 the recipient's domain is left alone for a while, doubled each time, and the rest of the list goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from mailer.config.settings import Config, QueueSettings
from mailer.delivery.batch import Batch
from mailer.delivery.context import DeliveryContext
from mailer.delivery.limits.rate_limiter import MakeLimiter, RateLimiter
from mailer.model.recipient import ClaimedRow

QueuedRow = tuple[Batch, ClaimedRow]

LONGEST_BACKOFF = 300.0  # seconds
REFILL_BELOW = 250  # rows: half a batch, so that the next one is claimed before the connections run dry
LONGEST_WAIT_IN_QUEUE = 4.0  # seconds; a longer backoff is written into the ledger, so that the batch can end


@dataclass(slots=True)
class Backoff:
    """How long a domain is left alone: `step` seconds until `until`, twice that next time, until a message gets through."""

    until: float
    step: float


def next_backoff(current: Backoff | None, now: float, base: float) -> Backoff:
    """The backoff after another 421 or 454. `base` is the first step in seconds."""
    if current is not None and current.until > now:
        return current  # several connections got the same reply at the same time: it counts once
    step = base if current is None else min(max(current.step * 2, base), LONGEST_BACKOFF)
    return Backoff(now + step, step)


class DomainQueue:
    """A queue of claimed rows. `limits` is None for the queue of all domains that have none of their own; its name is empty.

    `changed` is set when there is something new or nothing more to wait for, `has_room` when another batch may be claimed.
    """

    def __init__(self, limits: QueueSettings | None, limiter: RateLimiter, base_backoff: float) -> None:
        self.name = limits.name if limits else ""
        self.limits = limits
        self.limiter = limiter
        self.workers: set[asyncio.Task[None]] = set()
        self.changed = asyncio.Event()
        self.has_room = asyncio.Event()
        self._urgent: deque[QueuedRow] = deque()
        self._usual: deque[QueuedRow] = deque()
        self._backoffs: dict[str, Backoff] = {}
        self._base_backoff = base_backoff

    def __len__(self) -> int:
        return len(self._urgent) + len(self._usual)

    def is_full(self, *, is_urgent: bool) -> bool:
        """Whether there are rows enough for a while. Rows of an emergency do not wait for room behind those of a newsletter."""
        return len(self._urgent) >= REFILL_BELOW or (not is_urgent and len(self) >= REFILL_BELOW)

    @property
    def has_backoffs(self) -> bool:
        """Whether some domain has asked for less and has taken nothing since."""
        return bool(self._backoffs)

    def push(self, batch: Batch) -> None:
        """Add a batch's rows at the end of their class."""
        self._rows_like(batch).extend([(batch, row) for row in batch.claim.rows])
        self.changed.set()

    def put_back(self, item: QueuedRow) -> None:
        """A row that did not leave is the next again."""
        self._rows_like(item[0]).appendleft(item)
        self.changed.set()

    def pop(self, now: float) -> QueuedRow | None:
        """The next row that may leave now. Rows of batches that are over are dropped on the way."""
        for rows in (self._urgent, self._usual) if self._urgent else (self._usual,):
            for _ in range(len(rows)):
                batch, row = item = rows.popleft()
                if batch.is_over:
                    batch.drop()
                elif not batch.may_leave(row):
                    rows.appendleft(item)
                    break
                elif self._backoffs and self._is_backing_off(row, now):
                    rows.append(item)
                else:
                    return item
        return None

    def purge(self) -> None:
        """Drop the rows of batches that are over; they stay due."""
        for rows in (self._urgent, self._usual):
            for _ in range(len(rows)):
                item = rows.popleft()
                if item[0].is_over:
                    item[0].drop()
                else:
                    rows.append(item)
        self.changed.set()

    def back_off(self, domain: str, now: float) -> float:
        """A relay asked for less mail to this domain. For how many seconds is it left alone?"""
        if self._base_backoff <= 0:
            return 0.0
        backoff = self._backoffs[domain] = next_backoff(self._backoffs.get(domain), now, self._base_backoff)
        return backoff.until - now

    def end_backoff(self, domain: str) -> None:
        """A message to this domain was taken."""
        if self._backoffs:
            self._backoffs.pop(domain, None)

    def take_domain(self, domain: str) -> list[QueuedRow]:
        """Take out the rows that are queued for a domain."""
        taken: list[QueuedRow] = []
        for rows in (self._urgent, self._usual):
            for _ in range(len(rows)):
                item = rows.popleft()
                (taken if domain_of(item[1].address) == domain else rows).append(item)
        return taken

    def backoffs(self, now: float) -> dict[str, float]:
        """The domains that are left alone, and for how many seconds more."""
        return {domain: backoff.until - now for domain, backoff in self._backoffs.items() if backoff.until > now}

    def _rows_like(self, batch: Batch) -> deque[QueuedRow]:
        return self._urgent if batch.is_urgent else self._usual

    def _is_backing_off(self, row: ClaimedRow, now: float) -> bool:
        backoff = self._backoffs.get(domain_of(row.address))
        return backoff is not None and backoff.until > now


def domain_of(address: str) -> str:
    """The domain, in lower case as `addresses.parse` leaves it."""
    return address.rpartition("@")[2]


def domains_by_queue(config: Config) -> dict[str, tuple[str, ...]]:
    """The recipient domains of each queue of `mailer.toml`."""
    return {queue.name: queue.domains for queue in config.queues}


def domain_queues(context: DeliveryContext, make_limiter: MakeLimiter) -> list[DomainQueue]:
    """The queue of all domains that have none of their own, and those of the settings."""
    base = context.pauses[0] if context.pauses else 0.0
    own = [DomainQueue(settings, make_limiter(f"queue:{settings.name}", settings.rate), base) for settings in context.config.queues]
    return [DomainQueue(None, make_limiter("", 0.0), base), *own]
