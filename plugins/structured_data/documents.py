"""JSON-LD of one document: the article or issue that every page states, and what its content type adds. Pure."""

from __future__ import annotations

import re
from html import escape

from plugins.frontmatter.model.content.event import is_midnight
from plugins.frontmatter.model.content_types import Event, Job, Notice, Partner, Record, Video
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import MailList, Place, Site
from plugins.frontmatter.parse.attachments import TRANSCRIPT
from plugins.structured_data.pay import base_salary
from plugins.structured_data.site import CONTEXT, REGION, JsonLd, department, organisation
from plugins.typography.folding import normal

_EMPLOYMENT_TYPES = {
    "正社員": "FULL_TIME",
    "契約社員": "TEMPORARY",
    "パート": "PART_TIME",
    "任期付職員": "TEMPORARY",
    "季節雇用": "TEMPORARY",
}
"""schema.org leaves the values of ``employmentType`` open. These are the ones that job search engines read."""


def article(site: Site, base: str, document: Document, image: str = "") -> JsonLd:
    """Return a document of any content type (schema.org/Article, or NewsArticle for news).

    ``base`` is the site's address without a trailing slash, here and below; ``image`` the root-relative address of the page's card.
    """
    updated = document.meta.updated or document.date
    images = [url for url in (document.picture.url if document.picture else "", image) if url]
    described: JsonLd = {
        "@context": CONTEXT,
        "@type": "NewsArticle" if document.meta.is_news else "Article",
        "headline": document.meta.title,
        "description": document.summary,
        "inLanguage": "ja",
        "url": f"{base}{document.url}",
        "mainEntityOfPage": f"{base}{document.url}",
        "datePublished": document.date.isoformat(),
        "dateModified": updated.isoformat(),
        "author": _author(site, base, document),
        "publisher": organisation(site, base),
        "image": [base + url for url in images],
        "isAccessibleForFree": True,
    }
    return described | _about(document) | _origin(document)


def issue(site: Site, base: str, document: Document, mail_list: MailList, image: str = "") -> JsonLd:
    """Return an issue of a mail list: an `article` that is part of a schema.org/Periodical. The file's name is its number."""
    periodical = {"@type": "Periodical", "name": mail_list.title}
    return article(site, base, document, image) | {"issueNumber": document.path.stem, "isPartOf": periodical}


def _author(site: Site, base: str, document: Document) -> JsonLd:
    """The partner who wrote an entry, or the department, or the publisher for a document without a publication."""
    if isinstance(document.meta, Partner):
        return {"@type": "Organization", "name": document.meta.author, "url": document.meta.original}
    return department(document.publication, site, base) if document.publication else organisation(site, base)


def _about(document: Document) -> JsonLd:
    described: JsonLd = {}
    if document.publication:
        described["articleSection"] = document.publication.title
    if document.meta.topics:
        described["keywords"] = [topic.name for topic in document.meta.topics]
    if document.meta.municipalities:
        described["contentLocation"] = [{"@type": "AdministrativeArea", "name": place.name} for place in document.meta.municipalities]
    return described


def _origin(document: Document) -> JsonLd:
    """Where a partner's entry was first published, and its licence. Partners state a licence's name and no address."""
    if not isinstance(document.meta, Partner):
        return {}
    return {"isBasedOn": document.meta.original, "license": {"@type": "CreativeWork", "name": document.meta.licence}}


def describe(document: Document, site: Site, base: str) -> JsonLd | None:
    """Return what the content type of ``document`` adds to its `article`, or None if it adds nothing."""
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


def _shared(document: Document, base: str) -> JsonLd:
    shared: JsonLd = {"@context": CONTEXT, "name": document.meta.title, "url": base + document.url, "inLanguage": "ja"}
    shared["description"] = document.summary
    return shared | ({"image": base + document.picture.url} if document.picture else {})


