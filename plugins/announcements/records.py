"""The files of announcements. Pure: the same record gives the same bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugins.frontmatter.model.content_types import Partner
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Registry, Site
from plugins.media_types import picture_type

TREE = "announcements"
"""The folder below ``output/``."""
SITE_FILE = "site.json"
"""Says which site it is. It is always there, so that a folder without it is none that a build has finished."""
SCHEMA = 1
MOST_SUMMARY = 600
"""Characters of a summary: the longest post that is not a page of its own has fewer."""


@dataclass(frozen=True)
class AnnouncedPicture:
    """``path`` is that of a file below the site."""

    path: str
    alternatives: Mapping[str, str]


@dataclass(frozen=True)
class AnnouncedRecord:
    """What is announced. ``kind``: article, issue or emergency; ``name`` identifies the record for good; ``words`` by language: title, then sentences."""

    kind: str
    name: str
    publication: str
    moment: dt.datetime
    until: dt.datetime | None
    address: str
    words: Mapping[str, Sequence[str]]
    is_drill: bool = False
    is_sample: bool = False
    change: str = "new"
    follows: str | None = None
    issue: str | None = None
    pictures: tuple[AnnouncedPicture, ...] = ()

    @property
    def file(self) -> str:
        """The path below the folder of announcements. A digest: names of sources may be longer than a file system takes, and have folders."""
        return f"{self.kind}/{hashlib.sha256(self.name.encode()).hexdigest()[:24]}.json"

    def render(self) -> bytes:
        """Return the bytes of the file."""
        return _json(
            {
                "format": "todoke-announcement",
                "schema": SCHEMA,
                "record": self.name,
                "kind": self.kind,
                "drill": self.is_drill,
                "sample": self.is_sample,
                "publication": self.publication,
                "change": self.change,
                "follows": self.follows,
                "issue": self.issue,
                "moment": self.moment.isoformat(),
                "until": self.until.isoformat() if self.until else None,
                "address": self.address,
                "language": "ja",
                "wordings": {tag: {"title": title, "body": [*body]} for tag, (title, *body) in self.words.items()},
                "pictures": [_picture(each) for each in self.pictures],
            }
        )


def site_file(site: Site, base: str) -> bytes:
    """Return the file that says which site the announcements are of."""
    return _json(
        {
            "format": "todoke-announcements",
            "schema": SCHEMA,
            "title": site.title,
            "organisation": site.organisation,
            "address": base,
            "sample": site.sample,
        }
    )


def is_announced(document: Document) -> bool:
    """Tell whether a document is announced: an issue and a notice unless it says no, any other only if it says yes."""
    meta = document.meta
    if meta.date is None or isinstance(meta, Partner) or document.publication is None:
        return False
    if document.content_type in ("issue", "notice", "drill"):
        return meta.announce is not False
    return meta.announce is True


def record_of_document(document: Document, registry: Registry, base: str) -> AnnouncedRecord:
    """Return the record of an article or an issue that is announced."""
    publication = document.publication
    assert publication is not None  # `is_announced` has looked
    is_issue = document.content_type == "issue"
    list_key, number = (document.path.parts[-2], document.path.stem) if is_issue else ("", "")
    title = f"『{registry.lists[list_key].title}』第{number}号：{document.meta.title}" if is_issue else document.meta.title
    return AnnouncedRecord(
        kind="issue" if is_issue else "article",
        name=f"issue/{list_key}/{number}" if is_issue else f"article/{document.path.with_suffix('')}",
        publication=publication.key,
        moment=document.date,
        until=document.meta.ends,
        address=f"{base}{document.url}",
        words={"ja": (title, *_sentences(document.summary))},
        is_sample=registry.site.sample,
        issue=f"{list_key}/{number}" if is_issue else None,
        pictures=(AnnouncedPicture(document.picture.url.lstrip("/"), {"ja": document.picture.alt}),) if document.picture else (),
    )


def _sentences(summary: str) -> list[str]:
    text = " ".join(summary.split())
    return [text[:MOST_SUMMARY]] if text else []


def _picture(picture: AnnouncedPicture) -> dict[str, object]:
    media_type = picture_type(picture.path) or "image/jpeg"
    return {"path": picture.path, "media_type": media_type, "alternatives": dict(picture.alternatives)}


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
