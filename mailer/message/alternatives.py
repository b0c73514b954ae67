"""Which parts of an issue a subscriber gets: HTML with text beside it, or the light text alone."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage

from mailer.message.folding import ISO_2022_JP
from mailer.message.headers import LONGEST_LINE
from mailer.model.issue import Issue


def as_light(issue: Issue) -> Issue:
    """The issue as readers of the light form get it: one text part in its charset. Unchanged if it has no light part."""
    if issue.light is None:
        return issue
    return replace(issue, html="", text=issue.light.text, charset=issue.light.charset)


def set_alternatives(mail: EmailMessage, text: str, html: str, charset: str) -> None:
    """Put the parts into the message: alternatives (RFC 2046 section 5.1.4), or the text alone when there is no HTML.

    Base64 for UTF-8: no relay on the way has to break a long line or a dot. ISO-2022-JP alone goes as it is.
    """
    mail.set_content(text, subtype="plain", charset=charset, cte="base64" if html else transfer_encoding(text, charset))
    if html:
        mail.add_alternative(html, subtype="html", charset="utf-8", cte="base64")


def transfer_encoding(text: str, charset: str) -> str:
    """`7bit` for ISO-2022-JP, which was made for it (RFC 1468): base64 there is unusual, and filters count it against the sender.

    `base64` for all else, and if a line were longer than RFC 5322 allows.
    """
    if charset != ISO_2022_JP or any(len(line) > LONGEST_LINE for line in text.encode(charset).splitlines()):
        return "base64"
    return "7bit"
