"""The mails of a built site as readers get them: composed by the mailer from the bundles, for the tests that read mail with other programs."""

from __future__ import annotations

from pathlib import Path

from mailer import bundle
from mailer.message import compose
from mailer.message.compose import SenderIdentity
from mailer.message.links import RecipientLinks
from mailer.model.ids import SubscriberId
from mailer.model.issue import IssueRef
from mailer.model.recipient import Recipient

LINK = "https://mail.example.jp/unsubscribe/" + "t" * 60
LINKS = RecipientLinks(LINK, LINK.replace("unsubscribe", "preferences"))


def delivered(mail: Path) -> dict[str, bytes]:
    """Return the message of every bundle below ``mail``, by the name of its issue."""
    refs = [IssueRef(file.parts[-3], file.parts[-2]) for file in sorted(mail.glob("*/*/issue.json"))]
    return {str(ref): _message(mail, ref) for ref in refs}


def _message(mail: Path, ref: IssueRef) -> bytes:
    issue = bundle.read_issue(mail, ref)
    reader = Recipient(SubscriberId(1), "reader@example.jp", "見本 花子")
    identity = SenderIdentity("bounce@example.jp", "todoke.example.jp")
    return compose.compose(issue, bundle.read_lists(mail)[ref.list], reader, links=LINKS, sent_at=issue.date, identity=identity).content
