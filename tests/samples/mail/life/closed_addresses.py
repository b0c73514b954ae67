"""What closes an address, opens it again, and erases a person; and what the night does."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mailer.database.readers import retention, suppressions
from mailer.database.returned import bounce_effects, complaint_effects
from mailer.database.returned.bounce_effects import ReadBounce
from mailer.database.returned.complaint_effects import Complained
from mailer.model.readers.retention import Retention
from mailer.model.readers.suppression import ALL_LISTS, SuppressionReason
from mailer.subscribers.erase import erase_reader
from tests.samples.mail.life.state import ADDRESS, KEY, LifeState
from tests.samples.mail.reader_model import KEYS, NAMES, SEALER, Reader, hard_bounce

RULES = Retention()


class ClosedAddresses(LifeState):
    """Returned mail, complaints, operators, erasure, and the time that passes."""

    @precondition(lambda self: self.mailed)
    @rule(data=st.data())
    def a_message_bounces(self, data: st.DataObject) -> None:
        issue_id, number, address = data.draw(st.sampled_from(self.mailed))
        bounce_effects.apply(self.database, [ReadBounce(f"e{next(self.number)}", issue_id, number, hard_bounce(address), self.now)])
        if self.id_of(address) == number:
            self.model[address].suppressed.add((SuppressionReason.UNKNOWN_RECIPIENT, ALL_LISTS))

    @precondition(lambda self: self.mailed)
    @rule(data=st.data(), key=KEY)
    def a_reader_complains(self, data: st.DataObject, key: str) -> None:
        issue_id, number, _ = data.draw(st.sampled_from(self.mailed))
        complaint_effects.apply(
            self.database, f"e{next(self.number)}", Complained(number, issue_id, key, "abuse", "docomo.ne.jp"), now=self.now
        )
        for address in NAMES:
            if self.id_of(address) == number:
                self.end(address, key)
                self.model[address].suppressed.add((SuppressionReason.COMPLAINT, key))

    @rule(address=ADDRESS, scope=KEY | st.just(ALL_LISTS))
    def an_operator_closes_the_address(self, address: str, scope: str) -> None:
        suppressions.suppress(self.database, address, SuppressionReason.OPERATOR, source="operator", now=self.now, scope=scope)
        self.model[address].suppressed.add((SuppressionReason.OPERATOR, scope))

    @rule(address=ADDRESS)
    def an_operator_opens_it_again(self, address: str) -> None:
        suppressions.lift(self.database, address, by="operator", why="test", now=self.now, reasons=[*SuppressionReason])
        self.model[address].suppressed.clear()

    @rule(address=ADDRESS)
    def is_erased(self, address: str) -> None:
        if (number := self.id_of(address)) is not None:
            erase_reader(self.database, number, sealer=SEALER, spool=self.home / "inbound", source="reader", now=self.now)
            closed = self.model[address].suppressed | {(SuppressionReason.ERASED, ALL_LISTS)}
            self.model[address] = Reader(suppressed=closed)
            self.mailed = [each for each in self.mailed if each[1] != number]
            self.erased.add(address)
            content = "\n".join(path.read_bytes().decode("utf-8", "replace") for path in self.home.rglob("*") if path.is_file())
            for each in {address} | {each for each in self.former.get(number, set()) if each not in self.rows()}:
                assert each not in content + self.rows(), "something of an erased person is left"
            assert KEYS.newest(address).value in self.rows()

    @rule(days=st.sampled_from([0.5, 2, 8, 30]))
    def time_passes(self, days: float) -> None:
        self.service.clock.turn(days=days)

    @rule()
    def the_night_comes(self) -> None:
        retention.expire(self.database, RULES, now=self.now)
        for address, reader in self.model.items():
            for key, left in [*reader.lists.items()]:
                if left is not None and left <= self.now - RULES.ended:
                    del reader.lists[key]
                    reader.suppressed.add((SuppressionReason.LEFT, key))
            if self.id_of(address) is None:
                reader.paused_until = None
                self.mailed = [each for each in self.mailed if each[2] != address]
