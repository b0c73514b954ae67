"""What a subscriber gets, read back by three programs that know nothing of ours: the same subject, words and links."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from email import message_from_bytes, policy
from pathlib import Path

import mailparser
import pytest

from mailer import bundle, message, parts
from mailer.issue import IssueRef
from mailer.message import Links, Origin, Recipient
from plugins.build import BuildReport
from tests.mail_bundles import NOW
from tests.tiny import TinySite

LINK = "https://mail.example.jp/unsubscribe/" + "t" * 60
READ = Path(__file__).parent / "node" / "read.js"
ISSUES = ["fukko-press/45", "fukko-press/46", "fukko-press/47", "mailmaga/443", "musubimaru/24"]

Reading = tuple[str, str, tuple[str, ...]]
"""Subject, text without the white space at line ends, links of both parts."""


def sent(root: Path, name: str, *, is_light: bool) -> bytes:
    ref = IssueRef.parse(name)
    issue = bundle.read_issue(root, ref)
    chosen = parts.lightened(issue) if is_light else issue
    origin = Origin("bounce@example.jp", "todoke.example.jp")
    reader = Recipient(1, "reader@example.jp", "𠮷田 花子")
    links = Links(LINK, LINK.replace("unsubscribe", "preferences"))
    return message.compose(chosen, bundle.read_lists(root)[ref.list], reader, links=links, sent_at=NOW, origin=origin).content


def reading(subject: str, text: str, html: str) -> Reading:
    links = (*re.findall(r"https?://[^\s<>\"「」]+", text), *re.findall(r'href="(https?://[^"]+)"', html))
    return subject, "\n".join(line.rstrip() for line in text.splitlines()).strip(), links


def by_python(raw: bytes) -> Reading:
    mail = message_from_bytes(raw, policy=policy.default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    return reading(str(mail["Subject"]), plain.get_content(), html.get_content() if html else "")


def by_mail_parser(raw: bytes) -> Reading:
    mail = mailparser.parse_from_bytes(raw)
    return reading(mail.subject, "".join(mail.text_plain), "".join(mail.text_html))


def by_nodemailer(raw: bytes) -> Reading:
    node = shutil.which("node")
    assert node, "install Node.js: sh tests/system.sh"
    done = subprocess.run([node, str(READ)], input=raw, capture_output=True, check=True)
    found = json.loads(done.stdout)
    return reading(found["subject"], found["text"], found["html"])


@pytest.mark.parametrize("is_light", [False, True])
@pytest.mark.parametrize("name", ISSUES)
def test_three_programs_read_the_same(sample: BuildReport, name: str, is_light: bool) -> None:
    raw = sent(sample.output / "mail", name, is_light=is_light)
    first = by_python(raw)
    assert first == by_mail_parser(raw) == by_nodemailer(raw)
    assert first[0] == json.loads((sample.output / "mail" / name / "issue.json").read_text("utf-8"))["subject"]
    assert LINK in first[2] and "personal.invalid" not in "".join(first[2])


@pytest.mark.parametrize(("title", "charset"), [("駅が開きました", "iso-2022-jp"), ("髙橋さんの話", "utf-8"), ("波線〜と－", "utf-8")])
def test_the_charset_of_the_light_part_is_decided_by_its_characters(tiny: TinySite, title: str, charset: str) -> None:
    tiny.article("press/2020/station.md", title)
    tiny.write("mail/press/1.md", "---\ntitle: 春の号\ndate: 2020-05-10\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n")
    tiny.build()
    told = json.loads((tiny.output / "mail/press/1/issue.json").read_text("utf-8"))["parts"]["light.txt"]
    raw = sent(tiny.output / "mail", "press/1", is_light=True)
    assert told["charset"] == charset and message_from_bytes(raw).get_content_charset() == charset
    assert by_python(raw) == by_mail_parser(raw) == by_nodemailer(raw)
