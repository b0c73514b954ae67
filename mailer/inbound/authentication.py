"""Whether a message comes from whom it names: the verdict of our own Postfix (Authentication-Results, RFC 8601), and who may be answered (RFC 3834). Pure."""

from __future__ import annotations

import re
from enum import StrEnum

from mailer.bounces import auto_replies
from mailer.bounces.mime import Mail, decoded, raw_headers
from mailer.model.errors import AddressError
from mailer.model.readers import addresses

COMMENT = re.compile(r"\([^()]{0,500}\)")
DMARC = re.compile(r"(?:^|;)\s*dmarc\s*=\s*([a-z]{1,20})", re.IGNORECASE)
NOBODY = frozenset(
    {"mailer-daemon", "postmaster", "noreply", "no-reply", "nobody", "root", "listserv", "majordomo", "owner", "bounce", "bounces", "abuse"}
)
"""Parts before the @ behind which no person reads (RFC 3834 section 2, RFC 2142)."""


class Dmarc(StrEnum):
    """The verdict of RFC 9989 about the address in From."""

    PASS = "pass"  # noqa: S105 - not a password
    FAIL = "fail"
    NONE = "none"
    """The domain has no policy, or nothing of ours has checked it."""

    UNKNOWN = "unknown"
    """Our Postfix should have checked it, and has not."""


def dmarc_of(mail: Mail, authserv_id: str) -> Dmarc:
    """The verdict that our own server has written. Others' words are worth nothing: RFC 8601 section 5 lets our server remove those with its name.

    :param authserv_id: the name of our server; empty: nothing checks.
    """
    if not authserv_id:
        return Dmarc.NONE
    for value in mail.headers("Authentication-Results"):
        plain = COMMENT.sub(" ", value)
        server, _, results = plain.partition(";")
        if server.strip().split(" ")[0].lower() != authserv_id.lower():
            continue
        match = DMARC.search(results)
        verdict = match[1].lower() if match else "none"
        return {"pass": Dmarc.PASS, "none": Dmarc.NONE, "temperror": Dmarc.UNKNOWN}.get(verdict, Dmarc.FAIL)
    return Dmarc.UNKNOWN


def writer_of(mail: Mail) -> str | None:
    """The one address in From, as `addresses.parse` returns it. None: there is none, or more than one. Addresses of carriers may break RFC 5322."""
    values = [decoded(value) for name, value in raw_headers(mail.root) if name == "from"]
    if len(values) != 1:
        return None
    inside = re.findall(r"<([^<>]{3,320})>", values[0])
    senders = inside or [part for part in values[0].split() if "@" in part]
    if len(senders) != 1:
        return None
    try:
        return addresses.parse(senders[0].strip())
    except AddressError:
        return None


def why_not_answered(mail: Mail, sender: str, own_list_ids: frozenset[str]) -> str:
    """Why a program must not answer this message; empty if it may (RFC 3834 section 2).

    :param sender: of the envelope; empty for a null sender, to which nothing is ever sent.
    """
    writer = writer_of(mail)
    if not sender:
        return "a null sender"
    if writer is None:
        return "no single address in From"
    if any(list_id.lower() in value.lower() for value in mail.headers("List-Id") for list_id in own_list_ids):
        return "one of our own mails"
    if auto_replies.is_automatic(mail) or auto_replies.is_of_list(mail):
        return "an automatic message"
    locals_ = {each.partition("@")[0].lower() for each in (sender, writer)}
    if any(local in NOBODY or local.endswith("-request") or local.startswith("owner-") for local in locals_):
        return "an address behind which nobody reads"
    return ""
