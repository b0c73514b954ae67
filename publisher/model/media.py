"""Which media type and which cache rule a file has, by its path."""

from __future__ import annotations

import re

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".xml": "application/xml; charset=utf-8",
    ".atom": "application/atom+xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8; method=PUBLISH",  # names the METHOD of the file (RFC 5545, 3.7.2)
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".pdf": "application/pdf",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".zip": "application/zip",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".webmanifest": "application/manifest+json",
    # Former addresses of pages (`aliases`): files that lead on, whatever program made the page once.
    **dict.fromkeys((".htm", ".shtml", ".php", ".php3", ".asp", ".aspx", ".jsp", ".cgi", ".do", ".cfm", ".pl"), "text/html; charset=utf-8"),
}
"""Written out, because `mimetypes` reads the tables of the machine, and two publishing machines must sign the same manifest."""

UNKNOWN = "application/octet-stream"
"""A browser saves such a file and runs nothing of it (RFC 9110 section 8.3)."""

ASK_EACH_TIME = "no-cache"
"""A page is asked for again at each visit, mostly answered with 304: in a disaster nobody may read yesterday's page."""

FOR_EVER, FIVE_MINUTES = "public, max-age=31536000, immutable", "public, max-age=300"

_NAMED_BY_CONTENT = re.compile(r"pictures/[0-9a-f]{10,}/[^/]+|cards/[0-9a-f]{10,}\.png")
"""What the build itself names by content. A name of an editor proves nothing: ``report-20110311.pdf`` may be corrected tomorrow."""


def media_type(path: str) -> str:
    """Return the value of ``Content-Type``."""
    name = path.rpartition("/")[2]  # no pathlib: a scan asks for each of 20,000 files
    dot = name.rfind(".")
    return MEDIA_TYPES.get(name[dot:].lower(), UNKNOWN) if dot > 0 else UNKNOWN


def cache_control(path: str) -> str:
    """Return the value of ``Cache-Control``: for ever if the build named it by its content, five minutes for other pictures, else ask each time."""
    if _NAMED_BY_CONTENT.fullmatch(path):
        return FOR_EVER
    return FIVE_MINUTES if media_type(path).startswith(("image/", "font/", "audio/", "video/")) else ASK_EACH_TIME
