"""A digest: one mail that carries the issues of several lists to readers who want them together. An issue comes to it in fragments.

In the ledger a digest is an issue like any other, of the list `DIGEST`, which nobody can subscribe to: its deliveries are those of one combination of issues.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Literal

import msgspec

from mailer.model.errors import MessageError
from mailer.model.issue import FrozenIssue, Issue, ListClass
from mailer.model.readers.subscription import Frequency

DIGEST = "digest"
"""The key of the list that digests belong to. No list of a bundle may have it."""
HELD_FREQUENCIES = (Frequency.DAILY, Frequency.WEEKLY)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A heading or a block in three forms. `article` names the document that it shows; None for an editor's own words, and for a heading.

    `title` and `url` are the headline of that document and where it leads on the web; empty in bundles of older versions, and `url` where there is no page.
    """

    article: str | None
    html: str
    text: str
    light: str
    sha256: str
    title: str = ""
    url: str = ""

    @property
    def is_intact(self) -> bool:
        """Whether the digest is that of the three forms."""
        return hashlib.sha256("\0".join((self.html, self.text, self.light)).encode()).hexdigest() == self.sha256


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an issue: its title, its address on the web, its heading and blocks. The first one of an issue is its title and greeting."""

    title: str
    address: str
    heading: Fragment
    blocks: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class IssueFragments:
    """All sections of an issue, and the style elements that their HTML needs (docs/reference/bundle.md, `sections.json`)."""

    schema: Literal[1]
    style: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class DigestMoments:
    """When digests leave, by the clock of the installation's zone: each day, and each week on one day."""

    daily: time = time(18)
    weekly_day: str = "friday"
    weekly: time = time(18)

    @property
    def weekly_sign(self) -> str:
        """The day of the week as Japanese writes it: 金."""
        return "月火水木金土日"[WEEKDAYS.index(self.weekly_day)]

    def last(self, frequency: Frequency, now: datetime, zone: tzinfo) -> datetime:
        """The last moment of that kind that has come. Issues frozen after it wait for the next one."""
        local = now.astimezone(zone)
        at = self.daily if frequency is Frequency.DAILY else self.weekly
        days = 0 if frequency is Frequency.DAILY else (local.weekday() - WEEKDAYS.index(self.weekly_day)) % 7
        moment = datetime.combine(local.date() - timedelta(days=days), at, zone)
        if moment <= now:
            return moment
        return datetime.combine(moment.date() - timedelta(days=1 if frequency is Frequency.DAILY else 7), at, zone)


MOMENTS = DigestMoments()
"""Those of an installation that says nothing."""


def parse_fragments(text: str) -> IssueFragments:
    """Read `sections.json`.

    :raises MessageError: it is not in this format, or a fragment is not what its digest says.
    """
    try:
        fragments = msgspec.json.decode(text, type=IssueFragments)
    except msgspec.DecodeError as error:
        raise MessageError(f"The fragments for digests cannot be read: {error}") from None
    if not fragments.sections or not all(fragment.is_intact for each in fragments.sections for fragment in (each.heading, *each.blocks)):
        raise MessageError("A fragment for digests does not match its SHA-256.")
    return fragments


def is_digest(frozen: FrozenIssue) -> bool:
    """Whether it is a digest, and no issue of a list."""
    return frozen.issue.ref.list == DIGEST


def is_mergeable(issue: Issue) -> bool:
    """Whether readers can get it in a digest: it comes in fragments, and nobody may have to wait for it."""
    return issue.sections != "" and issue.list_class is ListClass.NEWSLETTER
