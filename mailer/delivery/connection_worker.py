"""What one connection does: wait for rows of its lane, connect, send, and account for every message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from mailer import log
from mailer.database import ledger, limits
from mailer.database.ledger import printable
from mailer.delivery import retry
from mailer.delivery.domain_queue import PATIENT, DomainQueue, QueuedRow, domain_of
from mailer.delivery.engine import LINGER, DeliveryEngine
from mailer.delivery.journal import format_timestamp
from mailer.delivery.relay_pool import Relay
from mailer.delivery.retry import Decision, RetryPolicy
from mailer.model.errors import RelayRefused, TodokeMailError
from mailer.model.outcome import DeliveryResult, Outcome, Phase
from mailer.model.recipient import Envelope
from mailer.model.state import DeliveryState
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.transaction import StopReason, Transaction, envelope_commands

AGAIN = 0.25  # seconds until a lane is looked at again whose rows may not leave yet
Slot = tuple[str, int]


async def run_connection(office: DeliveryEngine, lane: DomainQueue) -> None:
    """Carry messages of the lane over one connection at a time, until there have been none for a while."""
    carrier = _ConnectionWorker(office, lane)
    try:
        while await carrier.has_work():
            if not await carrier.connect():
                return
            await carrier.send()
    finally:
        await carrier.leave()


class _ConnectionWorker:
    def __init__(self, office: DeliveryEngine, lane: DomainQueue) -> None:
        self._office = office
        self._lane = lane
        self._open: tuple[Relay, SmtpConnection] | None = None
        self._slots: list[Slot] = []
        self._is_starved = False

    async def has_work(self) -> bool:
        """Wait until a row may leave. False: the run is over, or the lane was empty for a while."""
        office, lane = self._office, self._lane
        while not office.is_over:
            if len(lane) and not self._is_starved:
                seconds = await self._fill()
                if seconds == 0:
                    return True
                await self._changed(seconds)
                continue
            self._is_starved = False
            if not await self._changed(AGAIN if len(lane) else LINGER) and not len(lane):
                return False
        return False

    async def connect(self) -> bool:
        """A connection that stands. False: there is none to be had."""
        if self._open is not None and self._open[1].is_open:
            return True
        await self.leave()
        office, limits_ = self._office, self._lane.limits
        most = limits_.messages_per_connection if limits_ else None
        self._open = await office.routes.open(most, office.stopped, lambda: office.is_over)
        return self._open is not None and await self._hold(self._open[0])

    async def send(self) -> None:
        """Send until nothing may leave, the connection's share is used up, or the line is lost."""
        assert self._open is not None
        route, line = self._open
        work = _BatchSource(self._office, self._lane, route)
        ended = await line.run(work)
        self._is_starved = work.taken == 0
        if ended is StopReason.LOST:
            await self.leave()
            if not work.is_heard:
                self._office.routes.lost(route, line)

    async def leave(self) -> None:
        """Close the connection and let others have it."""
        if self._open is not None:
            (route, line), self._open = self._open, None
            await self._office.routes.leave(route, line)
        while self._slots:
            key, number = self._slots.pop()
            await self._office.recorder.ask_until_answered(
                limits.release, self._office.around.database, self._office.desk.name, key, number
            )

    async def _hold(self, route: Relay) -> bool:
        """Where several machines are at work, their connections are counted together."""
        database = self._office.around.database
        if not database.is_shared:
            return True
        wanted = [(f"relay:{route.settings.name}", route.settings.connections)]
        if self._lane.limits is not None:
            wanted.append((f"queue:{self._lane.name}", self._lane.limits.connections))
        for key, most in wanted:
            lease = self._office.around.config.lease
            number = await self._office.recorder.ask_until_answered(
                limits.acquire_slot, database, key, most, owner=self._office.desk.name, lease=lease
            )
            if number is None:
                self._is_starved = True
                return False
            self._slots.append((key, number))
        return True

    async def _fill(self) -> float:
        """Tokens of the lane and of the relay. Seconds to wait for them."""
        seconds = await self._lane.meter.fill()
        if not seconds and self._open is not None:
            seconds = await self._open[0].meter.fill()
        return seconds

    async def _changed(self, seconds: float) -> bool:
        self._lane.changed.clear()
        try:
            await asyncio.wait_for(self._lane.changed.wait(), seconds)
        except TimeoutError:
            return False
        return True


