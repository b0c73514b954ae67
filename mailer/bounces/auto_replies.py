"""Tells answers of machines, such as holiday notices, from bounces and from letters of people (RFC 3834). Pure."""

from __future__ import annotations

from mailer.bounces.mime import Mail

# Headers that only responders and lists write. RFC 3834 section 5 has the first; the others are older and still in use.
RESPONDERS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Auto-Response-Suppress",
    "X-Autoresponder",
    "X-AutoReply-From",
    "X-POST-MessageClass",
    "X-Vacation",
)
SUBJECTS = (
    "out of office",
    "out of the office",
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "automatic response",
    "vacation",
    "away from",
    "自動応答",
    "自動返信",
    "自動送信",
    "不在",
    "休暇",
    "休業",
    "受付完了",
)
RECEIPTS = frozenset({"message/disposition-notification"})  # RFC 8098
LISTS = ("list-id", "list-unsubscribe", "list-post", "mailing-list", "x-mailing-list")
BULK = frozenset({"bulk", "list", "junk", "auto_reply"})


def is_auto_reply(mail: Mail) -> bool:
    """Whether a machine answered on behalf of the reader: nothing is wrong with the address."""
    return is_notice(mail) or is_automatic(mail)


def is_notice(mail: Mail) -> bool:
    """Whether the message says itself that it is a receipt or a holiday notice. `Auto-Submitted` and `Precedence` alone do not: bounces have them too."""
    if any(part.get_content_type() in RECEIPTS for part in mail.all_parts()):
        return True
    if any(mail.header(name) for name in RESPONDERS if name != "X-Auto-Response-Suppress"):
        return True
    return any(words in mail.header("Subject").lower() for words in SUBJECTS)


def is_automatic(mail: Mail) -> bool:
    """Whether a program wrote the message without a person (RFC 3834 section 2): it is never answered."""
    submitted = mail.header("Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return True
    return mail.header("Precedence").strip().lower() in BULK or any(
        mail.header(name) for name in RESPONDERS if name != "X-Auto-Response-Suppress"
    )


def is_of_list(mail: Mail) -> bool:
    """Whether a mailing list passed the message on."""
    return any(mail.root.get(name) is not None for name in LISTS)
