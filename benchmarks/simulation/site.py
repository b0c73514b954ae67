"""A site: a copy of the database, its sender, and its operator's take-over. Everything it does is cut into steps, and it may be killed at each.

The database is the mailer's, as small as it may be: who is pending, claimed, sent or unknown, the last number of a claim, and the right.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from benchmarks.simulation.network import Network
from sending_right import protocol
from sending_right.protocol import Refusal, Steps
from sending_right.records import ClaimedBatch, ClaimRecord, EndRecord, FenceRecord, Right

GAP = 1000
"""By how much the numbers of claims rise at a take-over (`mailer.database.restoration`)."""
BATCH = 3
NOBODY = Right(0, "")
Conclusion = TypeVar("Conclusion")
Process = Generator[None, None, Conclusion]


@dataclass
class Copy:
    """A database. ``states``: pending, claimed, sent or unknown by reader; ``claims``: the open ones; ``names``: of all claims under its fence."""

    states: dict[int, str]
    right: Right = NOBODY
    last: int = 0
    claims: dict[int, ClaimRecord] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def duplicate(self) -> Copy:
        """Return a copy of it, as a snapshot has it."""
        return Copy(dict(self.states), self.right, self.last, dict(self.claims), set(self.names))


@dataclass(frozen=True)
class Rules:
    """The protocol, whose parts `benchmarks.simulation.broken` exchanges. ``clock_lease``: seconds for which a sender asks nobody again."""

    record_claim: Callable[[Right, ClaimRecord, str], Steps[protocol.Answer]] = protocol.record_claim
    take_fence: Callable[[int, FenceRecord, Right, Collection[str]], Steps[protocol.Grant]] = protocol.take_fence
    before_sending: Callable[..., Refusal | None] = protocol.before_sending
    after_claim: Callable[..., Refusal | frozenset[str]] = protocol.after_claim
    after_taking: Callable[..., Refusal | tuple[ClaimedBatch, ...]] = protocol.after_taking
    compares_names: bool = True
    clock_lease: float = 0.0


@dataclass
class Site:
    """``place`` is where its database lies; ``clock`` is wrong by any amount and is in no decision of the true protocol."""

    number: int
    network: Network
    rules: Rules
    database: Copy
    place: str
    clock: float = 0.0
    journal: dict[int, str] = field(default_factory=dict)
    has_lost_journal: bool = False
    process: Process[Any] | None = None
    is_destroyed: bool = False
    intended: tuple[int, str] = (0, "")
    asked_until: float = float("-inf")
    horizon: str = ""

    # Life and death of its one process.

    def step(self) -> None:
        """Let the process do one step."""
        if self.process is not None:
            try:
                next(self.process)
            except StopIteration:
                self.process = None

    def crash(self) -> None:
        """The process is gone, between two steps."""
        if self.process is not None:
            self.process.close()
            self.process = None

    def put_database(self, database: Copy, place: str) -> None:
        """Put another copy in the place of the database. What the journals know of the old one is lost with it: the worst case."""
        self.crash()
        self.database, self.place, self.journal, self.has_lost_journal = database, place, {}, True

    # Questions to all storages.

    def _ask_all(self, make: Callable[[], Steps[Conclusion]]) -> Process[list[Conclusion | None]]:
        """Have the same conversation with every storage; requests of different storages come in any order."""
        stores = len(self.network.stores)
        conclusions: list[Conclusion | None] = [None] * stores
        talks = {index: (make(), None) for index in range(stores)}
        while talks:
            index = self.network.random.choice([*talks])
            steps, answer = talks.pop(index)
            try:
                request = steps.send(answer)
            except StopIteration as stop:
                conclusions[index] = stop.value
                continue
            has_answer, answer = self.network.ask(self.number, index, request)
            if has_answer:
                talks[index] = (steps, answer)
            yield
        return conclusions

    # The sender.

    def start_sender(self) -> None:
        """Start `todoke work`, unless something runs already."""
        if self.process is None:
            self.process = self._send()

    def _send(self) -> Process[None]:
        database = self.database
        stores = len(self.network.stores)
        if self.rules.before_sending(database.right, self.place, storages=stores) is not None:
            return
        self.horizon = ""
        replies = yield from self._ask_all(lambda: protocol.check_holder(database.right))
        if self._refusal(replies) is not None:
            return
        self._recover()  # not before: what a copy knows of its open batches is old
        while batch := tuple(reader for reader, state in database.states.items() if state == "pending")[:BATCH]:
            claim = self._claim(batch)
            yield
            refusal = yield from self._record(claim)
            if refusal is not None:
                self._release(claim)
                self.network.note(f"site {self.number} stops at batch {claim.number}: {refusal.why}")
                return
            yield from self._deliver(claim)
            yield from self._end(claim)

    def _recover(self) -> None:
        """Read the journal of a process that was killed (`mailer.delivery.recovery`). Where it was lost, every message of an open batch is unknown."""
        nothing = "unknown" if self.has_lost_journal else "pending"
        for number, claim in [*self.database.claims.items()]:
            for reader in claim.readers:
                state = {"result": "sent", "intent": "unknown"}.get(self.journal.get(reader, ""), nothing)
                if self.database.states[reader] == "claimed":
                    self.database.states[reader] = state
            del self.database.claims[number]
        self.journal.clear()
        self.has_lost_journal = False

    def _claim(self, readers: tuple[int, ...]) -> ClaimRecord:
        database = self.database
        database.last += 1
        token = f"{self.network.random.getrandbits(64):x}"
        claim = ClaimRecord(database.right.fence, database.last, "list/1", readers, token)
        database.claims[database.last] = claim
        database.names.add(claim.name.rpartition("/")[2])
        database.states |= dict.fromkeys(readers, "claimed")
        return claim

    def _record(self, claim: ClaimRecord) -> Process[Refusal | None]:
        """Ask whether the batch may leave."""
        right = self.database.right
        if self.rules.clock_lease and self.clock < self.asked_until:
            return None
        replies = yield from self._ask_all(lambda: self.rules.record_claim(right, claim, self.horizon))
        self.asked_until = self.clock + self.rules.clock_lease
        return self._refusal(replies)

    def _refusal(self, replies: Sequence[protocol.Answer | None]) -> Refusal | None:
        decision = self.rules.after_claim(replies, self.database.right, len(self.network.stores))
        if isinstance(decision, Refusal):
            return decision
        if self.rules.compares_names and (refusal := protocol.strangers(decision, self.database.names, self.database.right)):
            return refusal
        self.horizon = max([self.horizon, *decision])
        return None

    def _release(self, claim: ClaimRecord) -> None:
        if self.database.claims.pop(claim.number, None) is not None:
            self.database.states |= dict.fromkeys(claim.readers, "pending")

    def _deliver(self, claim: ClaimRecord) -> Process[None]:
        for reader in claim.readers:
            self.journal[reader] = "intent"
            yield
            self.network.deliver(reader)
            self.network.note(f"site {self.number} sends batch {claim.number} of fence {claim.fence} to reader {reader}")
            yield
            self.journal[reader] = "result"

    def _end(self, claim: ClaimRecord) -> Process[None]:
        del self.database.claims[claim.number]
        for reader in claim.readers:
            self.database.states[reader] = "sent"
            self.journal.pop(reader, None)
        yield
        if self.network.random.random() < 0.7:  # it is not waited for, so it may be missing
            yield from self._ask_all(lambda: protocol.record_end(claim, EndRecord(claim.readers, ())))

    # The operator's take-over.

    def start_take_over(self, *, is_wrong: bool = False) -> None:
        """Stop the sender, and take the next fence: what the operator types, sometimes with a number of his own."""
        self.crash()
        self.process = self._take_over(is_wrong=is_wrong)

    def _take_over(self, *, is_wrong: bool) -> Process[None]:
        stores = len(self.network.stores)
        asked = yield from self._choose_fence()
        if asked is None:
            return
        asked += self.network.random.randint(1, 3) if is_wrong else 0
        if self.intended[0] != asked:  # kept on the disk before it is asked for, so that the same command goes on after a crash
            self.intended = (asked, f"{self.network.random.getrandbits(64):x}")
        record = FenceRecord(self.intended[1], f"site {self.number}", f"{self.clock:.0f}")
        own, open_names = self.database.right, {claim.name.rpartition("/")[2] for claim in self.database.claims.values()}
        settled = self.database.names - open_names
        grants = yield from self._ask_all(lambda: self.rules.take_fence(asked, record, own, settled))
        batches = self.rules.after_taking(grants, asked, stores)
        if isinstance(batches, Refusal):
            self.network.note(f"site {self.number} does not get fence {asked}: {batches.why}")
            if not batches.is_passing:
                self.intended = (0, "")
            return
        self._adopt(batches, Right(asked, record.holder, self.place))

    def _choose_fence(self) -> Process[int | None]:
        stores = len(self.network.stores)
        fences = yield from self._ask_all(protocol.highest_fence)
        following = protocol.next_fence(fences, stores)
        if isinstance(following, Refusal):
            return None
        return self.intended[0] if self.intended[0] == following - 1 > self.database.right.fence else following

    def _adopt(self, batches: tuple[ClaimedBatch, ...], right: Right) -> None:
        """Mark what may have left, in one transaction (`mailer.database.restoration.adopt`)."""
        database = self.database
        for batch in batches:
            for reader in batch.claim.readers:
                if batch.end is not None and reader in batch.end.sent:
                    database.states[reader] = "sent"
                elif (batch.end is None or reader in batch.end.unknown) and database.states[reader] != "sent":
                    database.states[reader] = "unknown"
        for claim in database.claims.values():
            database.states |= {reader: "unknown" for reader in claim.readers if database.states[reader] == "claimed"}
        database.claims.clear()
        database.names.clear()
        self.journal.clear()
        self.has_lost_journal = False
        database.last = max([database.last, *(batch.claim.number for batch in batches)]) + GAP
        database.right = right
        self.network.note(f"site {self.number} holds fence {right.fence}; {len(batches)} batches were read")
