"""iCalendar (RFC 5545) of events: one file for each, one for all. The same events always give the same bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document

if TYPE_CHECKING:
    import icalendar


def calendar(documents: Iterable[Document], name: str, base: str) -> bytes:
    """Return a calendar called ``name``. ``base`` is the site's public address without a trailing slash."""
    import icalendar  # late: a site without events needs none

    made = icalendar.Calendar()
    made.add("prodid", "-//Todoke//todoke//JA")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)  # no standard property, but what calendar programs show as the name
    for document in documents:
        if isinstance(document.meta, Event):
            made.add_component(_event(document, document.meta, base))
    made.add_missing_timezones()
    return bytes(made.to_ical())


def _event(document: Document, meta: Event, base: str) -> icalendar.Event:
    """RFC 5545, 3.6.1: UID never changes, DTSTAMP is the last change of what is published."""
    import icalendar

    made = icalendar.Event()
    changed = (meta.updated or document.date).astimezone(dt.UTC)
    made.add("uid", f"{document.url.strip('/').replace('/', '-')}@{urlsplit(base).hostname}")
    made.add("dtstamp", changed)
    made.add("last-modified", changed)
    made.add("summary", meta.title)
    _add_span(made, meta)
    made.add("location", "、".join(filter(None, (meta.venue, meta.address))))
    made.add(
        "description",
        "\n".join(filter(None, (document.summary, meta.fee and f"料金：{meta.fee}", meta.contact and f"問い合わせ：{meta.contact}"))),
    )
    made.add("url", base + document.url)
    if meta.latitude is not None and meta.longitude is not None:
        made.add("geo", (meta.latitude, meta.longitude))
    return made


def _add_span(made: icalendar.Event, meta: Event) -> None:
    """Days without times are DATE values, whose end is the day after the last (RFC 5545, 3.6.1)."""
    if meta.all_day:
        made.add("dtstart", meta.start.date())
        made.add("dtend", meta.finishes.date())
        return
    made.add("dtstart", meta.start)
    if meta.end:
        made.add("dtend", meta.finishes)
