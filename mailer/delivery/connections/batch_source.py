"""The queue as a connection's `MessageSource`: renders each message, writes the intent, and accounts for what the relay has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from mailer import log
from mailer.database.deliveries import ledger
from mailer.database.deliveries.ledger import printable
from mailer.delivery import retry
from mailer.delivery.engine import DeliveryEngine
from mailer.delivery.journal import format_timestamp
from mailer.delivery.limits.domain_queue import LONGEST_WAIT_IN_QUEUE, DomainQueue, QueuedRow, domain_of
from mailer.delivery.limits.relay_pool import Relay
from mailer.delivery.retry import Decision
from mailer.delivery.signing import SigningThreads
from mailer.model.errors import AddressError, RelayRefused, TodokeMailError
from mailer.model.outcome import DeliveryResult, Outcome, Phase
from mailer.model.retry_policy import RetryPolicy
from mailer.model.state import DeliveryState
from mailer.smtp.transaction import Transaction


class BatchSource:
    """The queue as a connection's `MessageSource`. `taken` counts messages; `was_answered`: the relay has answered about some message."""

    def __init__(self, engine: DeliveryEngine, queue: DomainQueue, relay: Relay, size_limit: int) -> None:
        self._engine = engine
        self._size_limit = size_limit
        self._queue = queue
        self._relay = relay
        self._loop = asyncio.get_running_loop()
        self._signing = engine.signing
        self.taken = 0
        self.was_answered = False

    def next(self) -> Transaction | None:
        """The next message that may leave, rendered."""
        queue, relay = self._queue, self._relay
        if self._engine.is_over or relay.is_out or not queue.limiter.allows() or not relay.limiter.allows():
            return None
        item = queue.pop(self._loop.time())
        if not queue.is_full(is_urgent=item is not None and item[0].is_urgent):
            queue.has_room.set()
        if item is None:
            return None
        try:
            transaction = self._engine.composer.transaction(item, self._engine.now().at, relay.quoting)
        except AddressError as error:  # of this reader alone: everybody else gets the issue
            self._fail(item, error)
            return None
        except Exception as error:  # a message that cannot be made must end the run, not the connection
            item[0].drop()
            self._engine.fail(error)
            return None
        if self._size_limit and item[0].size(transaction.body, item[1]) > self._size_limit:
            self._refuse_size(item)
            return None
        if self._signing is not None:
            self._start_signing(self._signing, transaction)
        self.taken += 1
        queue.limiter.use()
        relay.limiter.use()
        return transaction

    def _start_signing(self, signing: SigningThreads, transaction: Transaction) -> None:
        """Sign the pieces that will be sent, with the time that their Date has."""
        (batch, row), pieces, at = _item(transaction), transaction.body, self._engine.now().at
        compiled = batch.compiled
        if compiled.signature_size:
            signing.start(transaction, lambda: compiled.sign(pieces, at, is_light=row.is_light))

    def _fail(self, item: QueuedRow, error: AddressError) -> None:
        """No message can be made for a reader whose address or name could break out of an envelope or a header."""
        (batch, row), now = item, self._engine.now().text
        self.taken += 1
        failed = f"{DeliveryState.FAILED}"
        batch.finish_row(DeliveryResult(row.subscriber_id, failed, row.attempts + 1, None, printable(error.reason), now, "", now, ""))
        self._engine.group_commit.add(batch.journal)
        self._engine.recorder.add(batch)
        self._engine.on_result(batch.claim.issue_id, DeliveryState.FAILED)
        log.event("no message can be made", queue=self._queue.name, reader=row.subscriber_id, why=error.reason)

    def _refuse_size(self, item: QueuedRow) -> None:
        """The relay would refuse every message of the issue after it has come. Nobody is blamed; another relay may take it."""
        self._queue.put_back(item)
        size, limit = item[0].sizes[item[1].is_light], self._size_limit
        reason = f"The relay {self._relay.settings.name} takes messages of {limit:,} bytes, and one of this issue has {size:,}."
        self._relay.exclude(RelayRefused(f"{reason} Nothing was sent over it. Make the issue smaller, or the relay's limit larger.", 552))
        if self._engine.relays.trouble is not None:
            self._engine.stop()

    def before_body(self, transaction: Transaction, allow: Callable[[bool], None]) -> None:
        """Write the intent into the journal, and to the disk if that is wanted; then the body may leave. Not before it is signed."""
        if self._signing is None:
            self._intend(transaction, allow)
        else:
            self._signing.when_signed(transaction, lambda is_signed: self._intend(transaction, allow) if is_signed else allow(False))

    def _intend(self, transaction: Transaction, allow: Callable[[bool], None]) -> None:
        batch, row = _item(transaction)
        if batch.intend(row):
            self._engine.group_commit.add_intent(batch.journal, allow)
        else:
            self.was_answered = True  # it is ours to hang up now, and no fault of the relay
            allow(False)

    def done(self, transaction: Transaction, outcome: Outcome) -> None:
        """Decide what the outcome means, and record it: in the journal in this turn, in the ledger with the next group."""
        engine = self._engine
        if self._signing is not None:
            self._signing.forget(transaction)
        batch, row = _item(transaction)
        now, attempt, first = engine.now(), row.attempts + 1, row.first_tried
        if first is not None and first > now.at:
            first = None  # a clock that was ahead wrote it: the time until the delivery is given up begins now
        is_good = outcome.phase is Phase.BODY and outcome.code == 250  # the usual case, decided without a call
        if not is_good and self._relay.quoting.should_retry(transaction, outcome, row.address):
            self.was_answered = True
            self.give_back(transaction)
            return
        decision = retry.SENT if is_good else self._decide(outcome, attempt, first or now.at, now.at, batch.policy)
        first_tried = now.text if first is None else format_timestamp(first)
        not_before = "" if decision.not_before is None else format_timestamp(decision.not_before)
        text = printable(outcome.text) if is_good else outcome.with_step(printable(outcome.text))
        message_id = transaction.message_id.decode()
        result = DeliveryResult(
            row.subscriber_id, f"{decision.state}", attempt, outcome.code, text, first_tried, not_before, now.text, message_id
        )
        batch.finish_row(result)
        engine.group_commit.add(batch.journal)
        engine.recorder.add(batch)
        engine.on_result(batch.claim.issue_id, decision.state)
        if is_good and not self._is_troubled:
            self.was_answered = True
            return
        if not is_good:
            self._log(result, outcome, row.address)
        self._learn(outcome, decision.state, domain_of(row.address))

    def give_back(self, transaction: Transaction) -> None:
        """The relay has said nothing about the message: it is the next again."""
        item = _item(transaction)
        if self._signing is not None:
            self._signing.forget(transaction)
        if self._engine.is_over or item[0].is_over:
            item[0].drop()
        else:
            self._queue.put_back(item)

    @property
    def _is_troubled(self) -> bool:
        """Whether a success would change anything: the relay or a domain of the queue was in trouble."""
        return self._relay.is_troubled or self._queue.has_backoffs

    def _decide(self, outcome: Outcome, attempt: int, first: datetime, now: datetime, policy: RetryPolicy) -> Decision:
        jitter = self._engine.context.jitter()
        return retry.decide(outcome, attempt=attempt, first_tried=first, now=now, policy=policy, jitter=jitter)

    def _log(self, result: DeliveryResult, outcome: Outcome, address: str) -> None:
        text = log.redact(printable(outcome.text), address)
        reply = {"state": result.state, "phase": outcome.phase.value, "code": result.code, "reply": text}
        reader, message_id = result.subscriber_id, result.message_id
        log.event("delivery", queue=self._queue.name, reader=reader, message=message_id, attempt=result.attempts, **reply)

    def _learn(self, outcome: Outcome, state: DeliveryState, domain: str) -> None:
        """What the outcome says about the relay and the domain, not about this reader."""
        if outcome.code is not None:
            self.was_answered = True
            self._relay.succeed()
        if retry.is_sender_refused(outcome):
            advice = "Nobody was blamed for it. Check return_path and [relay] in mailer.toml."
            reason = f"The relay refuses our sender address: {outcome.code} {outcome.text}. {advice}"
            self._relay.exclude(RelayRefused(reason, outcome.code, outcome.text))
        else:
            self._relay.count_refusals(state, outcome)
        if self._relay.is_out and self._engine.relays.trouble is not None:
            self._engine.stop()
        if retry.is_slow_down(outcome):
            self._back_off(domain)
        elif state is DeliveryState.SENT:
            self._queue.end_backoff(domain)

    def _back_off(self, domain: str) -> None:
        """Leave the domain alone; if that takes long, write it into the ledger, so that other domains do not wait behind it."""
        seconds = self._queue.back_off(domain, self._loop.time())
        log.event("domain backs off", queue=self._queue.name, domain=domain, seconds=round(seconds, 1))
        if seconds > LONGEST_WAIT_IN_QUEUE:
            self._engine.spawn(self._defer(self._queue.take_domain(domain), seconds))

    async def _defer(self, items: list[QueuedRow], seconds: float) -> None:
        context = self._engine.context
        now = context.clock()
        until = now + timedelta(seconds=seconds)
        for batch in {id(item[0]): item[0] for item in items}.values():
            ids = [row.subscriber_id for owner, row in items if owner is batch]
            issue_id, fence = batch.claim.issue_id, batch.claim.fence
            try:
                await self._engine.recorder.ask_until_answered(ledger.defer, context.database, issue_id, fence, ids, until=until, now=now)
            except TodokeMailError as error:
                self._engine.fail(error)
            for _ in ids:
                batch.drop()


def _item(transaction: Transaction) -> QueuedRow:
    item: QueuedRow = transaction.key  # type: ignore[assignment] # `cast` would be a call for every message
    return item