def _job(document: Document, job: Job) -> JsonLd:
    """schema.org/JobPosting. ``ends`` is the end of the day of the deadline: applications count on that whole day."""
    employer: JsonLd = {"@type": "Organization", "name": job.employer}
    posting: JsonLd = {
        "@type": "JobPosting",
        "title": job.title,
        "description": _description(document, job),
        "datePosted": document.date.isoformat(),
        "validThrough": job.ends.isoformat() if job.ends else "",
        "employmentType": _EMPLOYMENT_TYPES[job.employment],
        "identifier": {"@type": "PropertyValue", "name": job.employer, "value": document.identity},
        "hiringOrganization": employer | ({"address": job.employer_address} if job.employer_address else {}),
        "jobLocation": [_place(place) for place in job.municipalities] or {"@type": "Place", "name": job.place, "address": _address(None)},
        "directApply": False,  # Google: the page describes how to apply, and takes no application itself
    }
    optional: JsonLd = {"workHours": job.hours, "totalJobOpenings": job.number, "baseSalary": base_salary(job.pay)}
    contact: JsonLd = {"telephone": job.phone and job.phone.number, "url": job.apply_url, "email": job.apply_email}
    if any(contact.values()):
        optional["applicationContact"] = {"@type": "ContactPoint"} | {key: value for key, value in contact.items() if value}
    return posting | {key: value for key, value in optional.items() if value}


def _description(document: Document, job: Job) -> str:
    """The body and every condition: a search engine shows the description alone, and what the law asks for must stand in it."""
    return document.html + "".join(f"<p>{escape(label)}：{escape(value)}</p>" for label, value in job.terms)


_EVENT_STATUS = {None: "EventScheduled", "中止": "EventCancelled", "延期": "EventPostponed", "日程変更": "EventRescheduled"}
"""schema.org/EventStatusType."""


def _event(document: Document, event: Event) -> JsonLd:
    """schema.org/Event. An event without times gives dates: a time of midnight would be read as one."""
    place = event.municipalities[0] if event.municipalities else None
    venue: JsonLd = {"@type": "Place", "name": event.venue, "address": _address(place, event.address)}
    if event.latitude is not None and event.longitude is not None:
        venue["geo"] = {"@type": "GeoCoordinates", "latitude": event.latitude, "longitude": event.longitude}
    described: JsonLd = {
        "@type": "Event",
        "startDate": event.start.date().isoformat() if event.all_day else event.start.isoformat(),
        "endDate": event.end.isoformat() if event.end and not event.all_day else event.last_day.isoformat(),
        "eventStatus": f"{CONTEXT}/{_EVENT_STATUS[event.status]}",
        "eventAttendanceMode": f"{CONTEXT}/OfflineEventAttendanceMode",
        "location": venue,
    }
    if event.previous_start:
        described["previousStartDate"] = (
            event.previous_start.date().isoformat() if is_midnight(event.previous_start) else event.previous_start.isoformat()
        )
    if event.fee and event.fee.startswith("無料"):
        described["isAccessibleForFree"] = True
    organizer = event.organizer or (document.publication.department if document.publication else "")
    return described | {"organizer": {"@type": "Organization", "name": organizer}}


def _video(document: Document, video: Video, base: str) -> JsonLd:
    """schema.org/VideoObject with the whole transcript, so that a search engine finds spoken words."""
    on_platform = "://" in video.video
    address = video.video if on_platform else _file(video.video, base)
    return {
        "@type": "VideoObject",
        "uploadDate": document.date.isoformat(),
        "duration": _duration(video.duration),
        "thumbnailUrl": base + document.picture.url if document.picture else f"{base}/theme/mark.svg",
        "embedUrl" if on_platform else "contentUrl": _player(address) if on_platform else address,
        "caption": {"@type": "MediaObject", "contentUrl": _file(video.captions, base), "encodingFormat": "text/vtt", "inLanguage": "ja"},
        "transcript": transcript(document.markdown),
    }