class _BatchSource:
    """See `wire.Work`. `is_heard`: the relay has answered about some message."""

    def __init__(self, office: DeliveryEngine, lane: DomainQueue, route: Relay) -> None:
        self._office = office
        self._lane = lane
        self._route = route
        self._around = office.around
        self._loop = asyncio.get_running_loop()
        self.taken = 0
        self.is_heard = False

    def next(self) -> Transaction | None:
        """The next message that may leave, composed."""
        lane, route = self._lane, self._route
        if self._office.is_over or route.is_out or not lane.meter.allows() or not route.meter.allows():
            return None
        item = lane.pop(self._loop.time())
        if not lane.is_full(is_urgent=item is not None and item[0].is_urgent):
            lane.low.set()
        if item is None:
            return None
        try:
            letter = self._compose(item)
        except Exception as error:  # a message that cannot be made must end the run, not the connection
            item[0].drop()
            self._office.fail(error)
            return None
        self.taken += 1
        lane.meter.use()
        route.meter.use()
        return letter

    def before_body(self, letter: Transaction, go: Callable[[bool], None]) -> None:
        """The intent into the journal, and to the disk if that is wanted; then the body may go."""
        found, row = _item(letter)
        if found.intend(row):
            self._office.turn.then(found.journal, go)
        else:
            go(False)

    def done(self, letter: Transaction, outcome: Outcome) -> None:
        """What the reply means, into the journal in this turn and into the ledger with the next group."""
        found, row = _item(letter)
        now, attempt, first = self._office.now(), row.attempts + 1, row.first_tried
        is_good = outcome.phase is Phase.BODY and outcome.code == 250
        decision = retry.SENT if is_good else self._decide(outcome, attempt, first or now.at, now.at, found.patience)
        began = now.text if first is None else format_timestamp(first)
        until = "" if decision.not_before is None else format_timestamp(decision.not_before)
        text, identity = printable(outcome.text), letter.message_id.decode()
        result = DeliveryResult(row.subscriber_id, f"{decision.state}", attempt, outcome.code, text, began, until, now.text, identity)
        found.finish_row(result)
        self._office.turn.touch(found.journal)
        self._office.recorder.add(found)
        self._office.told(found.claim.issue_id, decision.state)
        if is_good and not self._is_troubled:
            self.is_heard = True
            return
        if not is_good:
            self._note(result, outcome, row.address)
        self._learn(outcome, decision.state, domain_of(row.address))

    @property
    def _is_troubled(self) -> bool:
        """Whether something good is news: a relay or a domain of the lane was in trouble."""
        return self._route.is_troubled or self._lane.has_rests

    def _decide(self, outcome: Outcome, attempt: int, first: datetime, now: datetime, patience: RetryPolicy) -> Decision:
        jitter = self._around.jitter()
        return retry.decide(outcome, attempt=attempt, first_tried=first, now=now, patience=patience, jitter=jitter)

    def _note(self, result: DeliveryResult, outcome: Outcome, address: str) -> None:
        text = log.redact(result.text, address)
        facts = {"state": result.state, "phase": outcome.phase.value, "code": result.code, "reply": text}
        log.event(
            "delivery", lane=self._lane.name, reader=result.subscriber_id, message=result.message_id, attempt=result.attempts, **facts
        )

    def give_back(self, letter: Transaction) -> None:
        """The relay has said nothing about it: it is the next again."""
        item = _item(letter)
        if self._office.is_over or item[0].is_over:
            item[0].drop()
        else:
            self._lane.put_back(item)

    def _compose(self, item: QueuedRow) -> Transaction:
        found, row = item
        number, address, mould = row.subscriber_id, row.address, found.mould
        identity = mould.message_id(number)
        body = mould.render(row, self._office.now().at, is_light=row.is_light, identity=identity)
        return_path = self._office.return_path(found.claim.issue_id, number)
        return Transaction(item, envelope_commands(Envelope(return_path, address)), body, message_id=identity)

    def _learn(self, outcome: Outcome, state: DeliveryState, domain: str) -> None:
        """What the reply says about the relay and the way, not about this person."""
        if outcome.code is not None:
            self.is_heard = True
            self._route.works()
        if retry.is_sender_refused(outcome):
            advice = "Nobody was blamed for it. Check return_path and [relay] in mailer.toml."
            told = f"The relay refuses our sender address: {outcome.code} {outcome.text}. {advice}"
            self._route.deny(RelayRefused(told, outcome.code, outcome.text))
        else:
            self._route.judge(state, outcome)
        if self._route.is_out and self._office.routes.trouble is not None:
            self._office.stop()
        if retry.is_slow_down(outcome):
            self._rest(domain)
        elif state is DeliveryState.SENT:
            self._lane.wake(domain)

    def _rest(self, domain: str) -> None:
        """Let the domain rest; if that takes long, write it into the ledger, so that other domains do not wait behind it."""
        seconds = self._lane.back_off(domain, self._loop.time())
        log.event("lane rests", lane=self._lane.name, domain=domain, seconds=round(seconds, 1))
        if seconds > PATIENT:
            self._office.spawn(self._put_off(self._lane.take_domain(domain), seconds))

    async def _put_off(self, items: list[QueuedRow], seconds: float) -> None:
        now = self._around.clock()
        until = now + timedelta(seconds=seconds)
        for found in {id(item[0]): item[0] for item in items}.values():
            ids = [row.subscriber_id for owner, row in items if owner is found]
            issue_id, fence = found.claim.issue_id, found.claim.fence
            try:
                await self._office.recorder.ask_until_answered(
                    ledger.defer, self._around.database, issue_id, fence, ids, until=until, now=now
                )
            except TodokeMailError as error:
                self._office.fail(error)
            for _ in ids:
                found.drop()


def _item(letter: Transaction) -> QueuedRow:
    item: QueuedRow = letter.key  # type: ignore[assignment]
    return item
