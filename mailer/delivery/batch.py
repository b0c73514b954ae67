"""A claimed slice on its way: its journal, its lease, and how many of its rows are still without an end."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable

from mailer.database.claims import Claim
from mailer.delivery.journal import Journal
from mailer.delivery.retry import RetryPolicy
from mailer.message.compiled import CompiledMessage
from mailer.model.ids import SubscriberId
from mailer.model.issue import FrozenIssue, ListClass
from mailer.model.outcome import DeliveryResult
from mailer.model.recipient import ClaimedRow

# A window: rows that may leave after one word to the database. What is in it when a machine is lost with its journal can only be
# doubted; so it holds what leaves in a moment, and at full speed asks twice a slice instead of five times.
LEAST, MOST, SPAN = 20, 500, 0.2  # rows, rows, seconds


class Batch:
    """One claim while it is carried. Lives in the event loop; `finished` is set when all of it is in the ledger.

    :param leased_at: `time.monotonic()` before the claim was made.
    :param advance: asks for the next window of rows, whose intent must be in the database before they leave.
    :param ended: hears when the last row is given up.
    """

    def __init__(
        self,
        claim: Claim,
        frozen: FrozenIssue,
        mould: CompiledMessage,
        journal: Journal,
        patience: RetryPolicy,
        *,
        leased_at: float,
        lease: float,
        advance: Callable[[Batch], None],
        ended: Callable[[Batch], None],
        lane: str = "",
    ) -> None:
        self.claim = claim
        self.frozen = frozen
        self.mould = mould
        self.journal = journal
        self.patience = patience
        self.high_water_mark = claim.high_water_mark
        self._ids = [row.subscriber_id for row in claim.rows]
        self._ask_at = self._ids[bisect_right(self._ids, claim.high_water_mark) // 2]
        self._begins, self._reached_at = 0, leased_at
        self.is_urgent = frozen.issue.list_class is ListClass.EMERGENCY
        self.is_over = False
        self.is_fenced = False
        self.is_advancing = False
        self.is_whole = True  # no row was given up
        self.open_rows = len(claim.rows)
        self.intended: set[SubscriberId] = set()
        self.results: list[DeliveryResult] = []
        self.tally: Counter[str] = Counter()
        self.lane = lane
        self.finished = asyncio.get_running_loop().create_future()
        self._lease = lease
        self._valid_until = 0.0
        self._advance = advance
        self._ended = ended
        self.renewed(leased_at)

    def renewed(self, at: float) -> None:
        """The lease was renewed by a request sent at that monotonic time. A fifth of it is kept for slow clocks and disks."""
        self._valid_until = at + self._lease * 0.8

    def is_valid(self) -> bool:
        """Whether the lease surely still holds. A process that was stopped for long finds out here, before a body leaves."""
        return not self.is_fenced and time.monotonic() < self._valid_until

    def may_leave(self, row: ClaimedRow) -> bool:
        """Whether the row's intent is in the database. The next window is asked for when half of this one is used."""
        number = row.subscriber_id
        if number >= self._ask_at and not self.is_advancing and self.high_water_mark < self.claim.rows[-1].subscriber_id:
            self.is_advancing = True
            self._advance(self)
        return number <= self.high_water_mark

    def next_window(self, now: float) -> SubscriberId:
        """Up to which subscriber the next rows reach: as many as leave in `SPAN` seconds at the speed of these."""
        used = bisect_left(self._ids, self._ask_at) - self._begins
        size = max(LEAST, min(MOST, int(used / max(now - self._reached_at, 0.001) * SPAN)))
        return self._ids[min(bisect_right(self._ids, self.high_water_mark) + size, len(self._ids)) - 1]

    def advance(self, number: SubscriberId, at: float) -> None:
        """Rows up to this subscriber may leave."""
        if number <= self.high_water_mark:
            return
        self._begins, self._reached_at = bisect_right(self._ids, self.high_water_mark), at
        self.high_water_mark = number
        self._ask_at = self._ids[(self._begins + bisect_right(self._ids, self.high_water_mark) - 1) // 2]

    def intend(self, row: ClaimedRow) -> bool:
        """The body is about to leave. False: the slice is not ours any more."""
        if not self.is_valid():
            return False
        self.journal.intend(row.subscriber_id)
        self.intended.add(row.subscriber_id)
        return True

    def finish_row(self, found: DeliveryResult) -> None:
        """A row has its result; it goes into the journal in this turn and into the ledger with the next group."""
        self.results.append(found)
        self.tally[found.state] += 1
        self.open_rows -= 1
        self.journal.result(found.line())

    def drop(self) -> None:
        """A row is given up without an attempt; it stays due."""
        self.is_whole = False
        self.open_rows -= 1
        if self.open_rows == 0:
            self._ended(self)

    def take_results(self) -> list[DeliveryResult]:
        """What is not in the ledger yet."""
        found, self.results = self.results, []
        return found
