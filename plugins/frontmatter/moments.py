"""The moments at which something of the site begins or ends, as a file for whoever publishes (``docs/reference/release.md``).

`plugins.clock` says until when a build holds; it cannot say which document ends that. This module lists the documents.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from plugins.clock import ALWAYS, ValidityInterval
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document

FORMAT = 1


@dataclass(frozen=True, order=True)
class DocumentMoment:
    """``at`` is ISO 8601 with a zone. ``what`` is ``begins`` (the document appears), ``ends`` (it comes down), ``over`` (an event has taken place) or ``unknown``
    (what a row of a table says is too old to be believed, `plugins.situation`).

    ``document`` is the path of the source below ``content/``, ``address`` that of its page below the site.
    """

    at: str
    what: str
    document: str
    title: str
    address: str


def upcoming(library: Library, now: dt.datetime) -> list[DocumentMoment]:
    """Return every moment after ``now``, soonest first. Drafts have none."""
    ahead = [each for each in _moments(library) if each[0] > now]
    ahead.sort(key=lambda each: (each[0], each[1], str(each[2].path)))
    return [DocumentMoment(at.isoformat(), what, str(document.path), document.meta.title, document.url) for at, what, document in ahead]


def _moments(library: Library) -> Iterator[tuple[dt.datetime, str, Document]]:
    for document in library.documents.values():
        meta = document.meta
        if meta.draft:
            continue
        if meta.date:
            yield meta.date, "begins", document
        if meta.ends:
            yield meta.ends, "ends", document
        if isinstance(meta, Event):
            yield meta.finishes, "over", document


def render(moments: list[DocumentMoment], built: dt.datetime, validity: ValidityInterval) -> bytes:
    """Return the file. ``until`` is the first moment at which a build may come out otherwise, or null; it may lie before the first of ``moments``, where
    a page shows today's date.
    """
    record = {"format": FORMAT, "built": built.isoformat(), "until": _until(validity), "moments": [asdict(moment) for moment in moments]}
    return json.dumps(record, ensure_ascii=False, indent=1).encode()


def _until(validity: ValidityInterval) -> str | None:
    return None if validity.until == ALWAYS.until else validity.until.isoformat()


def with_end(data: bytes, end: DocumentMoment) -> bytes:
    """Return the file with the end of one more document, which was published without a full build. Raises `ValueError`, `KeyError`, `TypeError` for another file."""
    record = json.loads(data)
    others = [each for each in record["moments"] if (each["document"], each["what"]) != (end.document, end.what)]
    moments = sorted([*others, asdict(end)], key=lambda each: (_moment(each["at"]), each["what"], each["document"]))
    until = min(record["until"] or end.at, end.at, key=_moment)
    return json.dumps({**record, "until": until, "moments": moments}, ensure_ascii=False, indent=1).encode()


def built_at(data: bytes, now: dt.datetime, validity: ValidityInterval, titles: Mapping[str, str]) -> bytes:
    """Return the file for a build at the moment ``now`` that changed nothing but ``titles``, by path. Raises as `with_end`."""
    record = json.loads(data)
    record["until"] = _until(validity)
    moments = [{**each, "title": titles.get(each["document"], each["title"])} for each in record["moments"] if _moment(each["at"]) > now]
    return json.dumps({**record, "built": now.isoformat(), "moments": moments}, ensure_ascii=False, indent=1).encode()


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
