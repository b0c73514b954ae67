"""One message for one person: parsed back by the standard library, and safe against injection."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.message import compose as composition
from mailer.message.compose import Message, SenderIdentity
from mailer.message.headers import mailbox
from mailer.message.links import RecipientLinks
from mailer.model import addresses
from mailer.model.errors import AddressError, MessageError, TodokeMailError
from mailer.model.ids import SubscriberId
from mailer.model.issue import Issue, IssueRef, MailList
from mailer.model.recipient import Envelope, Recipient
from tests.mail_bundles import ISSUE, LIST, NOW

LINK = "https://mail.example.jp/unsubscribe/" + "t" * 120
IDENTITY = SenderIdentity("bounce@example.jp", "todoke.example.jp")
TARO = Recipient(SubscriberId(7), "taro@example.jp", "山田 太郎")


def compose(issue: Issue = ISSUE, mail_list: MailList = LIST, recipient: Recipient = TARO, link: str = LINK) -> Message:
    links = RecipientLinks(link, link.replace("unsubscribe", "preferences"))
    return composition.compose(issue, mail_list, recipient, links=links, sent_at=NOW, identity=IDENTITY)


def parsed(composed: Message) -> EmailMessage:
    return message_from_bytes(composed.content, policy=policy.default)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("From", "みやぎ復興プレス <fukko-press@example.jp>"),
        ("To", "山田 太郎 <taro@example.jp>"),
        ("Reply-To", "fukko-press-reply@example.jp"),
        ("Subject", "みやぎ復興プレス 第45号"),
        ("Date", "Wed, 11 Mar 2026 05:46:00 +0000"),
        ("List-Id", "みやぎ復興プレス メールマガジン版 <fukko-press.todoke.example.jp>"),
        ("List-Unsubscribe", f"<{LINK}>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Archive", "<https://todoke.example.jp/mail/fukko-press/>"),
        ("Archived-At", "<https://todoke.example.jp/mail/fukko-press/45/>"),
        ("Precedence", "bulk"),
    ],
)
def test_a_header_has_its_value(header: str, value: str) -> None:
    assert parsed(compose()).get_all(header) == [value]


@pytest.mark.parametrize(
    "name",
    ["", "Taro Yamada", "Yamada, Taro", 'Taro "T" Yamada', "山田, 太郎", "山田 “太郎” <x@y>", "髙①", "a@b"],
)
def test_a_name_arrives_as_it_was_written(name: str) -> None:
    recipients = parsed(compose(recipient=Recipient(SubscriberId(1), "a@example.jp", name)))["To"].addresses
    assert [(entry.display_name, entry.addr_spec) for entry in recipients] == [(name, "a@example.jp")]


def test_a_long_name_is_split_into_encoded_words_without_loss() -> None:
    raw = message_from_bytes(compose(recipient=Recipient(SubscriberId(1), "a@example.jp", "長" * 100)).content)["To"]
    assert str(make_header(decode_header(raw))) == f"{'長' * 100} <a@example.jp>"  # policy.default of 3.11 keeps the gaps


def test_both_parts_carry_the_personal_link_and_text_comes_first() -> None:
    parts = [cast(EmailMessage, part) for part in parsed(compose()).iter_parts()]
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert all(LINK in part.get_content() and "復興の今" in part.get_content() for part in parts)
    assert all(part["Content-Transfer-Encoding"] == "base64" for part in parts)


def test_the_envelope_has_one_recipient_and_the_bytes_are_ready_for_the_wire() -> None:
    composed = compose()
    assert composed.envelope == Envelope("bounce@example.jp", "taro@example.jp")
    assert composed.content.isascii()
    assert b"\n" not in composed.content.replace(b"\r\n", b"")


def test_links_stay_whole_on_one_line() -> None:
    assert f"\r\nList-Unsubscribe: <{LINK}>\r\n".encode() in compose().content


def test_the_same_input_gives_the_same_bytes() -> None:
    assert compose().content == compose().content


def test_a_message_id_is_stable_and_personal_and_does_not_reveal_the_address() -> None:
    ids = {
        composition.message_id(IssueRef("l", str(number)), SubscriberId(reader), "d.example") for number in range(9) for reader in range(9)
    }
    assert len(ids) == 81
    assert compose().message_id == parsed(compose())["Message-ID"]
    assert "taro" not in compose().message_id


@pytest.mark.parametrize("part", ["html", "text"])
def test_a_personal_place_left_over_is_never_sent(part: str) -> None:
    old = f"{getattr(ISSUE, part)} https://personal.invalid/other"
    with_leftover = replace(ISSUE, html=old) if part == "html" else replace(ISSUE, text=old)
    with pytest.raises(MessageError, match="personal place"):
        compose(with_leftover)


@pytest.mark.parametrize("address", ["a@b>\r\nRCPT TO:<c@d", "a@b>\nx", "a@b\x00", "a b@c", "<a@b>", "ü@example.jp", "a@b\u0085", "", "a"])
def test_an_address_that_could_break_out_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        compose(recipient=Recipient(SubscriberId(1), address))


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y", "a\nb", "a\x0bb", "a\u0085b", "a\u2028b", "\u202eabc", "=?utf-8?b?DQo=?="])
def test_a_subject_with_control_characters_is_refused(subject: str) -> None:
    with pytest.raises(MessageError, match="control characters"):
        compose(replace(ISSUE, subject=subject))


@pytest.mark.parametrize("link", ["https://x/ y", "https://x/>\r\nBcc: a@b", "https://x/復興"])
def test_a_link_that_could_break_out_is_refused(link: str) -> None:
    with pytest.raises(MessageError):
        compose(link=link)


HEADERS = {
    "From", "To", "Reply-To", "Subject", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Archive", "Archived-At",
    "Precedence", "Date", "Message-ID", "MIME-Version", "Content-Type",
}  # fmt: skip
TROUBLESOME_TEXT = st.text(st.sampled_from('a \r\n\t\x00\x0b\x0c\x85\u2028\u202e<>@,:;"\\=?復髙😀') | st.characters(), max_size=120)


@given(name=TROUBLESOME_TEXT, title=TROUBLESOME_TEXT, subject=TROUBLESOME_TEXT, sender=TROUBLESOME_TEXT)
def test_no_text_can_add_a_header_and_every_text_survives(name: str, title: str, subject: str, sender: str) -> None:
    try:
        composed = compose(
            replace(ISSUE, subject=subject), replace(LIST, title=title, from_name=sender), Recipient(SubscriberId(1), "a@example.jp", name)
        )
    except TodokeMailError:
        return
    mail = parsed(composed)
    assert set(mail.keys()) == HEADERS and len(mail.keys()) == len(HEADERS)
    assert [entry.addr_spec for entry in mail["To"].addresses] == ["a@example.jp"]
    assert [entry.addr_spec for entry in mail["From"].addresses] == [LIST.from_address]
    assert mail.is_multipart() and max(map(len, composed.content.split(b"\r\n"))) <= 998


@given(TROUBLESOME_TEXT)
def test_every_text_that_is_accepted_as_an_address_can_stand_in_an_envelope(text: str) -> None:
    try:
        address = addresses.parse(text)
    except AddressError:
        return
    assert mailbox("", address).addr_spec == address
    assert not set(address) & set("\r\n <>")
