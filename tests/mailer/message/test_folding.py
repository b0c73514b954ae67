"""Headers with free text: no letter and no space is lost, whoever reads them, and no line is too long."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr, unquote
from pathlib import Path
from typing import Any, NamedTuple

import mailparser
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mailer.message import compose as composition
from mailer.message.compose import SenderIdentity
from mailer.message.folding import ISO_2022_JP, UTF_8, charset_for, fold
from mailer.message.links import RecipientLinks
from mailer.model.ids import SubscriberId
from mailer.model.recipient import Recipient
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW

READ = Path(__file__).parents[2] / "node" / "read.js"
LINKS = RecipientLinks("https://mail.example.jp/unsubscribe/" + "t" * 99, "https://mail.example.jp/preferences/" + "t" * 99)
IDENTITY = SenderIdentity("bounce@example.jp", "todoke.example.jp")
LIST_ID = f"<{LIST.list_id}>"
OFFICE = "宮城県 復興 危機管理部 復興支援 伝承課 情報発信 担当"
TITLE = "ー. 　]_"
ENCODED = re.compile(r"=\?[^?]+\?[bBqQ]\?[^?]*\?=")

LETTERS = {
    "Japanese": "復興危機管理部宮城県のとひがしまつしまーサトウ、。「」・　々ゞ",
    "Latin": "abcXYZ0189.,;:@()'\"&-_!?#éüßøñ",
    "emoji": "😀🎌👨‍👩‍👧🇯🇵1️⃣𠮷髙①㈱",
    "half-width kana": "ｱｲｳｶﾞﾊﾟｰ｡｢",
}
NAME = st.lists(st.sampled_from([*LETTERS]), min_size=1, max_size=4).flatmap(
    lambda kinds: st.text("".join(LETTERS[kind] for kind in kinds) + " ", min_size=1, max_size=90).map(lambda text: text.strip() or "復")
)
TITLE_OF_LIST = NAME.map(lambda text: text.replace('"', "")).map(lambda text: text.strip() or "復")


class Reading(NamedTuple):
    """What a program shows of a message's headers."""

    subject: str
    sender: tuple[str, str]
    recipient: tuple[str, str]
    list_name: str


def message(subject: str, sender: str, name: str, title: str, charset: str = UTF_8) -> bytes:
    issue = replace(ISSUE, subject=subject, html="" if charset == ISO_2022_JP else ISSUE.html, charset=charset)
    recipient = Recipient(SubscriberId(1), "reader@example.jp", name)
    mail_list = replace(LIST, title=title, from_name=sender)
    return composition.compose(issue, mail_list, recipient, links=LINKS, sent_at=NOW, identity=IDENTITY).content


def decoded(text: str) -> str:
    return str(make_header(decode_header(text)))


def unfolded(value: str) -> str:
    return value.replace("\r\n", "").replace("\n", "")


def by_python(raw: bytes) -> Reading:
    mail = message_from_bytes(raw)  # not policy.default, whose parser shows the gap between two encoded words of a name as a space
    people = [parseaddr(unfolded(mail[name])) for name in ("From", "To")]
    named = [(decoded(name), address) for name, address in people]
    list_name = unquote(unfolded(mail["List-Id"]).removesuffix(LIST_ID).strip())
    return Reading(decoded(unfolded(mail["Subject"])), named[0], named[1], decoded(list_name))


def by_mail_parser(raw: bytes) -> Reading:
    mail = mailparser.parse_from_bytes(raw)
    return Reading(mail.subject, tuple(mail.from_[0]), tuple(mail.to[0]), "")


def by_nodemailer(messages: Sequence[bytes]) -> list[Reading]:
    node = shutil.which("node")
    assert node, "install Node.js: sh tests/system.sh"
    encoded = json.dumps([base64.b64encode(each).decode() for each in messages]).encode()
    done = subprocess.run([node, str(READ)], input=encoded, capture_output=True, check=True)
    return [_told(mail) for mail in json.loads(done.stdout)]


def _told(mail: Any) -> Reading:
    sender, recipient = ((each[0]["name"], each[0]["address"]) for each in (mail["from"], mail["to"]))
    return Reading(mail["subject"], sender, recipient, mail["list"])


