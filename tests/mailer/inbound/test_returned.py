"""A returned message counts for the delivery that its stamped return path names, and for nobody else; on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from mailer.database.readers import subscriptions, suppressions
from mailer.database.returned import delivery_problems as stored
from mailer.model.ids import SubscriberId
from mailer.model.returned.bounce import BounceClass
from mailer.model.returned.folder import Folder
from mailer.subscribers import delivery_problems
from tests.mailer.inbound.arrivals import FILTERED, POLICY, UNKNOWN, Office, office
from tests.samples.mail import bounce_formats as by

MX = "mx.example.jp"
READERS = itertools.count(1)


@dataclass(frozen=True)
class Reader:
    """One reader of the installation, who is in one test only."""

    home: Office
    number: int

    @property
    def subscriber_id(self) -> SubscriberId:
        return SubscriberId(self.number)

    @property
    def address(self) -> str:
        return f"reader{self.number}@example.jp"

    def hard(self) -> bytes:
        return by.postfix(self.address, MX, f"550 5.1.1 <{self.address}>: no such user", "RCPT", "5.1.1")

    def soft(self, nonce: int = 25) -> bytes:
        return by.postfix(self.address, MX, "550 User unknown", "RCPT", "5.0.0").replace(b"192.0.2.25", b"192.0.2.%d" % nonce)

    def returns(self, content: bytes, sender: str = "") -> None:
        """The message comes back to the reader's stamped return path, and is read."""
        self.home.put(self.home.stamped(self.number), content, sender)
        self.home.read()

    def classes(self) -> list[BounceClass]:
        problems, _ = delivery_problems.delivery_problems_of(self.home.database, self.subscriber_id, self.home.clock())
        return [each.bounce_class for each in problems]

    def is_ended(self) -> bool:
        return suppressions.is_suppressed(self.home.database, self.address)


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Office]:
    with office(tmp_path_factory.mktemp("office"), module_database_url, readers=200) as opened:
        yield opened


@pytest.fixture
def home(shared_home: Office) -> Office:
    shutil.rmtree(shared_home.spool.root)
    shared_home.spool.prepare()
    return shared_home


@pytest.fixture
def reader(home: Office) -> Reader:
    return Reader(home, next(READERS))


def test_a_hard_code_for_the_very_address_ends_delivery_at_once(reader: Reader) -> None:
    other = Reader(reader.home, next(READERS))
    reader.returns(reader.hard())
    assert (reader.classes(), reader.is_ended(), other.is_ended()) == ([UNKNOWN], True, False)
    assert not reader.home.spool.names()


def test_the_same_message_delivered_twice_counts_once(reader: Reader) -> None:
    reader.returns(reader.soft())
    reader.home.clock.forward(days=2)
    reader.returns(reader.soft())
    assert (reader.classes(), reader.is_ended()) == ([UNKNOWN], False)


@pytest.mark.parametrize(("hours", "ends"), [(23, False), (24, True), (24 * 91, False)])
def test_unknown_without_a_hard_code_ends_delivery_the_second_time_a_day_apart(reader: Reader, hours: int, ends: bool) -> None:
    reader.returns(reader.soft(1))
    reader.home.clock.forward(hours=hours)
    reader.returns(reader.soft(2))
    assert reader.is_ended() is ends


def test_a_hard_code_for_an_address_that_the_reader_forwards_to_does_not_end_delivery_at_once(reader: Reader) -> None:
    reader.returns(by.postfix("else@other.example", MX, "550 5.1.1 no such user", "RCPT", "5.1.1"))
    assert (reader.classes(), reader.is_ended()) == ([UNKNOWN], False)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (by.postfix("x@example.jp", MX, "552 5.2.2 mailbox full", "RCPT", "5.2.2"), BounceClass.FULL),
        (by.postfix("x@example.jp", MX, "550 5.7.1 blocked by DMARC policy", "BODY", "5.7.1"), POLICY),
        (by.postfix("x@docomo.ne.jp", "mfsmax.docomo.ne.jp", "550 Unknown user", "BODY"), FILTERED),
    ],
)
def test_nothing_but_unknown_ends_delivery_however_often_it_comes(reader: Reader, content: bytes, kind: BounceClass) -> None:
    for number in range(4):
        reader.returns(content.replace(b"192.0.2.25", b"192.0.2.%d" % number))
        reader.home.clock.forward(days=2)
    assert (reader.classes(), reader.is_ended()) == ([kind] * 4, False)


