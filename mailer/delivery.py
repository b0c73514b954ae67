"""Sending an issue: freeze, then for every due row offer → mark attempted → deliver → record, over several connections.

`attempted` is on disk before the first byte of a message leaves. So after a kill, at any moment, a row is in one of
three conditions: not offered yet (sent by the next run), recorded (never touched again), or `attempted`, which the
next run turns into an honest `unknown` and does not repeat. At most one row per connection can be in that state.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mailer import message, parts, rules
from mailer.config import Config
from mailer.database import Database
from mailer.errors import RelayError, RelayRefused, RelayUnavailable
from mailer.message import Message, Origin, Recipient
from mailer.relay import Line
from mailer.rules import Outcome, State
from mailer.secret import Secret
from mailer.store import formats, ledger
from mailer.store.issues import Frozen
from mailer.store.ledger import Due
from mailer.tokens import Claim, Tokens

Clock = Callable[[], datetime]


class Progress(Protocol):
    """Hears how a run goes. Both calls come from the event loop and must return at once."""

    def begin(self, total: int) -> None:
        """`total` deliveries are due."""

    def step(self, state: State) -> None:
        """One delivery has reached this state."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run needs from outside. `pauses` are the seconds before each further try to connect."""

    config: Config
    database: Database
    tokens: Tokens
    password: Secret | None
    clock: Clock
    pauses: tuple[float, ...] = (1.0, 5.0, 15.0)


@dataclass(frozen=True, slots=True)
class Summary:
    """How an issue stands. `trouble` is why a run ended early, `stopped` that somebody asked it to."""

    counts: Mapping[State, int]
    next_due: datetime | None
    stopped: bool = False
    trouble: RelayError | None = None

    @property
    def remaining(self) -> int:
        """Deliveries that a later `send` will still try."""
        return sum(self.counts[state] for state in rules.DUE)

    @property
    def exit_status(self) -> int:
        """0: all final and nothing unknown; 75: run `send` again; 1: a person must look (refused, or unknown rows)."""
        if isinstance(self.trouble, RelayRefused):
            return 1
        if self.remaining:
            return RelayUnavailable.exit_status
        return 1 if self.counts[State.UNKNOWN] else 0


def summarise(database: Database, frozen: Frozen, *, stopped: bool = False, trouble: RelayError | None = None) -> Summary:
    """How the issue stands in the ledger now."""
    counts = ledger.counts(database, frozen.issue_id)
    return Summary(counts, ledger.next_due(database, frozen.issue_id), stopped, trouble)


async def deliver(around: Surroundings, frozen: Frozen, progress: Progress, stop: asyncio.Event) -> Summary:
    """Send everything that is due. Call only while holding the lock (`lock.sending`).

    :param stop: once set, messages in flight are finished and nothing new is begun.
    :raises TodokeMailError: the database failed, or a message cannot be composed; what was sent is recorded.
    """
    total = ledger.count_due(around.database, frozen.issue_id, now=around.clock())
    progress.begin(total)
    run = _Run(around, frozen, progress, stop)
    lanes = min(around.config.relay.connections, total)
    await asyncio.gather(*(run.lane() for _ in range(lanes)))
    if run.failure is not None:
        raise run.failure
    return summarise(around.database, frozen, stopped=stop.is_set(), trouble=run.trouble if run.is_unfinished() else None)


def compose(around: Surroundings, frozen: Frozen, recipient: Recipient, sent_at: datetime, *, is_light: bool = False) -> Message:
    """One person's message, with their own signed link; the light part alone if they asked for it."""
    token = around.tokens.sign(Claim(recipient.subscriber_id, frozen.issue.ref.list))
    return message.compose(
        parts.lightened(frozen.issue) if is_light else frozen.issue,
        frozen.mail_list,
        recipient,
        unsubscribe_url=f"{around.config.service_url}/unsubscribe/{token}",
        sent_at=sent_at,
        origin=Origin(around.config.return_path, around.config.message_id_domain),
    )


