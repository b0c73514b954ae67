"""The words that a person agrees to who confirms a sign-up. Their SHA-256 stands in the record of the consent, and they are kept."""

from __future__ import annotations

from collections.abc import Sequence

from mailer.model.issue import MailList
from mailer.model.readers.consent import Words
from mailer.model.site import SiteProfile

VERSION = "web-1"
"""Of the sentences below. Names and addresses in them come from the build."""
REPLY_VERSION = "mail-1"


def consent_words(site: SiteProfile | None, lists: Sequence[MailList]) -> Words:
    """Return the words for these lists, line by line (特定電子メール法: who sends, from where, how to stop, whom to ask)."""
    names = "、".join(f"「{each.title}」" for each in lists)
    sender = [f"送り主は、{site.organisation}（{site.postal_address}）です。"] if site else []
    lines = [
        f"{names}を、このメールアドレスで受け取ることに同意します。",
        *sender,
        "アドレスは、このメールを送ることだけに使い、ほかの人に渡しません。",
        "配信は、届いたメールの末尾のリンクから、いつでも止められます。登録の記録も消せます。",
        f"お問い合わせは {lists[0].contact} へお寄せください。",
    ]
    return Words.of("\n".join(lines), VERSION)


def words_of_reply(lists: Sequence[MailList]) -> Words:
    """Return the words of a confirmation that is answered by mail: they stand in it, above the code."""
    names = "、".join(f"「{each.title}」" for each in lists)
    lines = (
        f"返信すると、{names}をこのメールアドレスで受け取ることに同意したことになります。",
        "配信は、届いたメールの末尾のリンクから、いつでも止められます。",
    )
    return Words.of("\n".join(lines), REPLY_VERSION)