_PLAYERS = (
    (
        re.compile(r"https://(?:www\.|m\.)?youtube\.com/watch\?(?:[^#]*&)?v=([\w-]{6,20})(?:[&#].*)?"),
        "https://www.youtube-nocookie.com/embed/",
    ),
    (re.compile(r"https://youtu\.be/([\w-]{6,20})(?:[?#].*)?"), "https://www.youtube-nocookie.com/embed/"),
    (re.compile(r"https://(?:www\.)?vimeo\.com/([0-9]+)(?:[?#].*)?"), "https://player.vimeo.com/video/"),
)
"""Addresses of a platform's page, and its player's: a search engine takes the player (schema.org/embedUrl), and the page is no player."""


def _player(address: str) -> str:
    """Return the address of the player of a film on a platform; that of the page where the platform is not known."""
    return next((player + match[1] for page, player in _PLAYERS if (match := page.fullmatch(address))), address)


def transcript(markdown: str) -> str:
    """Return the text below the transcript's heading, to the next heading, without Markdown's ``**``; empty if there is none."""
    match = re.search(rf"^#+ *{TRANSCRIPT} *$(.*?)(?=^#+ |\Z)", markdown, re.MULTILINE | re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", match[1].replace("**", "")).strip() if match else ""


def _duration(length: str) -> str:
    """``4:30`` → ``PT4M30S``, a duration of ISO 8601 as schema.org/Duration asks for."""
    hours, minutes, seconds = ([0, 0, *map(int, length.split(":"))])[-3:]
    return "PT" + (f"{hours}H" if hours else "") + f"{minutes}M{seconds}S"


def _file(name: str, base: str) -> str:
    """The public address of a file. Front matter names it relative to the document; the site serves it below ``/files/``."""
    return f"{base}/files/{name.rsplit('files/', 1)[-1]}"


def _record(document: Document, record: Record, site: Site, base: str) -> JsonLd:
    """schema.org/Report with its scanned papers. A fiscal year runs from 1 April to 31 March."""
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
    report: JsonLd = {
        "@type": "Report",
        "headline": record.title,
        "datePublished": document.date.isoformat(),
        "temporalCoverage": f"{record.fiscal_year}-04-01/{record.fiscal_year + 1}-03-31",
        "genre": record.record_kind,
        "author": {"@type": "Organization", "name": author},
        "publisher": {"@type": "GovernmentOrganization", "name": site.organisation},
    }
    return report | ({"associatedMedia": papers} if papers else {})


def _notice(document: Document, notice: Notice, site: Site) -> JsonLd:
    """schema.org/SpecialAnnouncement. It carries its end, so that an old warning is not shown as a present one."""
    return {
        "@type": "SpecialAnnouncement",
        "text": document.summary,
        "datePosted": document.date.isoformat(),
        "expires": notice.expires.isoformat(),
        "spatialCoverage": [_place(place) for place in notice.municipalities] or {"@type": "AdministrativeArea", "name": REGION},
        "announcementLocation": {"@type": "CivicStructure", "name": site.organisation},
    }


def _place(place: Place) -> JsonLd:
    return {"@type": "Place", "name": place.name, "address": _address(place)}


def _address(place: Place | None, street: str | None = None) -> JsonLd:
    address: JsonLd = {"@type": "PostalAddress", "addressCountry": "JP", "addressRegion": REGION}
    if place:
        address["addressLocality"] = place.name
    if street and (rest := _within(street, place)):
        address["streetAddress"] = rest
    return address


def _within(street: str, place: Place | None) -> str:
    """Return the address without prefecture and municipality, which have fields of their own, however the name is spelt (塩釜市, 塩竈市)."""
    rest = street.strip().removeprefix(REGION)
    if place is None:
        return rest
    length = len(place.name)
    return rest[length:].strip() if normal(rest[:length]) == normal(place.name) else rest
