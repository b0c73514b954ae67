"""One message for one person: parsed back by the standard library, and safe against injection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config.settings import UnsubscribeMailto
from mailer.message import compose as composition
from mailer.message.compose import Message, SenderIdentity
from mailer.message.headers import mailbox_line
from mailer.message.links import RecipientLinks
from mailer.model.clock import JAPAN
from mailer.model.errors import AddressError, MessageError, TodokeMailError
from mailer.model.ids import SubscriberId
from mailer.model.issue import Issue, IssueRef, ListClass, MailList
from mailer.model.readers import addresses
from mailer.model.recipient import Envelope, Recipient
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, TEXT

LINK = "https://mail.example.jp/unsubscribe/" + "t" * 120
IDENTITY = SenderIdentity("bounce@example.jp", "todoke.example.jp")
TARO = Recipient(SubscriberId(7), "taro@example.jp", "山田 太郎")


def compose(
    issue: Issue = ISSUE,
    mail_list: MailList = LIST,
    recipient: Recipient = TARO,
    link: str = LINK,
    *,
    identity: SenderIdentity = IDENTITY,
    sent_at: datetime = NOW,
) -> Message:
    links = RecipientLinks(link, link.replace("unsubscribe", "preferences"))
    return composition.compose(issue, mail_list, recipient, links=links, sent_at=sent_at, identity=identity)


def parsed(composed: Message) -> EmailMessage:
    return message_from_bytes(composed.content, policy=policy.default)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("From", "みやぎ復興プレス <fukko-press@example.jp>"),
        ("To", "山田 太郎 <taro@example.jp>"),
        ("Reply-To", "fukko-press-reply@example.jp"),
        ("Subject", "みやぎ復興プレス 第45号"),
        ("Date", "Wed, 11 Mar 2026 14:46:00 +0900"),
        ("List-Id", "みやぎ復興プレス メールマガジン版 <fukko-press.todoke.example.jp>"),
        ("List-Unsubscribe", f"<{LINK}>, <mailto:fukko-press@example.jp?subject=unsubscribe%20fukko-press%20{'t' * 120}>"),
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


def light_mail(text: str, charset: str = "iso-2022-jp") -> Message:
    return compose(replace(ISSUE, html="", text=text, charset=charset))


def test_a_light_mail_in_iso_2022_jp_goes_as_it_is_with_its_headers_in_the_same_charset() -> None:
    composed = light_mail(TEXT)
    assert parsed(composed)["Content-Transfer-Encoding"] == "7bit"
    assert parsed(composed).get_content().replace("\r\n", "\n") == TEXT.replace("https://personal.invalid/unsubscribe", LINK)
    assert TEXT.splitlines()[0].encode("iso-2022-jp") in composed.content.partition(b"\r\n\r\n")[2]
    assert b"=?utf-8" not in composed.content and composed.content.count(b"=?iso-2022-jp?b?") >= 4
    assert str(parsed(composed)["Subject"]) == ISSUE.subject


@pytest.mark.parametrize(("text", "charset"), [(TEXT, "utf-8"), ("復" * 500 + "\n", "iso-2022-jp"), ("x" * 999, "iso-2022-jp")])
def test_a_light_mail_goes_as_base64_where_it_is_no_text_of_short_7_bit_lines(text: str, charset: str) -> None:
    mail = parsed(light_mail(text, charset))
    assert mail["Content-Transfer-Encoding"] == "base64"
    assert mail.get_content().replace("\r\n", "\n").rstrip("\n") == text.replace("https://personal.invalid/unsubscribe", LINK).rstrip("\n")


@pytest.mark.parametrize(
    ("setting", "mailto"),
    [
        (UnsubscribeMailto(), f"mailto:{LIST.contact}"),
        (UnsubscribeMailto("off", {LIST.key: "contact"}), f"mailto:{LIST.contact}"),
        (UnsubscribeMailto("contact", {LIST.key: "stop+1@example.jp"}), "mailto:stop+1@example.jp"),
        (UnsubscribeMailto("%a?b&c@example.jp"), "mailto:%25a%3Fb%26c@example.jp"),
    ],
)
def test_list_unsubscribe_has_a_mailto_whose_subject_names_the_list_and_the_token(setting: UnsubscribeMailto, mailto: str) -> None:
    value = parsed(compose(identity=replace(IDENTITY, unsubscribe_mailto=setting)))["List-Unsubscribe"]
    assert value == f"<{LINK}>, <{mailto}?subject=unsubscribe%20fukko-press%20{'t' * 120}>"
    assert parse_qs(urlsplit(mailto + value.partition(mailto)[2].rstrip(">")).query) == {
        "subject": [f"unsubscribe fukko-press {'t' * 120}"]
    }


def test_without_a_mailto_list_unsubscribe_has_the_link_alone() -> None:
    assert parsed(compose(identity=replace(IDENTITY, unsubscribe_mailto=UnsubscribeMailto("off"))))["List-Unsubscribe"] == f"<{LINK}>"


@pytest.mark.parametrize(("zone", "date"), [(JAPAN, "Thu, 12 Mar 2026 08:30:00 +0900"), (UTC, "Wed, 11 Mar 2026 23:30:00 +0000")])
def test_the_date_is_that_of_the_site_with_its_offset(zone: tzinfo, date: str) -> None:
    sent_at = datetime(2026, 3, 11, 23, 30, tzinfo=UTC)
    assert parsed(compose(identity=replace(IDENTITY, time_zone=zone), sent_at=sent_at))["Date"] == date


def test_links_stay_whole_on_one_line() -> None:
    assert f"\r\nList-Unsubscribe: <{LINK}>,\r\n <mailto:".encode() in compose().content


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
    line = mailbox_line("To", "", address)
    assert parseaddr(line.removeprefix("To: "))[1] == addresses.quoted(address)
    assert address.isascii() and address.isprintable() and line.count("\r\n") == 1


def test_a_warning_is_of_high_importance_and_no_bulk_mail() -> None:
    mail = parsed(compose(replace(ISSUE, list_class=ListClass.EMERGENCY)))
    assert mail["Importance"] == "high" and mail["Precedence"] is None and mail["List-Unsubscribe-Post"]
    assert parsed(compose())["Importance"] is None


def test_a_message_names_who_takes_complaints_where_the_operator_has_said_so() -> None:
    announced = replace(IDENTITY, complaints="complaints@example.jp")
    assert parsed(compose(identity=announced))["CFBL-Address"] == "complaints@example.jp; report=arf"
    assert parsed(compose())["CFBL-Address"] is None
