"""A claimed batch on its way: its journal, its lease, and how many of its rows are still without an end."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable

from mailer.database.deliveries.claims import Claim
from mailer.delivery.journal import Journal
from mailer.message.compiled import Chunks, CompiledMessage
from mailer.model.ids import SubscriberId
from mailer.model.issue import FrozenIssue, ListClass
from mailer.model.outcome import DeliveryResult
from mailer.model.recipient import ClaimedRow
from mailer.model.retry_policy import RetryPolicy
from mailer.model.state import DeliveryState

# A window is the rows that may leave after one write to the database (the high-water mark). If a machine is lost with its journal,
# every row of the window is in doubt. So a window holds what leaves in a moment; at full speed that is two writes a batch.
MIN_WINDOW, MAX_WINDOW = 20, 500  # rows
WINDOW_SECONDS = 0.2

SENT, UNKNOWN = DeliveryState.SENT.value, DeliveryState.UNKNOWN.value
LEASE_MARGIN = 0.8  # of a lease is used; the rest is for clocks that differ and disks that are slow


class Batch:
    """One claim while it is sent. Lives in the event loop; `finished` is set when all of it is in the ledger.

    `is_over`: nothing more of it may be begun. `is_fenced`: another process has taken it over. `is_complete`: no row was given up.

    :param leased_at: `time.monotonic()` before the claim was made.
    :param lease: seconds.
    :param request_window: is called when the next window of rows should be allowed (`next_window`, then `advance`).
    :param on_dropped: is called when the last open row is given up.
    """

    def __init__(
        self,
        claim: Claim,
        frozen: FrozenIssue,
        compiled: CompiledMessage,
        journal: Journal,
        policy: RetryPolicy,
        *,
        leased_at: float,
        lease: float,
        request_window: Callable[[Batch], None],
        on_dropped: Callable[[Batch], None],
        queue: str = "",
    ) -> None:
        self.claim = claim
        self.frozen = frozen
        self.compiled = compiled
        self.journal = journal
        self.policy = policy
        self.queue = queue
        self.high_water_mark = claim.high_water_mark
        self._ids = [row.subscriber_id for row in claim.rows]
        self._request_at = self._ids[bisect_right(self._ids, claim.high_water_mark) // 2]
        self._window_start, self._window_opened_at = 0, leased_at
        self.is_urgent = frozen.issue.list_class is ListClass.EMERGENCY
        self.is_over = False
        self.is_fenced = False
        self.is_advancing = False
        self.is_complete = True
        self.open_rows = len(claim.rows)
        self.intended: set[SubscriberId] = set()
        self.results: list[DeliveryResult] = []
        self.sent: list[SubscriberId] = []
        self.unknown: list[SubscriberId] = []
        self.tally: Counter[str] = Counter()
        self.sizes: dict[bool, int] = {}
        self.finished = asyncio.get_running_loop().create_future()
        self._lease = lease
        self._valid_until = 0.0
        self._request_window = request_window
        self._on_dropped = on_dropped
        self.renew_lease(leased_at)

    def renew_lease(self, requested_at: float) -> None:
        """The lease was renewed by a request that was sent at that monotonic time."""
        self._valid_until = requested_at + self._lease * LEASE_MARGIN

    def is_valid(self) -> bool:
        """Whether the lease surely still holds. A process that was stopped for long learns it here, before a body leaves."""
        return not self.is_fenced and time.monotonic() < self._valid_until

    def may_leave(self, row: ClaimedRow) -> bool:
        """Whether the row is below the high-water mark. The next window is requested when half of this one is used."""
        subscriber_id = row.subscriber_id
        if subscriber_id >= self._request_at and not self.is_advancing and self.high_water_mark < self.claim.rows[-1].subscriber_id:
            self.is_advancing = True
            self._request_window(self)
        return subscriber_id <= self.high_water_mark

    def next_window(self, now: float) -> SubscriberId:
        """Up to which subscriber the next window reaches: as many rows as leave in `WINDOW_SECONDS` at the speed of this one."""
        used = bisect_left(self._ids, self._request_at) - self._window_start
        size = max(MIN_WINDOW, min(MAX_WINDOW, int(used / max(now - self._window_opened_at, 0.001) * WINDOW_SECONDS)))
        return self._ids[min(bisect_right(self._ids, self.high_water_mark) + size, len(self._ids)) - 1]

    def advance(self, subscriber_id: SubscriberId, at: float) -> None:
        """The high-water mark is in the database: rows up to this subscriber may leave."""
        if subscriber_id <= self.high_water_mark:
            return
        self._window_start, self._window_opened_at = bisect_right(self._ids, self.high_water_mark), at
        self.high_water_mark = subscriber_id
        self._request_at = self._ids[(self._window_start + bisect_right(self._ids, self.high_water_mark) - 1) // 2]

    def size(self, body: Chunks, row: ClaimedRow) -> int:
        """Bytes of the batch's messages in the form that the row has: that of the first one, for a name adds few."""
        size = self.sizes.get(row.is_light)
        if size is None:
            size = self.sizes[row.is_light] = sum(map(len, body)) + self.compiled.signature_size
        return size

    def intend(self, row: ClaimedRow) -> bool:
        """The row's body is about to leave. False: the lease may be over, so it must not."""
        if not self.is_valid():
            return False
        self.journal.intend(row.subscriber_id)
        self.intended.add(row.subscriber_id)
        return True

    def finish_row(self, result: DeliveryResult) -> None:
        """A row has its result; it goes into the journal in this turn of the event loop and into the ledger with the next group."""
        self.results.append(result)
        self.tally[result.state] += 1
        self.open_rows -= 1
        self.journal.result(result.line())

    def drop(self) -> None:
        """A row is given up without a try; it stays due."""
        self.is_complete = False
        self.open_rows -= 1
        if self.open_rows == 0:
            self._on_dropped(self)

    def take_results(self) -> list[DeliveryResult]:
        """The results that are not in the ledger yet. The batch forgets them."""
        results, self.results = self.results, []
        self.sent += [result.subscriber_id for result in results if result.state == SENT]
        self.unknown += [result.subscriber_id for result in results if result.state == UNKNOWN]
        return results

    def end(self) -> None:
        """All of it is in the ledger: the journal makes way for a line in the sent log.

        :raises JournalError: the sent log cannot be written. The journal stays.
        """
        self.journal.end(self.sent, self.unknown)
