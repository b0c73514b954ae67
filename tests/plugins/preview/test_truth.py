"""What the preview says of an issue is what the mailer will send, and what is to be corrected stays named until it is corrected."""

from __future__ import annotations

import asyncio
import email
import re
from email import policy
from pathlib import Path

import pytest

from mailer import bundle
from mailer.message import compose
from mailer.message.compose import SenderIdentity
from mailer.message.links import RecipientLinks
from mailer.model.ids import SubscriberId
from mailer.model.issue import IssueRef
from mailer.model.recipient import Recipient
from plugins.builder.options import BuildOptions
from plugins.preview.issue_views import READER, Bundle
from plugins.preview.live import LivePreview
from tests.samples.tiny import NOW, TinySite

ISSUE = "---\ntitle: 春の号\ndate: 2020-05-10 10:00\npreheader: 話題\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n"
LINK = "https://mail.example.jp/unsubscribe/" + "t" * 60


@pytest.fixture
def preview(tiny: TinySite) -> LivePreview:
    tiny.article("press/2020/station.md", "駅が開きました")
    tiny.write("mail/press/1.md", ISSUE)
    registry = tiny.root / "publications.toml"
    return LivePreview(BuildOptions(NOW, tiny.content, registry, tiny.output, validate_mail=False, shows_drafts=True), (tiny.content,))


def sent(root: Path) -> email.message.EmailMessage:
    ref = IssueRef("press", "1")
    issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)["press"]
    reader = Recipient(SubscriberId(1), "reader@example.jp", "")
    links = RecipientLinks(LINK, LINK.replace("unsubscribe", "preferences"))
    message = compose.compose(
        issue, mail_list, reader, links=links, sent_at=issue.date, identity=SenderIdentity("bounce@example.jp", "todoke.example.jp")
    )
    return email.message_from_bytes(message.content, policy=policy.default)


def test_the_headers_and_sizes_of_the_preview_are_those_of_the_mail(preview: LivePreview) -> None:
    asyncio.run(preview.build())
    shown, mail = Bundle(preview.mail / "press/1"), sent(preview.mail)
    for name, value in shown.headers():
        if READER not in value and name not in ("Date", "Preheader"):
            assert str(mail[name]) == value, name
    named = {name for name, _ in shown.headers()}
    assert {"From", "To", "Subject", "Date", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"} <= named
    parts = {part.get_content_subtype(): len(str(part.get_payload())) for part in mail.iter_parts()}
    sizes = {name: float(re.search(r"[0-9.]+", words)[0]) for name, words in shown.sizes()}  # type: ignore[index]  # each has a number
    real = {"HTML": parts["html"], "テキスト Text": parts["plain"], "メール全体 Whole mail": len(mail.as_bytes())}
    assert all(abs(sizes[name] * 1000 - size) < 1500 for name, size in real.items()), (sizes, real)


def test_what_is_wrong_in_one_source_stays_named_when_another_is_saved(preview: LivePreview, tiny: TinySite) -> None:
    async def edit() -> None:
        await preview.build()
        tiny.write("mail/press/1.md", ISSUE.replace("::前号から press", "::前号 press"))
        await preview.build()
        assert [each.path.name for each in preview.diagnostics] == ["1.md"]
        await preview.show([tiny.article("press/2020/station.md", "直した題")])
        assert [each.path.name for each in preview.diagnostics] == ["1.md"]
        await preview.show([tiny.write("press/2020/station.md", "---\ntitle: 題\n---\n本文\n")])
        assert {each.path.name for each in preview.diagnostics} == {"1.md", "station.md"}

    asyncio.run(edit())
