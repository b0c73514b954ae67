"""What a subscriber gets, read back by three programs that know nothing of ours: the same subject, words and links."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from email import message_from_bytes, policy
from pathlib import Path

import mailparser
import pytest

from mailer import bundle
from mailer.message import alternatives, compose
from mailer.message.compose import SenderIdentity
from mailer.message.links import RecipientLinks
from mailer.model.ids import SubscriberId
from mailer.model.issue import IssueRef
from mailer.model.recipient import Recipient
from plugins.builder.options import BuildReport
from plugins.magazine.bundle import write_issue, write_lists
from plugins.magazine.compose.issues import compose_all
from plugins.magazine.render.renderer import IssueRenderer
from tests.samples.mail.mail_bundles import NOW
from tests.samples.tiny import TinySite

LINK = "https://mail.example.jp/unsubscribe/" + "t" * 60
READ = Path(__file__).parents[3] / "node" / "read.js"
ISSUES = ["fukko-press/45", "fukko-press/46", "fukko-press/47", "mailmaga/443", "musubimaru/24"]

Reading = tuple[str, str, tuple[str, ...]]
"""Subject, text without the white space at line ends, links of both parts."""


def sent(root: Path, name: str, *, is_light: bool) -> bytes:
    ref = IssueRef.parse(name)
    issue = bundle.read_issue(root, ref)
    chosen = alternatives.as_light(issue) if is_light else issue
    origin = SenderIdentity("bounce@example.jp", "todoke.example.jp")
    reader = Recipient(SubscriberId(1), "reader@example.jp", "𠮷田 花子")
    links = RecipientLinks(LINK, LINK.replace("unsubscribe", "preferences"))
    return compose.compose(chosen, bundle.read_lists(root)[ref.list], reader, links=links, sent_at=NOW, identity=origin).content


def reading(subject: str, text: str, html: str) -> Reading:
    links = (*re.findall(r"https?://[^\s<>\"「」]+", text), *re.findall(r'href="(https?://[^"]+)"', html))
    return subject, "\n".join(line.rstrip() for line in text.splitlines()).strip(), links


def by_python(message: bytes) -> Reading:
    mail = message_from_bytes(message, policy=policy.default)
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    return reading(str(mail["Subject"]), plain.get_content(), html.get_content() if html else "")


def by_mail_parser(message: bytes) -> Reading:
    mail = mailparser.parse_from_bytes(message)
    text = "".join(mail.text_plain)
    if "\x1b" in text:  # it decodes base64 and quoted-printable, and leaves ISO-2022-JP in 7bit as it is (RFC 1468)
        text = text.encode("ascii").decode("iso-2022-jp")
    return reading(mail.subject, text, "".join(mail.text_html))


def by_nodemailer(messages: Sequence[bytes]) -> list[Reading]:
    node = shutil.which("node")
    assert node, "install Node.js: sh tests/system.sh"
    encoded = json.dumps([base64.b64encode(message).decode() for message in messages]).encode()
    done = subprocess.run([node, str(READ)], input=encoded, capture_output=True, check=True)
    return [reading(mail["subject"], mail["text"], mail["html"]) for mail in json.loads(done.stdout)]


def test_three_programs_read_the_same_in_every_sample_issue_and_its_light_form(sample: BuildReport) -> None:
    mail = sample.output / "mail"
    cases = [(name, is_light) for name in ISSUES for is_light in (False, True)]
    messages = [sent(mail, name, is_light=is_light) for name, is_light in cases]
    for (name, is_light), message, third in zip(cases, messages, by_nodemailer(messages), strict=True):
        first = by_python(message)
        assert first == by_mail_parser(message) == third, (name, is_light)
        assert first[0] == json.loads((mail / name / "issue.json").read_text("utf-8"))["subject"]
        assert LINK in first[2] and "personal.invalid" not in "".join(first[2])


def bundled(site: TinySite, title: str) -> str:
    """Write the bundle of an issue with this title; return the charset that it records."""
    site.article("press/2020/station.md", title)
    site.write("mail/press/1.md", "---\ntitle: 春の号\ndate: 2020-05-10\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n")
    library = site.library()
    (issue,) = compose_all(library)
    alternatives = IssueRenderer(Path("themes/miyagi/mail"), library.registry.site, "https://site.example.jp").render(issue)
    write_lists(site.output / "mail", library.registry, "https://site.example.jp")
    write_issue(site.output / "mail", site.content, issue, alternatives, "https://site.example.jp")
    part = json.loads((site.output / "mail/press/1/issue.json").read_text("utf-8"))["parts"]["light.txt"]
    return str(part["charset"])


@pytest.mark.parametrize(
    ("title", "charset"),
    [
        ("駅が開きました", "iso-2022-jp"),
        ("髙橋さんの話", "utf-8"),
        ("①と㈱と𠮷田さん", "utf-8"),
        ("ﾊﾝｶｸの題", "utf-8"),
        ("波線〜と－", "utf-8"),
        ("全角の記号「・」、ＡＢＣ", "iso-2022-jp"),
    ],
)
def test_the_charset_of_the_light_part_is_decided_by_its_characters(tiny: TinySite, title: str, charset: str) -> None:
    assert bundled(tiny, title) == charset
    message = sent(tiny.output / "mail", "press/1", is_light=True)
    assert message_from_bytes(message).get_content_charset() == charset
    first = by_python(message)
    assert first == by_mail_parser(message) == by_nodemailer([message])[0]
    assert title in first[1]
