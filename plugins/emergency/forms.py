"""Which files a record becomes, and which there are for all records of a publication. Addresses are root-relative. Pure but for the templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from plugins.emergency.cap import CapFeed, cap_feed, cap_message
from plugins.emergency.on_air import on_air_text
from plugins.emergency.open_data import notices_csv, notices_json
from plugins.emergency.pages import PageRenderer
from plugins.emergency.record import EmergencyRecord
from plugins.emergency.short_text import LIMITS, short_text
from plugins.frontmatter.document_identity import feed_identity
from plugins.frontmatter.model.registry import Publication, Site
from plugins.frontmatter.model.words.languages import LANGUAGES
from plugins.readings.table import ReadingTable

EASY = "easy/"
"""Below a record's address: the page in やさしい日本語."""


def other_words(record: EmergencyRecord) -> list[tuple[str, str, str]]:
    """Return address, language and name of each page that says the same in other words."""
    easy = [(record.url + EASY, "ja", "やさしい日本語")] if record.easy else []
    return easy + [(f"{record.url}{LANGUAGES[m.tag].slug}/", m.tag, LANGUAGES[m.tag].name) for m in record.translations]


def forms_of_record(
    record: EmergencyRecord, publication: Publication, pages: PageRenderer, readings: ReadingTable, *, is_refused: bool
) -> Iterator[tuple[str, bytes]]:
    """Yield the address and the bytes of every form of one record, but for its page and its mail. The light page comes first: it helps most people.

    A record that is refused (`plugins.emergency.channel`) has no message for other programs.
    """
    yield f"{record.url}light.html", pages.light([record], publication)
    if not is_refused:
        yield f"{record.url}cap.xml", cap_message(record)
    if record.easy:
        yield f"{record.url}{EASY}index.html", pages.language(record, record.easy)
    for message in record.translations:
        yield f"{record.url}{LANGUAGES[message.tag].slug}/index.html", pages.language(record, message)
    yield f"{record.url}notice.json", notices_json([record])
    yield f"{record.url}poster.html", pages.poster(record)
    yield f"{record.url}on-air.txt", on_air_text(record, readings).encode()
    for limit in LIMITS:
        yield f"{record.url}short-{limit}.txt", f"{short_text(record, limit)}\n".encode()


def forms_of_all(
    records: Sequence[EmergencyRecord], publication: Publication, pages: PageRenderer, site: Site, base: str, changed: dt.datetime
) -> Iterator[tuple[str, bytes]]:
    """Yield the address and the bytes of what holds all records in force of one publication, also if there are none.

    ``changed`` is the last moment at which one of its documents appeared or went.
    """
    url = f"{publication.url}cap.xml"
    feed = CapFeed(f"{publication.title} - {site.title}", url, feed_identity(site, url), site.organisation, changed)
    yield f"{publication.url}light.html", pages.light(records, publication)
    yield url, cap_feed(feed, base, records)
    yield f"{publication.url}notices.json", notices_json(records)
    yield f"{publication.url}notices.csv", notices_csv(records)
