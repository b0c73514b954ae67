"""空メール from the first mail to the subscription: asked, confirmed by an answer with the code, with a record of the consent; nobody else's code counts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.database.readers import consents, subscriptions
from mailer.message.sealed import TokenSealer
from mailer.model.readers.consent import ConsentWay
from mailer.secrets import Secret
from mailer.subscribers.sign_up_by_mail import SignUpsByMail
from mailer.subscribers.sign_up_mailer import SignUpMailer
from tests.mailer.inbound.arrivals import Office, office
from tests.samples.mail.mail_bundles import SECRET
from tests.servers.smtp import Receiver

HANDSET = "ta..ro.@docomo.ne.jp"
SUBSCRIBE, CONFIRM = "fukko-press-subscribe@example.jp", "fukko-press-confirm@example.jp"


@pytest.fixture
def relay() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, database_url: str, relay: Receiver) -> Iterator[Office]:
    with office(tmp_path, database_url, relay_port=relay.port) as opened:
        sealer, lists = TokenSealer((Secret(SECRET),)), opened.service.lists
        mailer = SignUpMailer(opened.database, opened.config, sealer, lambda: lists, lambda _relay: None, takes_replies=True)
        by_mail = SignUpsByMail(opened.database, sealer, lists)
        opened.service = replace(opened.service, confirmations=by_mail, sign_up_mailer=mailer)
        yield opened


def write(home: Office, writer: str, recipient: str, subject: str = "") -> None:
    home.put(recipient, b"From: " + writer.encode() + b"\r\nSubject: " + subject.encode() + b"\r\n\r\n", writer)
    home.read()
    assert home.service.sign_up_mailer is not None
    asyncio.run(home.service.sign_up_mailer.send_waiting(home.clock))


def test_a_handset_without_a_browser_subscribes_by_answering_with_the_code(home: Office, relay: Receiver) -> None:
    write(home, HANDSET, SUBSCRIBE)
    asked = relay.accepted[-1].mail
    text = asked.get_content().replace("\r\n", "\n")
    (code,) = re.findall(r"件名に ([0-9A-Z]{10}) と書いて", text)
    assert asked["Reply-To"] == CONFIRM and "同意" in text and "https://mail.example.jp/confirm/" in text
    assert subscriptions.find(home.database, HANDSET) is None, "nothing is subscribed by asking"

    write(home, "somebody@else.example", CONFIRM, code)
    write(home, HANDSET, CONFIRM, "0" * 10)
    assert subscriptions.find(home.database, HANDSET) is None

    write(home, HANDSET, CONFIRM, f"Re: {code}")
    person = subscriptions.find(home.database, HANDSET)
    assert person is not None
    (preference,) = subscriptions.preferences(home.database, person)
    assert (preference.list, preference.preference) == ("fukko-press", "light")
    (record,) = consents.consents_of(home.database, person)
    assert record.way is ConsentWay.MAIL and record.words is not None
    words = consents.words_of(home.database, record.words)
    assert words is not None and words.text in text, "what is kept is what was shown"
    assert relay.accepted[-1].mail["Subject"].startswith("登録しました")


def test_a_code_holds_two_days_and_an_address_is_asked_once_a_day(home: Office, relay: Receiver) -> None:
    write(home, HANDSET, SUBSCRIBE)
    write(home, HANDSET, SUBSCRIBE)
    assert len(relay.accepted) == 1
    (code,) = re.findall(r"件名に ([0-9A-Z]{10}) と書いて", relay.accepted[0].mail.get_content())
    home.clock.forward(days=3)
    write(home, HANDSET, CONFIRM, code)
    assert subscriptions.find(home.database, HANDSET) is None
