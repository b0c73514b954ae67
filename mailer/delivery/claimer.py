"""Claims batches: the next rows of an issue that are due, for one queue, with a journal of their own before the database says that they are ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from mailer import log
from mailer.database.deliveries import claims, digests, frozen_content, ledger
from mailer.database.deliveries.claims import Claim, ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.delivery.batch import Batch
from mailer.delivery.composer import Composer
from mailer.delivery.context import DeliveryContext
from mailer.delivery.journal import Journal
from mailer.delivery.limits.domain_queue import DomainQueue
from mailer.delivery.recorder import Recorder
from mailer.delivery.recovery.journal_directory import JournalDirectory
from mailer.delivery.right import SendingRight
from mailer.model.digest import is_digest
from mailer.model.errors import LedgerRestored
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import FrozenIssue
from mailer.model.retry_policy import retry_policy

MIN_BATCH, MAX_BATCH = 10, 500  # rows


class BatchClaimer:
    """``request_window`` is called when a batch may reach the end of what it may send (`mailer.delivery.leases`)."""

    def __init__(
        self,
        context: DeliveryContext,
        recorder: Recorder,
        journals: JournalDirectory,
        composer: Composer,
        right: SendingRight,
        request_window: Callable[[Batch], None],
    ) -> None:
        self._right = right
        self._context, self._recorder, self._journals, self._composer = context, recorder, journals, composer
        self._request_window = request_window
        self._contents: dict[tuple[IssueId, datetime], FrozenIssue] = {}
        self._carries: dict[IssueId, tuple[str, ...]] = {}

    async def claim(self, frozen: FrozenIssue, queue: DomainQueue, after: SubscriberId) -> tuple[Claim, Batch | None] | None:
        """Claim the next batch of an issue for a queue. None: nothing is due. No batch: all of its readers have unsubscribed.

        :raises ContentChanged: the words of the issue in the database are not those that were frozen.
        :raises RightMissing: another site has taken over.
        :raises RightUnknown: it cannot be asked whether one has.
        """
        content = await self._verified(frozen)
        context, compiled, token = self._context, self._composer.compiled(frozen), self._journals.new_token()
        journal, began = self._journals.open(token), time.monotonic()
        try:
            claim = await self._ask(self._request(content, frozen, queue, after), token)
        except BaseException:
            journal.close(is_done=False)  # the claim may have been made all the same
            raise
        if claim is None or not claim.rows:
            journal.close(is_done=True)
            return None if claim is None else (claim, None)
        if claim.fence <= self._journals.last_fence:
            journal.close(is_done=False)
            raise LedgerRestored(f"its next batch is {claim.fence}, and this machine has sent batch {self._journals.last_fence}")
        self._journals.last_fence = claim.fence
        journal.begin(claim.fence, claim.issue_id, str(frozen.issue.ref), self._carries.get(frozen.issue_id, ()))
        await self._require_right(claim, str(frozen.issue.ref), journal)
        batch = Batch(
            claim,
            frozen,
            compiled,
            journal,
            retry_policy(frozen.issue.list_class),
            leased_at=began,
            lease=context.config.lease,
            request_window=self._request_window,
            on_dropped=self._recorder.add,
            queue=queue.name,
        )
        log.event("batch claimed", issue=str(frozen.issue.ref), queue=queue.name, batch=claim.fence, rows=len(claim.rows))
        return claim, batch

    def _request(self, content: FrozenIssue, frozen: FrozenIssue, queue: DomainQueue, after: SubscriberId) -> ClaimRequest:
        size, window, end = _batch_size(queue), self._first_window(), self._context.config.max_age.end(frozen)
        return ClaimRequest(frozen.issue_id, queue.name, after, size, window, content, end, self._right.is_asked, is_digest(frozen))

    async def _ask(self, request: ClaimRequest, token: str) -> Claim | None:
        context, owner = self._context, self._journals.name
        lease, now = context.config.lease, context.clock()
        return await self._recorder.ask(claims.claim_batch, context.database, request, token=token, owner=owner, lease=lease, now=now)

    async def _require_right(self, claim: Claim, ref: str, journal: Journal) -> None:
        """Write the batch down outside. If that is refused, no message of it has left, and its rows are pending again."""
        try:
            await self._right.record(claim, ref, self._recorder)
        except BaseException:
            try:
                end = [ResultGroup(claim.issue_id, claim.fence, (), is_last=True)]
                await self._recorder.ask(ledger.record, self._context.database, end, now=self._context.clock())
                journal.end((), ())
            except Exception:  # the next run settles it by the journal, which names no message
                journal.close(is_done=False)
            raise

    async def _verified(self, frozen: FrozenIssue) -> FrozenIssue:
        """Return the issue as it was compared with the audit log, before its first message leaves this process."""
        verified = self._contents.get(frozen.version)
        if verified is None:
            await self._recorder.ask(frozen_content.require_unchanged, self._context.database, frozen)
            if is_digest(frozen):
                carried = await self._recorder.ask(digests.carried_refs, self._context.database, frozen.issue_id)
                self._carries[frozen.issue_id] = tuple(map(str, carried))
            verified = self._contents[frozen.version] = frozen
        return verified

    def _first_window(self) -> int:
        """Rows. With SQLite no other process takes a batch over, so nothing is gained by small steps."""
        return 100 if self._context.database.is_shared else MAX_BATCH


def _batch_size(queue: DomainQueue) -> int:
    """Rows: about ten seconds' worth where there is a rate, since a claimed reader who unsubscribes still gets the issue."""
    return max(MIN_BATCH, min(MAX_BATCH, int(queue.limiter.rate * 10))) if queue.limiter.draw else MAX_BATCH
