"""The record of one notice or drill, from which every form is made. Pure."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from plugins.emergency.labels import CORRECTIONS
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.notices import DRILL_MARK, Alert, Phone, Wording
from plugins.frontmatter.model.places import Place
from plugins.frontmatter.model.registry import Site
from plugins.frontmatter.model.words.hazards import Hazard
from plugins.frontmatter.model.words.languages import LANGUAGES
from plugins.frontmatter.model.words.warning_levels import LEVELS, Level
from plugins.frontmatter.notice_chains import earlier_ones
from plugins.typography.dates import japanese_date, japanese_time

URGENT_MARK = "【緊急】"


@dataclass(frozen=True)
class Message:
    """The words of a record in one language. ``tag`` is the language (BCP 47); ``where`` and ``issued_by`` are in ``where_tag`` and ``issuer_tag``."""

    tag: str
    title: str
    what: str
    where: str
    action: tuple[str, ...]
    issued_by: str
    where_tag: str = "ja"
    issuer_tag: str = "ja"


@dataclass(frozen=True)
class FollowedRecord:
    """The record before, which this one updates, cancels or corrects."""

    path: PurePosixPath
    sent: dt.datetime


@dataclass(frozen=True)
class EmergencyRecord:
    """Who, where, what, until when and what to do. ``url`` is root-relative, ``base`` the scheme and host of the site; ``earlier`` are CAP references, newest first."""

    path: PurePosixPath
    base: str
    url: str
    is_drill: bool
    is_sample: bool
    kind: str
    sent: dt.datetime
    expires: dt.datetime
    weight: int
    level: Level | None
    severity: str
    hazard: Hazard
    places: tuple[Place, ...]
    phones: tuple[Phone, ...]
    message: Message
    easy: Message | None
    translations: tuple[Message, ...]
    sender: str
    identifier: str
    earlier: tuple[str, ...]
    html: str
    followed: FollowedRecord | None = None
    is_correction: bool = False

    @property
    def address(self) -> str:
        """The public address of the record's page."""
        return self.base + self.url

    @property
    def mark(self) -> str:
        """What stands before the title. The title of a drill begins with its mark already, and that of a correction with 訂正."""
        return "" if self.is_drill or self.is_correction else URGENT_MARK

    @property
    def level_words(self) -> str:
        """``警戒レベル4 避難指示``, or the weight in one word."""
        return self.level.words if self.level else self.severity

    @property
    def shape(self) -> str:
        """The shape that tells the weight without colour."""
        return LEVELS[self.weight].shape

    @property
    def until(self) -> str:
        """``2021年3月31日21時まで``. Midnight is the end of the day before: that is what the editor wrote."""
        return until(self.expires)

    @property
    def issued(self) -> str:
        """``2021年3月31日9時10分発表``."""
        return f"{japanese_time(self.sent)}発表"


def until(moment: dt.datetime) -> str:
    """Return the end of a record in words."""
    if (moment.hour, moment.minute) == (0, 0):
        return f"{japanese_date(moment - dt.timedelta(days=1))}の終わりまで"
    return f"{japanese_time(moment)}まで"


def record_of(document: Document, site: Site, base: str, documents: Mapping[PurePosixPath, Document]) -> EmergencyRecord:
    """Return the record of a notice or a drill; ``documents`` are all by path, among which are those that it follows. Raises `ValueError` for other types."""
    meta, publication = document.meta, document.publication
    if not isinstance(meta, Alert) or publication is None:
        raise ValueError(f"{document.path} is no notice")
    message = _message(document, meta, f"{site.organisation} {publication.department}")
    earlier = earlier_ones(document, documents)
    return EmergencyRecord(
        path=document.path,
        base=base,
        url=document.url,
        is_drill=meta.is_drill,
        is_sample=site.sample,
        kind="Cancel" if meta.cancels else "Update" if meta.updates else "Alert",
        sent=document.date,
        expires=meta.expires,
        weight=meta.weight,
        level=meta.level_words,
        severity=meta.severity_word,
        hazard=meta.hazard_words,
        places=meta.municipalities,
        phones=meta.phone,
        message=message,
        easy=_translated("ja", meta.easy, message, _mark(meta, "ja")) if meta.easy else None,
        translations=tuple(_translated(tag, words, message, _mark(meta, tag)) for tag, words in meta.translations.items()),
        sender=publication.contact,
        identifier=identifier(site, document),
        earlier=tuple(reference(site, each) for each in earlier),
        html=document.html,
        followed=FollowedRecord(earlier[0].path, earlier[0].date) if earlier else None,
        is_correction=meta.correction,
    )


def identifier(site: Site, document: Document) -> str:
    """Return CAP's identifier: below the site's own OID if it has one, else a URN of its document and moment, the same on every mirror (RFC 9562, 5.5)."""
    if site.cap_oid:
        return f"{site.cap_oid}.{document.date:%Y.%-m.%-d.%-H.%-M.%-S}"
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{document.identity}#{document.date.isoformat()}").urn


def reference(site: Site, document: Document) -> str:
    """Return ``sender,identifier,sent`` (CAP 1.2, 3.2.1, references)."""
    sender = document.publication.contact if document.publication else site.contact
    return f"{sender},{identifier(site, document)},{document.date.isoformat(timespec='seconds')}"


def _message(document: Document, meta: Alert, issuer: str) -> Message:
    """The words in Japanese. A notice of the old form says in its title what happens, and in its first paragraph what to do."""
    return Message(
        tag="ja",
        title=meta.title,
        what=meta.what or meta.title,
        where=meta.where or "県内全域",
        action=meta.action or (document.summary,),
        issued_by=meta.issued_by or issuer,
    )


def _mark(meta: Alert, tag: str) -> str:
    """Return what stands before a title in other words: that it is a drill, or a correction."""
    if meta.is_drill:
        return DRILL_MARK if tag == "ja" else LANGUAGES[tag].drill_mark
    return CORRECTIONS[tag] if meta.correction else ""


def _translated(tag: str, words: Wording, message: Message, mark: str) -> Message:
    title = (
        words.title
        if not mark or words.title.lower().startswith(mark.lower())
        else f"{mark}{'' if mark.endswith('】') else ' '}{words.title}"
    )
    return Message(
        tag=tag,
        title=title,
        what=words.what,
        where=words.areas or message.where,
        action=words.action,
        issued_by=words.issued_by or message.issued_by,
        where_tag=tag if words.areas else "ja",
        issuer_tag=tag if words.issued_by else "ja",
    )
