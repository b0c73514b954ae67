"""A rendered message is, byte for byte, the one that Python's `email` builds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config.settings import UnsubscribeMailto
from mailer.message import alternatives, compose
from mailer.message.compiled import CompiledMessage, format_to_bytes
from mailer.message.compose import SenderIdentity
from mailer.message.headers import to_line
from mailer.message.links import LinkClaim, LinkSigner, Purpose, RecipientLinks, parse_return_path, return_path_for
from mailer.model.errors import AddressError, MessageError, TodokeMailError
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import Issue, LightPart
from mailer.model.recipient import Recipient
from mailer.secrets import Secret
from mailer.smtp.transaction import dot_stuff
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SECRET

IDENTITY = SenderIdentity("bounce@example.jp", "todoke.example.jp")
SIGNER = LinkSigner((Secret(SECRET),))
SERVICE = "https://mail.example.jp"
UNSUBSCRIBE, PREFERENCES = "https://personal.invalid/unsubscribe", "https://personal.invalid/preferences"
NAMES = st.sampled_from(["", "山田 太郎", "Taro Yamada", "Yamada 太郎", "長" * 12, "長" * 30, "é", "O'Brien, T.", "a.b", "髙①", "サトー"])


def compiled(issue: Issue = ISSUE) -> CompiledMessage:
    return CompiledMessage(issue, LIST, signer=SIGNER, service_url=SERVICE, identity=IDENTITY)


def built_by_email(issue: Issue, recipient: Recipient, identity: SenderIdentity = IDENTITY) -> bytes:
    claims = [LinkClaim(recipient.subscriber_id, issue.ref.list, recipient.token_version, purpose) for purpose in Purpose]
    links = RecipientLinks(*(f"{SERVICE}/{claim.purpose}/{SIGNER.sign(claim)}" for claim in claims))
    return dot_stuff(compose.compose(issue, LIST, recipient, links=links, sent_at=NOW, identity=identity).content)


@given(
    st.lists(st.sampled_from([f"{UNSUBSCRIBE} ", f"{PREFERENCES}\n", "復興の今\n", ".", "\n.\n", "x" * 57, "a" * 200, "\n"]), max_size=12),
    st.integers(1, 10**10),
    NAMES,
    st.integers(0, 2**31 - 1),
)
def test_every_message_equals_what_email_builds(text: list[str], subscriber_id: int, name: str, version: int) -> None:
    body = "\n".join(text)
    html = re.sub(r"https\S+", r'<a href="\g<0>">開く</a>', f"{UNSUBSCRIBE} {body}")
    issue = replace(ISSUE, text=f"{body}\n{UNSUBSCRIBE}\n", html=html)
    recipient = Recipient(SubscriberId(subscriber_id), "reader@example.jp", name, version)
    assert b"".join(compiled(issue).render(recipient, NOW)) == built_by_email(issue, recipient)


@given(
    st.lists(st.sampled_from([f"\n{UNSUBSCRIBE}\n", "復興の今", ".", "\n.\n", "x" * 57, "\n"]), max_size=9),
    st.sampled_from(["utf-8", "iso-2022-jp"]),
)
def test_the_light_form_alone_equals_what_email_builds(text: list[str], charset: str) -> None:
    issue = replace(ISSUE, light=LightPart(f"{''.join(text)}\n止める {UNSUBSCRIBE}\n", charset))
    recipient = Recipient(SubscriberId(7), "reader@example.jp", "山田 太郎")
    rendered = b"".join(compiled(issue).render(recipient, NOW, is_light=True))
    assert rendered == built_by_email(alternatives.as_light(issue), recipient) and b"multipart" not in rendered


@given(
    NAMES | st.text(max_size=40),
    st.sampled_from(
        ["a@example.jp", "a.b+c@x.example.jp", "x" * 60 + "@example.jp", "!a@example.jp", "a..b@docomo.ne.jp", '"a b"@example.jp']
    ),
    st.sampled_from(["utf-8", "iso-2022-jp"]),
)
def test_the_short_way_to_a_to_header_agrees_with_the_long_one(name: str, address: str, charset: str) -> None:
    recipient = Recipient(SubscriberId(1), address, name)
    try:
        expected = to_line(recipient, charset)
    except TodokeMailError:
        with pytest.raises(TodokeMailError):
            format_to_bytes(recipient, charset)
    else:
        assert format_to_bytes(recipient, charset) == expected


@pytest.mark.parametrize("setting", ["contact", "off", "a+b%c@example.jp"])
@pytest.mark.parametrize("is_light", [False, True])
def test_the_mailto_of_list_unsubscribe_is_filled_as_the_long_way_fills_it(setting: str, is_light: bool) -> None:
    identity = replace(IDENTITY, unsubscribe_mailto=UnsubscribeMailto(setting))
    issue = replace(ISSUE, light=LightPart(f".x\n{UNSUBSCRIBE}\n..\n{PREFERENCES}\n. {UNSUBSCRIBE} .\n", "iso-2022-jp"))
    message = CompiledMessage(issue, LIST, signer=SIGNER, service_url=SERVICE, identity=identity)
    recipient = Recipient(SubscriberId(7), "reader@example.jp", "読者 花子")
    form = alternatives.as_light(issue) if is_light else issue
    assert b"".join(message.render(recipient, NOW, is_light=is_light)) == built_by_email(form, recipient, identity)


def test_one_compiled_issue_renders_for_numbers_of_every_length_and_for_every_hour() -> None:
    message = compiled()
    for subscriber_id in (1, 99, 12345, 9_999_999):
        recipient = Recipient(SubscriberId(subscriber_id), "a@example.jp", "読者 花子")
        assert b"".join(message.render(recipient, NOW)) == built_by_email(ISSUE, recipient)
    assert b"Wed, 11 Mar 2026 15:46:00 +0900" in b"".join(message.render(recipient, NOW + timedelta(hours=1)))


@pytest.mark.parametrize("address", ["a@b>\r\nRCPT TO:<c@d", ".\r\n@x.jp", "a@b\nx", "a b@c.jp"])
def test_what_could_break_out_is_refused(address: str) -> None:
    with pytest.raises(AddressError):
        compiled().render(Recipient(SubscriberId(1), address), NOW)


def test_an_issue_with_a_place_left_over_is_not_compiled() -> None:
    with pytest.raises(MessageError, match="personal place"):
        compiled(replace(ISSUE, html=f"{UNSUBSCRIBE} https://personal.invalid/other"))


def test_a_return_path_names_its_message_and_cannot_be_forged() -> None:
    path = return_path_for("bounce@example.jp", IssueId(45), SIGNER)(SubscriberId(7))
    assert parse_return_path(path, SIGNER) == (45, 7)
    assert parse_return_path(path.replace("45-7", "45-8"), SIGNER) is None
    assert parse_return_path("bounce@example.jp", SIGNER) is None
