"""Events as iCalendar (RFC 5545). The same events always give the same bytes. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document

if TYPE_CHECKING:
    import icalendar


def calendar(documents: Iterable[Document], base: str, name: str = "") -> bytes:
    """Return an iCalendar object with one VEVENT for each event. ``base`` is the site's address without a trailing slash.

    ``name`` is that of a calendar to which people subscribe. The file of a single event has none: programs make a calendar of its own for a file with a
    name, instead of adding the event to the reader's.
    """
    import icalendar  # inside the function: a site without events does not pay for the import

    ical = icalendar.Calendar()
    ical.add("prodid", "-//Todoke//todoke//JA")  # PRODID and VERSION are required (3.6)
    ical.add("version", "2.0")
    ical.add("method", "PUBLISH")  # 3.7.2; RFC 5546, 3.2.1: a published event asks for no answer
    if name:
        ical.add("name", name)  # RFC 7986, 5.1
        ical.add("x-wr-calname", name)  # in no standard, but more programs know it
    for document in documents:
        if isinstance(document.meta, Event):
            ical.add_component(_event(document, document.meta, base))
    ical.add_missing_timezones()  # each TZID in use needs its VTIMEZONE (3.6.5)
    return bytes(ical.to_ical())


_STATUS = {None: "CONFIRMED", "中止": "CANCELLED", "延期": "TENTATIVE", "日程変更": "CONFIRMED"}
"""STATUS of RFC 5545 section 3.8.1.11. A postponed event keeps its old day until there is a new one, and so it is not certain."""


def _event(document: Document, meta: Event, base: str) -> icalendar.Event:
    """One VEVENT (3.6.1).

    UID (3.8.4.7) is the document's identity, so that a program updates the event it has instead of adding a second one. DTSTAMP (3.8.7.2) is the last change of
    the document and not the time of the build: in a calendar with a METHOD it would be the latter, but then each build would change the file.
    """
    import icalendar

    vevent = icalendar.Event()
    changed = (meta.updated or document.date).astimezone(dt.UTC)
    vevent.add("uid", _uid(document.identity))
    vevent.add("dtstamp", changed)
    vevent.add("last-modified", changed)
    # 3.8.7.4: grows with every change. Minutes since the event was made known grow with ``updated``, and need no memory.
    vevent.add("sequence", max(0, int((changed - document.date) / dt.timedelta(minutes=1))))
    vevent.add("status", _STATUS[meta.status])
    vevent.add("summary", meta.title)
    _add_span(vevent, meta)
    vevent.add("location", "、".join(filter(None, (meta.venue, meta.address))))
    vevent.add(
        "description",
        "\n".join(filter(None, (document.summary, meta.fee and f"料金：{meta.fee}", meta.contact and f"問い合わせ：{meta.contact}"))),
    )
    vevent.add("url", base + document.url)
    if meta.latitude is not None and meta.longitude is not None:
        vevent.add("geo", (meta.latitude, meta.longitude))  # latitude first (3.8.1.6)
    return vevent


def _uid(identity: str) -> str:
    """Return a UUID (RFC 7986, 5.3); for a document of before, the form that calendars have: ``kouryu-2021-03-fair@site.example.jp``."""
    if not identity.startswith("http"):
        return identity.removeprefix("urn:uuid:")
    address = urlsplit(identity)
    return f"{address.path.strip('/').replace('/', '-')}@{address.hostname}"


def _add_span(vevent: icalendar.Event, meta: Event) -> None:
    """DTSTART and DTEND. Days without times are DATE values, and DTEND is exclusive: the day after the last (3.6.1, 3.8.2.2)."""
    if meta.all_day:
        vevent.add("dtstart", meta.start.date())
        vevent.add("dtend", meta.finishes.date())
        return
    vevent.add("dtstart", meta.start)
    if meta.end:
        vevent.add("dtend", meta.finishes)
