"""What a document is, for search engines: schema.org as JSON-LD, one shape for each kind that has one. Pure.

Articles, notices and partner entries are described by the page template; here is what only their kind knows.
"""

from __future__ import annotations

import datetime as dt
import re

from plugins.frontmatter.model.content_types import Event, Job, Notice, Record, Video
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Place, Site
from plugins.frontmatter.parse.attachments import TRANSCRIPT

Described = dict[str, object]

_EMPLOYMENT = {"正社員": "FULL_TIME", "契約社員": "TEMPORARY", "パート": "PART_TIME", "任期付職員": "TEMPORARY", "季節雇用": "TEMPORARY"}
"""schema.org leaves the words open; these are the ones that job search engines read."""

_UNITS = {"時給": "HOUR", "日給": "DAY", "月給": "MONTH", "年俸": "YEAR", "年収": "YEAR"}
_PAY = re.compile(r"(時給|日給|月給|年俸|年収)([0-9,万]+)円?(?:から([0-9,万]+)円?)?")


def describe(document: Document, site: Site, base: str) -> Described | None:
    """Return the JSON-LD of ``document``, or None if its kind has none of its own. ``base`` is the site's address without a slash."""
    match document.meta:
        case Job() as job:
            return _shared(document, base) | _job(document, job)
        case Event() as event:
            return _shared(document, base) | _event(document, event)
        case Video() as video:
            return _shared(document, base) | _video(document, video, base)
        case Record() as record:
            return _shared(document, base) | _record(document, record, site, base)
        case Notice() as notice:
            return _shared(document, base) | _notice(document, notice, site)
        case _:
            return None


def _shared(document: Document, base: str) -> Described:
    shared: Described = {"@context": "https://schema.org", "name": document.meta.title, "url": base + document.url, "inLanguage": "ja"}
    shared["description"] = document.summary
    if document.picture:
        shared["image"] = base + document.picture.url
    return shared


def _job(document: Document, job: Job) -> Described:
    """``JobPosting``. The last moment is the end of the day of the deadline."""
    found: Described = {
        "@type": "JobPosting",
        "title": job.title,
        "description": document.html,
        "datePosted": document.date.isoformat(),
        "validThrough": job.ends.isoformat() if job.ends else "",
        "employmentType": _EMPLOYMENT[job.employment],
        "hiringOrganization": {"@type": "Organization", "name": job.employer},
        "jobLocation": [_located(place) for place in job.municipalities]
        or {"@type": "Place", "name": job.place, "address": _address(None)},
    }
    return found | ({"baseSalary": salary} if (salary := base_salary(job.pay)) else {})


def base_salary(pay: str) -> Described | None:
    """Return ``月給19万8000円から24万円`` as an amount in yen and its unit of time; None where the words say something else."""
    found = _PAY.match(pay)
    if not found:
        return None
    low, high = _yen(found[2]), _yen(found[3]) if found[3] else None
    value: Described = {"@type": "QuantitativeValue", "unitText": _UNITS[found[1]]}
    value |= {"minValue": low, "maxValue": high} if high else {"value": low}
    return {"@type": "MonetaryAmount", "currency": "JPY", "value": value}


def _yen(words: str) -> int:
    man, _, rest = words.replace(",", "").rpartition("万")
    return int(man or 0) * 10_000 + int(rest or 0)


def _event(document: Document, event: Event) -> Described:
    """``Event``. Days without times are given as days."""
    last = event.days[-1]
    place = event.municipalities[0] if event.municipalities else None
    venue: Described = {"@type": "Place", "name": event.venue, "address": _address(place, event.address)}
    if event.latitude is not None and event.longitude is not None:
        venue["geo"] = {"@type": "GeoCoordinates", "latitude": event.latitude, "longitude": event.longitude}
    found: Described = {
        "@type": "Event",
        "startDate": event.start.date().isoformat() if event.all_day else event.start.isoformat(),
        "endDate": event.finishes.isoformat() if event.end and event.end.time() != dt.time() else last.isoformat(),
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "location": venue,
    }
    if event.fee and event.fee.startswith("無料"):
        found["isAccessibleForFree"] = True
    organizer = event.organizer or (document.publication.department if document.publication else "")
    return found | {"organizer": {"@type": "Organization", "name": organizer}}


def _video(document: Document, video: Video, base: str) -> Described:
    """``VideoObject``, with the whole transcript: what is said can be found."""
    outside = "://" in video.video
    address = video.video if outside else _file(video.video, base)
    return {
        "@type": "VideoObject",
        "uploadDate": document.date.isoformat(),
        "duration": _duration(video.duration),
        "thumbnailUrl": base + document.picture.url if document.picture else f"{base}/theme/mark.svg",
        "url" if outside else "contentUrl": address,
        "caption": {"@type": "MediaObject", "contentUrl": _file(video.captions, base), "encodingFormat": "text/vtt", "inLanguage": "ja"},
        "transcript": transcript(document.markdown),
    }


def transcript(markdown: str) -> str:
    """Return the text under the heading of the transcript, without Markdown's strong marks."""
    found = re.search(rf"^#+ *{TRANSCRIPT} *$(.*?)(?=^#+ |\Z)", markdown, re.MULTILINE | re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", found[1].replace("**", "")).strip() if found else ""


def _duration(length: str) -> str:
    """``4:30`` → ``PT4M30S`` (ISO 8601)."""
    hours, minutes, seconds = ([0, 0, *map(int, length.split(":"))])[-3:]
    return "PT" + (f"{hours}H" if hours else "") + f"{minutes}M{seconds}S"


def _file(name: str, base: str) -> str:
    """Front matter names files by their place; on the site they lie under ``/files/``."""
    return f"{base}/files/{name.rsplit('files/', 1)[-1]}"


def _record(document: Document, record: Record, site: Site, base: str) -> Described:
    """``OperatorReport`` of an archive, with its papers."""
    papers = [
        {
            "@type": "MediaObject",
            "name": file.title,
            "contentUrl": base + file.url,
            "encodingFormat": "application/pdf",
            "contentSize": file.weight,
        }
        for file in document.files
    ]
    author = record.school or (document.publication.department if document.publication else site.organisation)
    found: Described = {
        "@type": "Report",
        "headline": record.title,
        "datePublished": document.date.isoformat(),
        "temporalCoverage": f"{record.fiscal_year}-04-01/{record.fiscal_year + 1}-03-31",
        "genre": record.record_kind,
        "author": {"@type": "Organization", "name": author},
        "publisher": {"@type": "GovernmentOrganization", "name": site.organisation},
    }
    return found | ({"associatedMedia": papers} if papers else {})


def _notice(document: Document, notice: Notice, site: Site) -> Described:
    """``SpecialAnnouncement``: it says when it ends."""
    return {
        "@type": "SpecialAnnouncement",
        "text": document.summary,
        "datePosted": document.date.isoformat(),
        "expires": notice.expires.isoformat(),
        "spatialCoverage": [_located(place) for place in notice.municipalities] or {"@type": "AdministrativeArea", "name": "宮城県"},
        "announcementLocation": {"@type": "CivicStructure", "name": site.organisation},
    }


def _located(place: Place) -> Described:
    return {"@type": "Place", "name": place.name, "address": _address(place)}


def _address(place: Place | None, street: str | None = None) -> Described:
    found: Described = {"@type": "PostalAddress", "addressCountry": "JP", "addressRegion": "宮城県"}
    if place:
        found["addressLocality"] = place.name
    if street and not (place and street == place.name):
        found["streetAddress"] = street
    return found
