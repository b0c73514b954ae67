"""Signing up: one mail to an address, whatever strangers ask for, and nobody is subscribed before the mail was answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest

from mailer.config.file import load_config
from mailer.config.settings import Config
from mailer.database.engine import Database, create_database
from mailer.database.readers import sign_ups, subscriptions
from mailer.message.sealed import SealedPurpose, TokenSealer
from mailer.model.errors import AddressError, TokenError
from mailer.model.ids import SubscriberId
from mailer.model.readers.consent import Words
from mailer.model.readers.sign_up import LIFETIME, SignUpClaim, Way
from mailer.model.readers.subscription import Preference
from mailer.secrets import Secret
from mailer.subscribers.sign_up import Requested, read_token, request_confirmation
from mailer.subscribers.sign_up_mailer import SignUpMailer
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET, VERSION, write_config
from tests.servers.smtp import Receiver

OTHER = replace(LIST, key="mailmaga", title="メルマガ・みやぎ", list_id="mailmaga.todoke.example.jp")
LISTS = {LIST.key: LIST, OTHER.key: OTHER}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORDS = Words.of("お送りすることに同意します。", "test")
VICTIM = "victim@example.jp"


@dataclass
class Installation:
    """A database of either kind, and a relay that keeps what it is given."""

    database: Database
    relay: Receiver
    config: Config
    sealer: TokenSealer = field(default_factory=lambda: TokenSealer((Secret(SECRET),)))
    numbers: Iterator[int] = field(default_factory=count)

    def ask(self, address: str = VICTIM, now: datetime = NOW, way: Way = Way.WEB, form: str = "html") -> Requested:
        new_id = lambda: f"{next(self.numbers):016x}"  # noqa: E731
        lists = (LIST, OTHER)
        return request_confirmation(self.database, address, lists, form, now, way, sealer=self.sealer, new_id=new_id)

    def send(self, now: datetime = NOW, *, takes_replies: bool = False) -> int:
        mailer = SignUpMailer(self.database, self.config, self.sealer, lambda: LISTS, lambda _relay: None, takes_replies)
        return asyncio.run(mailer.send_waiting(lambda: now))

    def confirm(self, asked: Requested, now: datetime = NOW) -> SubscriberId | None:
        mailbox = self.sealer.hash_address(asked.claim.address)
        person = sign_ups.confirm(self.database, asked.claim, mailbox, asked.token, now, words=WORDS, first_version=lambda: VERSION)
        return None if person is None else person.subscriber_id

    @property
    def mails(self) -> list[EmailMessage]:
        return [accepted.mail for accepted in self.relay.accepted]

    def states(self, subscriber_id: SubscriberId | None) -> list[Preference]:
        assert subscriber_id is not None
        return [each.preference for each in subscriptions.preferences(self.database, subscriber_id)]


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    with Receiver() as relay:
        yield Installation(create_database(database_url), relay, load_config(write_config(tmp_path, relay.port)))


def test_a_sign_up_mails_a_link_and_subscribes_nobody(here: Installation) -> None:
    asked = here.ask()
    assert here.send() == 1 and asked.is_due
    (mail,) = here.mails
    assert mail["To"] == VICTIM and here.relay.accepted[0].recipients == (VICTIM,)
    assert (mail["Auto-Submitted"], mail["List-Unsubscribe"]) == ("auto-generated", None)
    text = mail.get_content()
    assert f"https://mail.example.jp/confirm/{asked.token}" in text and LIST.title in text and OTHER.title in text
    assert subscriptions.find(here.database, VICTIM) is None


def test_confirming_subscribes_to_all_lists_in_the_form_and_may_be_repeated(here: Installation) -> None:
    asked = here.ask(form="light")
    assert read_token(here.sealer, asked.token) == asked.claim
    first, second = here.confirm(asked), here.confirm(asked)
    assert first == second and here.states(first) == [Preference.LIGHT, Preference.LIGHT]


def test_one_mail_in_a_day_and_three_in_a_week(here: Installation) -> None:
    due = [here.ask(now=NOW + n * HOUR).is_due for n in range(24 * 8)]
    assert [number for number, is_due in enumerate(due) if is_due] == [0, 24, 48, 168]


def test_who_asked_while_the_clock_was_years_ahead_may_ask_again_when_it_is_right(here: Installation) -> None:
    for year in range(3):
        assert here.ask(now=NOW + timedelta(days=365 * (5 + year))).is_due
    assert here.ask(now=NOW).is_due
    assert not here.ask(now=NOW + HOUR).is_due


def test_one_mailbox_has_one_budget_however_it_is_written(here: Installation) -> None:
    spellings = ("Victim.Name+1@gmail.com", "victimname+2@googlemail.com", "VICTIMNAME@Gmail.com")
    assert [here.ask(spelling).is_due for spelling in spellings] == [True, False, False]


def test_a_used_link_brings_nobody_back_who_has_left_or_was_erased(here: Installation) -> None:
    asked = here.ask()
    subscriber_id = here.confirm(asked)
    assert subscriber_id is not None
    subscriptions.unsubscribe(here.database, subscriber_id, LIST.key, source="link", now=NOW + HOUR)
    assert here.confirm(asked, NOW + 2 * HOUR) is None
    assert here.states(subscriber_id) == [Preference.STOP, Preference.HTML]


def test_returning_is_a_new_sign_up(here: Installation) -> None:
    subscriber_id = here.confirm(here.ask())
    assert subscriber_id is not None
    subscriptions.unsubscribe(here.database, subscriber_id, LIST.key, source="link", now=NOW + HOUR)
    again = here.ask(now=NOW + 2 * DAY)
    assert here.confirm(again, NOW + 2 * DAY) == subscriber_id
    assert here.states(subscriber_id) == [Preference.HTML, Preference.HTML]


def test_no_row_holds_an_address_before_it_is_confirmed(here: Installation) -> None:
    here.ask()
    with here.database.reading() as connection:
        rows = [*connection.exec_driver_sql("SELECT * FROM sign_up")]
    assert len(rows) == 1 and "victim" not in str(rows).lower() and "example.jp" not in str(rows)


def test_a_relay_that_is_away_loses_no_sign_up(here: Installation) -> None:
    here.relay.behaviour.mail = "451 later"
    here.ask()
    assert here.send() == 1 and here.mails == []
    here.relay.behaviour.mail = None
    assert here.send(NOW + timedelta(seconds=59)) == 0
    assert here.send(NOW + timedelta(seconds=61)) == 1 and len(here.mails) == 1
    assert here.send(NOW + HOUR) == 0


def test_what_a_relay_took_before_it_failed_is_not_sent_again(here: Installation) -> None:
    people = [f"reader{n}@example.jp" for n in range(5)]
    here.relay.behaviour.rcpt = {people[2]: "421 closing", people[3]: "550 no such user"}
    for person in people:
        here.ask(person)
    here.send()
    here.relay.behaviour.rcpt = {}
    for minutes in (2, 5, 30):
        here.send(NOW + timedelta(minutes=minutes))
    assert sorted(here.relay.recipients) == sorted(set(people) - {people[3]})


def test_mail_is_not_sent_when_the_link_in_it_would_be_too_old(here: Installation) -> None:
    here.ask()
    assert here.send(NOW + LIFETIME + HOUR) == 1
    assert here.mails == []


def test_whoever_wants_no_confirmations_gets_none_until_then(here: Installation) -> None:
    asked = here.ask()
    sign_ups.refuse(here.database, here.sealer.hash_address(VICTIM), NOW + 30 * DAY)
    assert here.confirm(asked) is None
    assert [here.ask(now=NOW + n * DAY).is_due for n in (1, 8, 29, 30)] == [False, False, False, True]


def test_nothing_is_kept_of_strangers_a_week_after_the_last_request(here: Installation) -> None:
    here.ask()
    assert sign_ups.purge(here.database, NOW + 3 * DAY, LIFETIME) == 0
    assert sign_ups.open_token(here.database, here.sealer.hash_address(VICTIM)) is None
    assert sign_ups.purge(here.database, NOW + 8 * DAY, LIFETIME) == 1


def test_ten_thousand_hostile_sign_ups_at_a_thousand_victims_are_one_mail_each(here: Installation) -> None:
    new = [sign_ups.NewConfirmation(here.sealer.hash_address(f"Victim{n % 1000}+{n}@example.jp"), f"token {n}") for n in range(10_000)]
    portions = [new[start : start + 500] for start in range(0, len(new), 500)]
    due = [
        is_due for n, portion in enumerate(portions) for is_due in sign_ups.begin(here.database, portion, NOW + n * timedelta(minutes=70))
    ]
    assert sum(due) == 1000


def test_a_code_for_handsets_is_in_mails_that_were_asked_for_by_mail_only(here: Installation) -> None:
    by_web, by_mail = here.ask("web@example.jp"), here.ask("handset@docomo.ne.jp", way=Way.MAIL)
    here.send(takes_replies=True)
    texts = {mail["To"]: mail.get_content() for mail in here.mails}
    assert here.sealer.code_of(by_mail.token) in texts["handset@docomo.ne.jp"]
    assert here.sealer.code_of(by_web.token) not in texts["web@example.jp"]
    assert sign_ups.open_token(here.database, here.sealer.hash_address("handset@docomo.ne.jp")) == by_mail.token


@pytest.mark.parametrize(
    "address",
    ["a@b.example\r\nBcc: x@example.jp", "a@example.jp, b@example.jp", "=?utf-8?q?x?=@example.jp", "", "a@b@c", "a\u2028@example.jp"],
)
def test_an_address_that_could_reach_a_header_is_refused(here: Installation, address: str) -> None:
    with pytest.raises(AddressError):
        here.ask(address)


@pytest.mark.parametrize("token", ["", "x" * 50, "A" * 5000, "あ" * 60, "../../etc/passwd"])
def test_a_token_that_is_none_is_refused(here: Installation, token: str) -> None:
    with pytest.raises(TokenError):
        read_token(here.sealer, token)


def test_a_token_opens_for_its_purpose_only_and_under_every_key(here: Installation) -> None:
    asked = here.ask()
    with pytest.raises(TokenError):
        here.sealer.open(SealedPurpose.PERSON, asked.token)
    rotated = TokenSealer((Secret("new" * 20), Secret(SECRET)))
    assert SignUpClaim.unpack(rotated.open(SealedPurpose.SIGN_UP, asked.token)) == asked.claim
    damaged = asked.token[:-4] + ("AAAA" if asked.token[-4:] != "AAAA" else "BBBB")
    with pytest.raises(TokenError):
        read_token(here.sealer, damaged)
