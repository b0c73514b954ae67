"""空メール is answered as its sender may expect, and nobody can make us write to somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailer.database.readers import subscriptions
from mailer.message.links import LinkClaim, Purpose
from mailer.model.ids import SubscriberId
from mailer.model.readers.subscription import Preference
from mailer.model.returned.folder import Folder
from tests.mailer.inbound.arrivals import CODE, SIGNER, Office, letter, office
from tests.servers.smtp import Receiver

SUBSCRIBE, UNSUBSCRIBE, HELP, CONFIRM = (f"fukko-press-{word}@example.jp" for word in ("subscribe", "unsubscribe", "help", "confirm"))
READER, STRANGER = "reader2@example.jp", "new@example.net"
PASSES = "mx.example.jp; dmarc=pass (p=none) header.from=example.jp"
FAILS = "mx.example.jp; spf=pass smtp.mailfrom=x; dmarc=fail (p=reject) header.from=example.jp"


@pytest.fixture
def relay() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, relay: Receiver) -> Iterator[Office]:
    url = f"sqlite:///{tmp_path / 'var' / 'todoke.db'}"
    with office(tmp_path, url, relay_port=relay.port, inbound='authserv_id = "mx.example.jp"\n') as opened:
        yield opened


def write(
    home: Office, recipient: str, writer: str, *, sender: str | None = None, verdict: str = PASSES, subject: str = "", **headers: str
) -> None:
    results = {"Authentication_Results": verdict} if verdict else {}
    content = letter(writer, recipient, subject, "anything", **results, **headers)
    home.put(recipient, content, writer if sender is None else sender)
    home.read()


def subjects(relay: Receiver) -> list[str]:
    return [accepted.mail["Subject"] for accepted in relay.accepted]


def is_subscribed(home: Office, number: int = 2) -> bool:
    preferences = {each.list: each.preference for each in subscriptions.preferences(home.database, SubscriberId(number))}
    return preferences["fukko-press"] is not Preference.STOP


def test_an_empty_mail_asks_the_address_in_from_for_a_confirmation_in_its_form(home: Office) -> None:
    write(home, SUBSCRIBE, STRANGER)
    write(home, SUBSCRIBE, "taro@docomo.ne.jp")
    assert home.confirmations.asked == [(STRANGER, "fukko-press", "html"), ("taro@docomo.ne.jp", "fukko-press", "light")]


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": FAILS},
        {"verdict": ""},
        {"verdict": "mx.attacker.example; dmarc=pass"},
        {"verdict": "mx.example.jp; dmarc=none", "sender": "other@example.org"},
        {"sender": ""},
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<fukko-press.todoke.example.jp>"},
        {"List_Unsubscribe": "<https://list.example/>"},
        {"X_Autoreply": "yes"},
        {"writer": "MAILER-DAEMON@example.net"},
        {"writer": "no-reply@example.net"},
        {"writer": "fukko-press@example.jp"},
        {"writer": "fukko-press-subscribe@example.jp"},
        {"writer": "a@example.net, b@example.net"},
    ],
    ids=str,
)
@pytest.mark.parametrize("recipient", [SUBSCRIBE, HELP, UNSUBSCRIBE, CONFIRM])
def test_nothing_is_sent_to_machines_to_ourselves_or_to_whoever_did_not_write(
    shared_home: tuple[Office, Receiver], recipient: str, change: dict[str, str]
) -> None:
    home, relay = shared_home
    write(home, recipient, **{"writer": STRANGER, "subject": CODE} | change)
    assert not relay.accepted and not home.confirmations.asked and not home.spool.names()


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Receiver]]:
    folder = tmp_path_factory.mktemp("silent")
    with (
        Receiver() as relay,
        office(
            folder, f"sqlite:///{folder / 'var' / 'todoke.db'}", relay_port=relay.port, inbound='authserv_id = "mx.example.jp"\n'
        ) as home,
    ):
        yield home, relay


def test_the_answer_has_a_null_sender_says_that_a_machine_wrote_it_and_leaves_once_a_day(home: Office, relay: Receiver) -> None:
    for _ in range(3):
        write(home, HELP, STRANGER, Message_ID="<x@example.net>")
        home.clock.forward(hours=1)
    (accepted,) = relay.accepted
    assert accepted.mail_from in ("", "<>") and accepted.recipients == (STRANGER,)
    assert accepted.mail["Auto-Submitted"] == "auto-generated" and SUBSCRIBE in accepted.mail.get_content()
    home.clock.forward(days=1)
    write(home, HELP, STRANGER, Message_ID="<y@example.net>")
    assert len(relay.accepted) == 2


def test_an_answer_with_the_code_in_double_width_letters_confirms(home: Office, relay: Receiver) -> None:
    write(home, SUBSCRIBE, STRANGER)
    wide = CODE.translate({ord(sign): ord(sign) + 0xFEE0 for sign in CODE})
    write(home, CONFIRM, STRANGER, subject=f"Re: {wide}")
    write(home, CONFIRM, STRANGER, subject="Re: AAAAAAAAAA")
    assert [subject.partition("：")[0] for subject in subjects(relay)] == ["登録しました"]


def test_whom_dmarc_proves_to_be_the_reader_leaves_with_the_empty_mail(home: Office, relay: Receiver) -> None:
    write(home, UNSUBSCRIBE, READER)
    assert not is_subscribed(home) and is_subscribed(home, 1)
    assert subjects(relay) == ["配信を止めました：「fukko-press メールマガジン版」"]


def test_whom_nothing_proves_gets_a_link_that_ends_the_list_and_can_send_it_back_as_a_subject(home: Office, relay: Receiver) -> None:
    write(home, UNSUBSCRIBE, READER, verdict="mx.example.jp; dmarc=none")
    text = relay.accepted[0].mail.get_content()
    assert is_subscribed(home) and "https://mail.example.jp/unsubscribe/u2." in text
    token = next(word for word in text.split() if word.startswith("u2."))
    write(home, UNSUBSCRIBE, "somebody@else.example", sender="", verdict=FAILS, subject=f"unsubscribe fukko-press {token}")
    assert not is_subscribed(home)


def test_a_token_that_was_revoked_or_changed_ends_nothing(home: Office) -> None:
    token = SIGNER.sign(LinkClaim(SubscriberId(2), "fukko-press", 5, Purpose.UNSUBSCRIBE))
    subscriptions.revoke_links(home.database, SubscriberId(2))
    for each in (token, token.replace("u2.", "u3."), token[:-1] + "0"):
        write(home, UNSUBSCRIBE, STRANGER, subject=each, verdict=FAILS)
    assert is_subscribed(home) and is_subscribed(home, 3)


def test_an_answer_that_no_relay_takes_is_tried_again_and_not_lost(home: Office, relay: Receiver, tmp_path: Path) -> None:
    relay.behaviour.data = {STRANGER: "451 later"}
    home.put(HELP, letter(STRANGER, HELP, Authentication_Results=PASSES), STRANGER)
    with home.reading() as read:
        assert read() == 0 and len(home.spool.names()) == 1
        relay.behaviour.data = {}
        assert read() == 0, "not before five minutes"
        home.clock.forward(minutes=6)
        assert read() == 1 and subjects(relay) and not home.spool.names()


def test_what_is_written_to_the_list_goes_to_its_contact_whole_and_answers_go_to_the_writer(home: Office, relay: Receiver) -> None:
    content = letter(STRANGER, "fukko-press-reply@example.jp", "質問 =?utf-8?q?x?=", "いつ届きますか", Authentication_Results=PASSES)
    with home.contact("office@pref.example.jp"):
        home.put("fukko-press-reply@example.jp", content, STRANGER)
        home.read()
    (accepted,) = relay.accepted
    assert accepted.recipients == ("office@pref.example.jp",) and accepted.mail["Reply-To"] == STRANGER
    assert accepted.mail["From"].addresses[0].addr_spec == "fukko-press@example.jp"
    (attached,) = accepted.mail.iter_attachments()
    inner = message_from_bytes(attached.get_content(), policy=policy.default)
    assert isinstance(inner, EmailMessage) and "いつ届きますか" in inner.get_content()


def test_a_letter_that_would_come_back_here_is_put_aside(home: Office, relay: Receiver) -> None:
    home.put("fukko-press-reply@example.jp", letter(STRANGER, "x@example.jp"), STRANGER)
    home.read()
    assert not relay.accepted and "comes back here" in home.folder(Folder.PILE)[0]
