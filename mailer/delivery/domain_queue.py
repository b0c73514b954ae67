"""Lanes: what goes to one group of recipient domains, with its own connections, rate and rests; emergency first.

A 421 or 454 lets the recipient's domain rest, doubling each time, while the rest of the list goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from mailer.config import Config, QueueSettings
from mailer.delivery.batch import Batch
from mailer.delivery.rate_limiter import RateLimiter
from mailer.model.recipient import ClaimedRow

QueuedRow = tuple[Batch, ClaimedRow]


LONGEST_REST = 300.0  # seconds


LOW = 250  # rows; below that the next slice is claimed


PATIENT = 4.0  # seconds; a longer rest is written into the ledger, so that the slice can end


@dataclass(slots=True)
class Backoff:
    """How long a domain rests: `step` seconds now, twice that next time, until something gets through."""

    until: float
    step: float


def next_backoff(rest: Backoff | None, now: float, base: float) -> Backoff:
    """The next rest after a 421 or 454."""
    if rest is not None and rest.until > now:
        return rest  # several connections heard the same word
    step = base if rest is None else min(max(rest.step * 2, base), LONGEST_REST)
    return Backoff(now + step, step)


class DomainQueue:
    """A queue of claimed rows. `limits` is None for everybody who has no lane of their own."""

    def __init__(self, limits: QueueSettings | None, meter: RateLimiter, base_rest: float) -> None:
        self.name = limits.name if limits else ""
        self.limits = limits
        self.meter = meter
        self.carriers: set[asyncio.Task[None]] = set()
        self.changed = asyncio.Event()  # there is something new, or nothing more to wait for
        self.low = asyncio.Event()  # there is room for another slice
        self._urgent: deque[QueuedRow] = deque()
        self._usual: deque[QueuedRow] = deque()
        self._rests: dict[str, Backoff] = {}
        self._base_rest = base_rest

    def __len__(self) -> int:
        return len(self._urgent) + len(self._usual)

    def is_full(self, *, is_urgent: bool) -> bool:
        """Whether there are rows enough for a while. Those of an emergency do not wait for room behind a newsletter's."""
        return len(self._urgent) >= LOW or (not is_urgent and len(self) >= LOW)

    @property
    def has_rests(self) -> bool:
        """Whether some domain was told to rest."""
        return bool(self._rests)

    def push(self, found: Batch) -> None:
        """Add a slice's rows at the end of their class."""
        queue = self._urgent if found.is_urgent else self._usual
        queue.extend([(found, row) for row in found.claim.rows])
        self.changed.set()

    def put_back(self, item: QueuedRow) -> None:
        """A row that did not leave is the next again."""
        (self._urgent if item[0].is_urgent else self._usual).appendleft(item)
        self.changed.set()

    def pop(self, now: float) -> QueuedRow | None:
        """The next row that may leave now. Rows of slices that are over fall out here."""
        for queue in (self._urgent, self._usual) if self._urgent else (self._usual,):
            for _ in range(len(queue)):
                found, row = item = queue.popleft()
                if found.is_over:
                    found.drop()
                elif not found.may_leave(row):
                    queue.appendleft(item)
                    break
                elif self._rests and self._is_resting(item, now):
                    queue.append(item)
                else:
                    return item
        return None

    def clear(self) -> None:
        """Give every row up; they stay due."""
        for queue in (self._urgent, self._usual):
            while queue:
                queue.popleft()[0].drop()
        self.changed.set()

    def purge(self) -> None:
        """Give up the rows of slices that are over."""
        for queue in (self._urgent, self._usual):
            for _ in range(len(queue)):
                item = queue.popleft()
                if item[0].is_over:
                    item[0].drop()
                else:
                    queue.append(item)
        self.changed.set()

    def back_off(self, domain: str, now: float) -> float:
        """A relay asked for less to this domain. Seconds that it will rest."""
        if self._base_rest <= 0:
            return 0.0
        found = self._rests[domain] = next_backoff(self._rests.get(domain), now, self._base_rest)
        return found.until - now

    def wake(self, domain: str) -> None:
        """Something got through."""
        if self._rests:
            self._rests.pop(domain, None)

    def take_domain(self, domain: str) -> list[QueuedRow]:
        """Takes out what is queued for a domain that rests for long."""
        taken: list[QueuedRow] = []
        for queue in (self._urgent, self._usual):
            for _ in range(len(queue)):
                item = queue.popleft()
                (taken if domain_of(item[1].address) == domain else queue).append(item)
        return taken

    def rests(self, now: float) -> dict[str, float]:
        """Domains that rest, and for how many seconds more."""
        return {domain: rest.until - now for domain, rest in self._rests.items() if rest.until > now}

    def _is_resting(self, item: QueuedRow, now: float) -> bool:
        rest = self._rests.get(domain_of(item[1].address))
        return rest is not None and rest.until > now


def domain_of(address: str) -> str:
    """The domain, in lower case as `addresses.parse` leaves it."""
    return address.rpartition("@")[2]


def queue_of_domain(config: Config) -> dict[str, tuple[str, ...]]:
    """The domains of each lane."""
    return {lane.name: lane.domains for lane in config.queues}