def assert_read_alike(cases: Sequence[tuple[str, str, str, str, str]]) -> None:
    """Each case is subject, sender's name, recipient's name, title of the list, charset."""
    messages = [message(*case) for case in cases]
    for (subject, sender, name, title, _charset), raw, by_node in zip(cases, messages, by_nodemailer(messages), strict=True):
        expected = Reading(subject, (sender, LIST.from_address), (name, "reader@example.jp"), title)
        assert by_python(raw) == expected
        assert by_node == expected
        assert by_mail_parser(raw) == expected._replace(list_name="")
        assert_short(lines_of(raw))


def assert_short(lines: Sequence[str]) -> None:
    for line in lines:
        words = ENCODED.findall(line)
        assert not words or (len(line) <= 76 and max(map(len, words)) <= 75), line


def lines_of(raw: bytes) -> list[str]:
    return raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


TEXTS = (
    OFFICE,
    TITLE,
    OFFICE * 3,
    "Miyagi Reconstruction, Crisis & Recovery Section",
    "a  b",
    "é" * 90,
    "ｱ" * 90,
    "😀" * 45,
    "Taro " * 17 + "T",
)


def test_three_programs_read_names_subjects_and_titles_as_they_were_written() -> None:
    assert_read_alike([(text, text, text, text, charset) for text in TEXTS for charset in (UTF_8, ISO_2022_JP)])


@settings(derandomize=True, max_examples=6, deadline=None, phases=[Phase.generate])  # no shrinking: Node.js would start a thousand times
@given(st.lists(st.tuples(NAME, NAME, NAME, TITLE_OF_LIST, st.sampled_from([UTF_8, ISO_2022_JP])), min_size=25, max_size=25))
def test_three_programs_read_whatever_name_there_is(cases: list[tuple[str, str, str, str, str]]) -> None:
    assert_read_alike(cases)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(
    st.sampled_from(["To", "From", "Subject", "List-Id"]),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=300),
    st.sampled_from(["", "<reader@example.jp>", f"<{'a' * 60}@{'b' * 60}.example.jp>"]),
    st.sampled_from([UTF_8, ISO_2022_JP]),
)
def test_a_folded_header_holds_its_text_and_no_line_is_too_long(name: str, text: str, after: str, charset: str) -> None:
    header = fold(name, text, after, charset=charset)
    assert header.endswith("\r\n") and not re.search(r"\r\n(?! |\Z)|\n\s*\r", header)
    assert_short(header.split("\r\n"))
    value = unfolded(header).removeprefix(f"{name}: ").removesuffix(after).removesuffix(" " if after else "")
    assert decoded(re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') and after else value) == text


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("", "To: <a@b.jp>\r\n"),
        ("Taro Yamada", "To: Taro Yamada <a@b.jp>\r\n"),
        ("Yamada, T.", 'To: "Yamada, T." <a@b.jp>\r\n'),
        ('a "b" \\', 'To: "a \\"b\\" \\\\" <a@b.jp>\r\n'),
        ("a  b", "To: =?utf-8?b?YSAgYg==?= <a@b.jp>\r\n"),
        ("=?utf-8?q?a b?=", "To: =?utf-8?b?PT91dGYtOD9xP2EgYj89?= <a@b.jp>\r\n"),
        ("Taro " * 15 + "T", f"To: {('Taro ' * 14).strip()}\r\n Taro T <a@b.jp>\r\n"),
    ],
)
def test_a_name_in_latin_letters_is_encoded_only_where_it_must_be(text: str, folded: str) -> None:
    assert fold("To", text, "<a@b.jp>") == folded


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("復興の今", ISO_2022_JP),
        ("Taro", ISO_2022_JP),
        ("ｱｲｳ", UTF_8),
        ("髙橋", UTF_8),
        ("9〜10時", UTF_8),
        ("①", UTF_8),
        ("¥", UTF_8),
        ("é", UTF_8),
    ],
)
def test_words_are_in_iso_2022_jp_only_if_every_program_reads_all_their_characters_alike(text: str, charset: str) -> None:
    assert charset_for(text, ISO_2022_JP) == charset
    assert charset_for(text, UTF_8) == UTF_8