class _Queue:
    """Hands out due rows in order, each once per run, reading the ledger a piece at a time."""

    def __init__(self, around: Surroundings, issue_id: int) -> None:
        self._around = around
        self._issue_id = issue_id
        self._now = around.clock()
        self._last = 0
        self._rows: deque[Due] = deque()

    def __bool__(self) -> bool:
        """Whether anything is left."""
        if not self._rows:
            self._rows.extend(ledger.due(self._around.database, self._issue_id, now=self._now, after=self._last))
        return bool(self._rows)

    def take(self) -> Due | None:
        """The next row."""
        if not self:
            return None
        row = self._rows.popleft()
        self._last = row.subscriber_id
        return row


class _Run:
    """One `send`: lanes that share a queue. A lane is one connection and carries one message at a time."""

    def __init__(self, around: Surroundings, frozen: Frozen, progress: Progress, stop: asyncio.Event) -> None:
        self._around = around
        self._frozen = frozen
        self._progress = progress
        self._stop = stop
        self._queue = _Queue(around, frozen.issue_id)
        self._light = formats.light_readers(around.database, frozen.issue.ref.list)
        self._refused_in_a_row = 0
        self.trouble: RelayError | None = None
        self.failure: Exception | None = None

    async def lane(self) -> None:
        """Carry messages until nothing is due or something stops the run. Errors end up in `trouble` and `failure`."""
        around = self._around
        line = Line(around.config.relay, around.password, hello=around.config.message_id_domain)
        try:
            while not self._is_over() and await self._ready(line):
                row = self._queue.take()
                if row is None:
                    break
                self._progress.step(await self._carry(line, row))
        except Exception as error:  # whatever it is, the other lanes finish what they carry and the run ends
            self.failure = self.failure or error
        finally:
            await line.close()

    def is_unfinished(self) -> bool:
        """Whether something is due that no lane has taken."""
        return bool(self._queue)

    def _is_over(self) -> bool:
        refused = isinstance(self.trouble, RelayRefused)
        return self._stop.is_set() or refused or self.failure is not None or not self.is_unfinished()

    async def _ready(self, line: Line) -> bool:
        """Whether the line can carry a message. No row has been taken yet, so an absent relay costs nobody an attempt."""
        for seconds in (*self._around.pauses, None):
            try:
                await line.ready()
            except RelayError as error:
                self.trouble = error
            else:
                return not self._is_over()
            if seconds is None or self._is_over():
                break
            await self._rest(seconds)
        return False

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)

    async def _carry(self, line: Line, row: Due) -> State:
        now = self._around.clock()
        reader = Recipient(row.subscriber_id, row.address, row.name)
        mail = compose(self._around, self._frozen, reader, now, is_light=row.subscriber_id in self._light)
        refusal = await line.offer(mail.envelope)
        if refusal is not None:
            return self._record(row, refusal)
        if not ledger.mark_attempted(self._around.database, row, message_id=mail.message_id, now=now):
            await line.withdraw()
            return State.SUPPRESSED
        return self._record(row, await line.deliver(mail.content))

    def _record(self, row: Due, outcome: Outcome) -> State:
        now = self._around.clock()
        decision = rules.decide(outcome, attempt=row.attempts + 1, first_tried=row.first_tried or now, now=now)
        ledger.record(self._around.database, row, outcome, decision, now=now)
        if rules.is_about_us(outcome):
            advice = "Nobody was blamed for it. Check return_path and [relay] in mailer.toml."
            self.trouble = RelayRefused(
                f"The relay refuses our sender address: {outcome.code} {outcome.text}. {advice}", outcome.code, outcome.text
            )
        self._watch(decision.state, outcome)
        return decision.state

    def _watch(self, state: State, outcome: Outcome) -> None:
        """Stop before a relay that has begun to deny us turns the whole list into `failed`."""
        self._refused_in_a_row = self._refused_in_a_row + 1 if state is State.FAILED else 0
        if self._refused_in_a_row >= rules.SUSPICIOUS:
            told = f"The relay has refused {rules.SUSPICIOUS} recipients in a row, last with {outcome.code} {outcome.text}."
            self.trouble = RelayRefused(
                f"{told} Stopped: see `todoke who-missed`, and run `send` again if that is right.", outcome.code, outcome.text
            )
