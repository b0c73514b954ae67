"""The ledger against a simple model: whatever claims, results, dead senders and orders come, both have the same states."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mailer.database.deliveries import claims, issues, ledger
from mailer.database.deliveries.claims import Claim, ClaimRequest
from mailer.database.deliveries.ledger import ResultGroup
from mailer.database.engine import create_database
from mailer.database.readers import subscriptions
from mailer.delivery.journal import format_timestamp
from mailer.model.ids import SubscriberId
from mailer.model.outcome import DeliveryResult
from mailer.model.state import DeliveryState, check_transition
from tests.samples.mail.databases import with_tables
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, people

READERS = 12
OUTCOMES = st.sampled_from([DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN, DeliveryState.DEFERRED])


@dataclass
class Held:
    """A claim as the model sees it. `is_dead`: it was taken over, and its holder does not know yet."""

    claim: Claim
    is_dead: bool = False
    recorded: set[int] = field(default_factory=set)


class LedgerMachine(RuleBasedStateMachine):
    @initialize()
    def freeze(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.database = create_database(with_tables(f"sqlite:///{Path(self.folder.name) / 'x.db'}"))
        subscriptions.import_subscribers(self.database, people(READERS), source="t", now=NOW)
        self.issue_id = issues.freeze(self.database, ISSUE, LIST, NOW).issue_id
        self.states = dict.fromkeys(range(1, READERS + 1), DeliveryState.PENDING)
        self.fences: dict[int, int] = {}
        self.held: list[Held] = []
        self.unsubscribed: set[int] = set()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    @rule(limit=st.integers(1, 6), window=st.integers(1, 6), is_late=st.booleans())
    def claim(self, limit: int, window: int, is_late: bool) -> None:
        request, lease = ClaimRequest(self.issue_id, "", 0, limit, window), -1.0 if is_late else 60.0
        claim = claims.claim_batch(self.database, request, token=str(random.random()), owner="me", lease=lease, now=NOW)
        due = [n for state in (DeliveryState.PENDING, DeliveryState.DEFERRED) for n in sorted(self.states) if self.states[n] is state][
            :limit
        ]
        for number in due:
            check_transition(self.states[number], DeliveryState.SUPPRESSED if number in self.unsubscribed else DeliveryState.CLAIMED)
            self.states[number] = DeliveryState.SUPPRESSED if number in self.unsubscribed else DeliveryState.CLAIMED
        left = sorted(set(due) - self.unsubscribed)
        assert [row.subscriber_id for row in claim.rows] == left if claim else not due
        if claim is not None and claim.rows:
            self.held.append(Held(claim))
            self.fences |= dict.fromkeys(left, claim.fence)

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 99), row=st.integers(0, 99), outcome=OUTCOMES)
    def record(self, which: int, row: int, outcome: DeliveryState) -> None:
        held = self.held[which % len(self.held)]
        number = held.claim.rows[row % len(held.claim.rows)].subscriber_id
        if number > held.claim.high_water_mark or number in held.recorded:
            return
        held.recorded.add(number)
        result = DeliveryResult(number, outcome.value, 1, 250, "", format_timestamp(NOW), "", format_timestamp(NOW), "<x@y>")
        counted = ledger.record(self.database, [ResultGroup(self.issue_id, held.claim.fence, [result])], now=NOW)
        counts = self.fences[number] == held.claim.fence and self.states[number] in (DeliveryState.CLAIMED, DeliveryState.UNKNOWN)
        assert counted == counts
        if counts:
            self.states[number] = outcome

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 99))
    def end(self, which: int) -> None:
        held = self.held.pop(which % len(self.held))
        ledger.record(self.database, [ResultGroup(self.issue_id, held.claim.fence, [], is_last=True)], now=NOW)
        self._release(held, [row.subscriber_id for row in held.claim.rows], DeliveryState.PENDING)

    @rule()
    def take_over(self) -> None:
        for claim in claims.open_claims(self.database, expired_only=True):
            claims.take_over(self.database, claim, now=NOW)
            held = next(held for held in self.held if held.claim.fence == claim.fence)
            held.is_dead = True
            numbers = [row.subscriber_id for row in held.claim.rows]
            self._release(held, [n for n in numbers if n <= held.claim.high_water_mark], DeliveryState.UNKNOWN)
            self._release(held, [n for n in numbers if n > held.claim.high_water_mark], DeliveryState.PENDING)

    @rule(number=st.integers(1, READERS))
    def leave_the_list(self, number: int) -> None:
        subscriptions.unsubscribe(self.database, SubscriberId(number), "fukko-press", source="t", now=NOW)
        self.unsubscribed.add(number)

    @rule(verdict=st.sampled_from([DeliveryState.SENT, DeliveryState.PENDING, DeliveryState.FAILED]))
    def resolve(self, verdict: DeliveryState) -> None:
        ledger.change_state(self.database, self.issue_id, {DeliveryState.UNKNOWN}, verdict, now=NOW)
        self.states = {n: verdict if state is DeliveryState.UNKNOWN else state for n, state in self.states.items()}

    @invariant()
    def agrees(self) -> None:
        counts = {state: number for state, number in ledger.counts(self.database, self.issue_id).items() if number}
        expected = list(self.states.values())
        assert counts == {state: expected.count(state) for state in set(expected)}
        missed = {entry.address for entry in ledger.missed(self.database, self.issue_id)}
        assert missed == {f"reader{n}@example.jp" for n, state in self.states.items() if state is not DeliveryState.SENT}

    def _release(self, held: Held, numbers: list[int], state: DeliveryState) -> None:
        for number in numbers:
            if self.states[number] is DeliveryState.CLAIMED and self.fences[number] == held.claim.fence:
                check_transition(DeliveryState.CLAIMED, state)
                self.states[number] = state


TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
