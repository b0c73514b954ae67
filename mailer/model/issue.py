"""The values that most packages speak of: a mail list, an issue of it, and how an issue is named."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

from mailer.model.errors import IssueUnknown
from mailer.model.ids import IssueId

SAFE_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]*")


class ListClass(StrEnum):
    """What a list is for, as the bundle and the database write it. An emergency overtakes newsletters and has a retry policy of its own."""

    NEWSLETTER = "newsletter"
    EMERGENCY = "emergency"


class IssueStatus(StrEnum):
    """What the operator has ordered for an issue."""

    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    REOPENED = "reopened"  # cancelled, and wanted again: it is frozen anew, after a new approval


STATUS_TRANSITIONS: Mapping[IssueStatus, frozenset[IssueStatus]] = {
    IssueStatus.SENDING: frozenset({IssueStatus.PAUSED, IssueStatus.CANCELLED}),
    IssueStatus.PAUSED: frozenset({IssueStatus.SENDING, IssueStatus.CANCELLED}),
    IssueStatus.CANCELLED: frozenset({IssueStatus.REOPENED}),
    IssueStatus.REOPENED: frozenset({IssueStatus.SENDING, IssueStatus.CANCELLED}),  # sending: when it is frozen anew, and only then
}
"""The steps between them."""


CALLED_OFF = "called off by the operator"
"""Stands in the ledger for each recipient from whom a cancelled issue was held back."""

UNSUBSCRIBED_LATER = "unsubscribed after the issue was frozen"
"""Stands there for each recipient who has left the list, or one of those of a digest, before it left."""


class ReportStage(StrEnum):
    """How far an issue has come, for the reports to the operator."""

    TRIED = "tried"  # every delivery once; some are tried again later
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class IssueRef:
    """`LIST/NUMBER`, as an operator writes it and as the bundle's folders are named."""

    list: str
    number: str

    @classmethod
    def parse(cls, text: str) -> IssueRef:
        """Read `fukko-press/45`.

        :raises IssueUnknown: anything else, so that no path can be smuggled in.
        """
        key, slash, number = text.partition("/")
        if not slash or not is_safe_key(key) or not is_safe_key(number):
            raise IssueUnknown(f"{text!r} does not name an issue. Write LIST/NUMBER, for example fukko-press/45.")
        return cls(key, number)

    def __str__(self) -> str:
        """`LIST/NUMBER`."""
        return f"{self.list}/{self.number}"


@dataclass(frozen=True, slots=True)
class MailList:
    """One list: who it is from, how it is named in headers, whom readers can ask."""

    key: str
    title: str
    from_name: str
    from_address: str
    reply_to: str
    list_id: str
    list_class: ListClass
    contact: str
    archive_url: str


@dataclass(frozen=True, slots=True)
class LightPart:
    """The light part, and the charset in which it is sent: utf-8 or iso-2022-jp."""

    text: str
    charset: str


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue. `html`, `text` and `light` still hold the personal places; `digest` is the SHA-256 of its issue.json.

    `sections` is the same issue in fragments, for digests (`model.digest.parse_fragments`), or empty. `charset` is that of the text part. Without `html` the text is sent alone (`message.alternatives.as_light`).
    """

    ref: IssueRef
    subject: str
    date: datetime
    list_class: ListClass
    expires: datetime | None
    archive_url: str
    html: str
    text: str
    digest: str
    light: LightPart | None = None
    charset: str = "utf-8"
    sections: str = ""


@dataclass(frozen=True, slots=True)
class Succession:
    """The number of the earlier issue of the same list that this one takes the place of. `is_for_reached`: it is only for those whom that one has reached."""

    replaces: str
    is_for_reached: bool = False


@dataclass(frozen=True, slots=True)
class FrozenIssue:
    """An issue as it is sent to its end, whatever is built meanwhile. `send_at`: not before that time. `frozen_at` is the last time that it was
    frozen: a cancelled issue can be opened again.
    """

    issue_id: IssueId
    issue: Issue
    mail_list: MailList
    frozen_at: datetime
    status: IssueStatus = IssueStatus.SENDING
    send_at: datetime | None = None

    @property
    def version(self) -> tuple[IssueId, datetime]:
        """Names these words: an issue that is opened again is frozen anew, with other words, under the same id."""
        return self.issue_id, self.frozen_at


def content_digest(issue: Issue, mail_list: MailList) -> str:
    """SHA-256, in hexadecimal, of every word that readers get and of the list's side of the headers; the same from a bundle and from the database."""
    sender = asdict(mail_list) | {"list_class": issue.list_class}  # the database keeps the issue's class only
    words = asdict(issue)
    if not issue.sections:  # so that what was frozen and sealed before there were digests keeps its digest
        del words["sections"]
    canonical = json.dumps([words, sender], ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_in_utc)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _in_utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def is_safe_key(key: str) -> bool:
    """Whether a list key or an issue number may become part of a path."""
    return SAFE_KEY.fullmatch(key) is not None