def test_a_forged_bounce_for_another_readers_address_does_nothing(reader: Reader) -> None:
    home, victim = reader.home, Reader(reader.home, next(READERS))
    forged = home.stamped(reader.number).replace(f"-{reader.number}-", f"-{victim.number}-")
    for recipient in (forged, "bounce@example.jp", f"bounce+{home.issue_id}-{victim.number}-000000000000@example.jp"):
        home.put(recipient, victim.hard(), "attacker@example.net")
    assert home.read() == 3
    assert not victim.classes() and not reader.classes() and not victim.is_ended()
    assert len(home.folder(Folder.PILE)) == 3 and "not stamped" in home.folder(Folder.PILE)[0]


def test_what_nobody_understands_lies_on_the_pile_and_counts_for_nobody(reader: Reader) -> None:
    reader.returns(by.plain("I like your news.", subject="hello"), reader.address)
    assert not reader.classes()
    assert reader.home.folder(Folder.PILE) == [f"not understood (issue {reader.home.issue_id}, subscriber {reader.number})"]


def test_a_holiday_notice_is_no_bounce(reader: Reader) -> None:
    reader.returns(by.plain("User unknown, mailbox full: I am away", head="Auto-Submitted: auto-replied\n"), reader.address)
    assert not reader.classes() and not reader.home.folder(Folder.PILE)


def test_the_receivers_words_are_kept_without_addresses(reader: Reader) -> None:
    reader.returns(reader.hard())
    (problem,) = stored.problems_of(reader.home.database, reader.subscriber_id)
    assert "no such user" in problem.text and "@" not in problem.text


def test_what_has_ended_delivery_can_be_undone_and_counts_no_more(reader: Reader) -> None:
    database, now = reader.home.database, reader.home.clock()
    reader.returns(reader.hard())
    assert delivery_problems.suppressions_of_problems(database, reader.subscriber_id)
    assert delivery_problems.forgive(database, reader.subscriber_id, by="reader", why="own page", now=now)
    assert (reader.classes(), reader.is_ended()) == ([], False)
    assert not delivery_problems.forgive(database, reader.subscriber_id, by="reader", why="own page", now=now)


def test_soft_problems_count_half_after_a_month(reader: Reader) -> None:
    reader.returns(by.postfix(reader.address, MX, "552 5.2.2 mailbox full", "RCPT", "5.2.2"))
    database, now = reader.home.database, reader.home.clock()
    days = (0, 30, 60)
    scores = [delivery_problems.delivery_problems_of(database, reader.subscriber_id, now + timedelta(days=each))[1] for each in days]
    assert scores == pytest.approx([1.0, 0.5, 0.25])


def test_a_bounce_of_an_erased_reader_is_read_and_forgotten(home: Office) -> None:
    gone = Reader(home, 9_999)
    gone.returns(gone.hard())
    assert not home.spool.names() and not home.folder(Folder.FAILED) and not home.folder(Folder.PILE)


def test_a_reader_cannot_fill_the_table_by_the_return_path_of_an_own_mail(reader: Reader) -> None:
    for number in range(30):
        reader.home.put(reader.home.stamped(reader.number), reader.soft(number))
    reader.home.read()
    assert len(reader.classes()) == stored.MOST_OF_A_DELIVERY and not reader.is_ended()


def test_a_complaint_ends_the_list_and_is_counted_once(reader: Reader) -> None:
    home = reader.home
    report = by.complaint(home.stamped(reader.number))
    for _ in range(2):
        home.put("complaints@example.jp", report, "fbl@receiver.example")
        home.read()
    assert suppressions.is_suppressed(home.database, reader.address, "fukko-press")
    assert not suppressions.is_suppressed(home.database, reader.address, "mailmaga")
    assert stored.complaints_by_list(home.database, since=home.clock() - timedelta(days=1)).keys() == {"fukko-press"}
    assert "stop" in {each.preference for each in subscriptions.preferences(home.database, reader.subscriber_id)}


def test_a_complaint_that_was_forged_or_taken_back_ends_nothing(reader: Reader) -> None:
    home = reader.home
    home.put("complaints@example.jp", by.complaint(f"bounce+{home.issue_id}-{reader.number}-000000000000@example.jp"), "x@receiver.example")
    home.put("complaints@example.jp", by.complaint(home.stamped(reader.number), "not-spam"), "x@receiver.example")
    home.read()
    assert not suppressions.is_suppressed(home.database, reader.address, "fukko-press")
    assert home.folder(Folder.PILE) == ["a complaint that names no reader of ours"]
