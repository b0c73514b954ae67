"""Signatures of a compiled issue, judged by dkimpy and by Mail::DKIM from the bytes that leave."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config.settings import DkimSettings, UnsubscribeMailto
from mailer.message.compiled import END_OF_DATA, CompiledMessage
from mailer.message.compose import SenderIdentity
from mailer.message.dkim import canonical, keys, records
from mailer.message.dkim.keys import DkimKey
from mailer.message.links import LinkSigner
from mailer.model.ids import SubscriberId
from mailer.model.issue import Issue, LightPart
from mailer.model.recipient import Recipient
from mailer.secrets import Secret
from tests.mailer.message.dkim.judges import dkimpy_accepts, perl_says
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, SECRET

IDENTITY = SenderIdentity("bounce@example.jp", "todoke.example.jp")
SIGNER = LinkSigner((Secret(SECRET),))
UNSUBSCRIBE, PREFERENCES = "https://personal.invalid/unsubscribe", "https://personal.invalid/preferences"
READERS = (("", 7), ("山田 太郎", 99), ("Taro Yamada", 10**6), ("長" * 30, 10**9), ("O'Brien, T.", 1))


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> DkimKey:
    settings = DkimSettings(("example.jp",), folder=tmp_path_factory.mktemp("dkim"))
    keys.make_missing(settings, "example.jp")
    (only,) = keys.load_active(settings).keys
    return only


def published(key: DkimKey) -> dict[str, str]:
    return {records.name(key.domain, key.selector): records.text(key)}


def leaving(issue: Issue, key: DkimKey, name: str, number: int, *, is_light: bool = False, identity: SenderIdentity = IDENTITY) -> bytes:
    """What goes over the wire, as a relay reads it (RFC 5321 section 4.5.2)."""
    compiled = CompiledMessage(issue, LIST, signer=SIGNER, service_url="https://mail.example.jp", identity=identity, key=key)
    chunks = compiled.render(Recipient(SubscriberId(number), "reader@example.jp", name), NOW, is_light=is_light)
    wire = compiled.sign(chunks, NOW, is_light=is_light) + b"".join(chunks)
    assert wire.endswith(b"\r\n" + END_OF_DATA)
    return re.sub(rb"(?m)^\.\.", b".", wire.removesuffix(END_OF_DATA))


@pytest.mark.parametrize(("name", "number"), READERS)
def test_both_judges_accept_each_readers_message(key: DkimKey, name: str, number: int) -> None:
    message = leaving(ISSUE, key, name, number)
    assert dkimpy_accepts(message, published(key)) and perl_says(message, published(key)) == "pass"


@pytest.mark.parametrize("setting", ["contact", "off", "a+b%c@example.jp"])
def test_both_judges_accept_the_light_form_that_is_not_encoded(key: DkimKey, setting: str) -> None:
    text = f".x  \n{UNSUBSCRIBE}\n..\n\t{PREFERENCES} \n. {UNSUBSCRIBE} .\n..a  b\n\n\n"
    issue = replace(ISSUE, light=LightPart(text, "iso-2022-jp"))
    identity = replace(IDENTITY, unsubscribe_mailto=UnsubscribeMailto(setting))
    message = leaving(issue, key, "読者 花子", 7, is_light=True, identity=identity)
    assert b"7bit" in message and dkimpy_accepts(message, published(key)) and perl_says(message, published(key)) == "pass"


@given(
    st.lists(
        st.sampled_from([f"{UNSUBSCRIBE} ", f"{PREFERENCES}\n", "復興の今\n", ".", "\n.\n", "x" * 57, " ", "\t", "  \n", "\n"]), max_size=14
    ),
    st.sampled_from(["utf-8", "iso-2022-jp"]),
    st.sampled_from(READERS),
    st.booleans(),
)
def test_whatever_an_issue_holds_dkimpy_accepts_it(
    key: DkimKey, text: list[str], charset: str, reader: tuple[str, int], is_light: bool
) -> None:
    body = "\n".join([*text, f"止める {UNSUBSCRIBE}\n"])
    html = re.sub(r"https\S+", r'<a href="\g<0>">開く</a>', body)
    issue = replace(ISSUE, text=body, html=html, light=LightPart(body, charset))
    assert dkimpy_accepts(leaving(issue, key, *reader, is_light=is_light), published(key))


def changed(message: bytes, old: bytes, new: bytes) -> bytes:
    assert old in message
    return message.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: ", b"Subject: a "),
        (b"\r\nSubject: ", b"\r\nSubject: another\r\nSubject: "),
        (b"\r\nFrom: ", b"\r\nFrom: other@example.com\r\nFrom: "),
        (b"\r\nList-Unsubscribe-Post: ", b"\r\nX-Was: "),
        (b"\r\nList-Unsubscribe: <", b"\r\nList-Unsubscribe: <https://evil.example/>, <"),
        (b"\r\nMIME-Version", b"\r\nList-Unsubscribe: <https://evil.example/>\r\nMIME-Version"),
        (b"\r\nMIME-Version", b"\r\nList-Unsubscribe-Post: a=b\r\nMIME-Version"),
        (b"\r\nMIME-Version", b"\r\nCc: other@example.com\r\nMIME-Version"),
        (b"\r\n\r\n--", b"\r\n\r\nmore\r\n--"),
    ],
)
def test_what_a_reader_would_see_cannot_be_changed_or_added(key: DkimKey, old: bytes, new: bytes) -> None:
    message = changed(leaving(ISSUE, key, "山田 太郎", 7), old, new)
    assert not dkimpy_accepts(message, published(key)) and perl_says(message, published(key)) != "pass"


def test_what_relays_do_on_the_way_breaks_nothing(key: DkimKey) -> None:
    message = leaving(ISSUE, key, "山田 太郎", 7)
    refolded = changed(message, b"\r\nSubject: ", b"\r\nsubject:\r\n\t")
    assert dkimpy_accepts(b"Received: from a by b; now\r\n" + refolded + b"\r\n\r\n", published(key))


def test_the_header_names_the_key_the_time_and_both_headers_of_unsubscribing_twice(key: DkimKey) -> None:
    message = leaving(ISSUE, key, "", 7)
    head = canonical.header(canonical.split_headers(message)[0]).decode()
    assert head.startswith("dkim-signature:v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.jp; s=todoke1; t=1773207960;")
    (names,) = re.findall(" h=([^;]+);", head)
    listed = [name.strip() for name in names.split(":")]
    for name in ("From", "List-Unsubscribe", "List-Unsubscribe-Post"):
        assert listed.count(name) == 2
    assert b"\r\nbcc:" not in message.lower().partition(b"\r\n\r\n")[0]
    assert all(len(line) <= 78 for line in message.partition(b"\r\nFrom:")[0].split(b"\r\n"))


def test_the_key_of_another_selector_is_not_accepted(key: DkimKey, tmp_path: Path) -> None:
    settings = DkimSettings(("example.jp",), folder=tmp_path)
    keys.make_missing(settings, "example.jp")
    (other,) = keys.load_active(settings).keys
    assert not dkimpy_accepts(leaving(ISSUE, key, "", 7), published(other))


def test_one_pattern_serves_every_hour(key: DkimKey) -> None:
    compiled = CompiledMessage(ISSUE, LIST, signer=SIGNER, service_url="https://mail.example.jp", identity=IDENTITY, key=key)
    later = NOW + timedelta(hours=1)
    chunks = compiled.render(Recipient(SubscriberId(1), "a@example.jp"), later)
    message = (compiled.sign(chunks, later) + b"".join(chunks)).removesuffix(END_OF_DATA)
    assert dkimpy_accepts(message, published(key))
