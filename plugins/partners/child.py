"""The child process: a feed's bytes on stdin → JSON on stdout. ``python -m plugins.partners.child '{options}'``.

feedparser needs minutes for some documents of one megabyte, and a parser of hostile markup may ask for any amount of
memory. Here it can: the limits are set before it is imported, and ``parse`` kills the process when time is up.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

from .charset import decode
from .clean import clean, from_plain
from .links import absolute
from .raw import ParsedFeed, RawEntry, to_json
from .times import Stamp

KEPT_BY_US = frozenset({"ruby", "rt", "rp"})
"""feedparser's own sanitizer does not know these, and has no public place to name them; without, 震災（しんさい） would become 震災しんさい."""

LONGEST_FIELD = 5_000
"""Characters of an id, a link, a title, a category."""

MOST_CATEGORIES = 50


def main() -> None:
    """Read, parse, write. Fails by exit status; the parent says why."""
    options = json.loads(sys.argv[1])
    set_limits(options["cpu_seconds"], options["memory_bytes"])
    feed = read_feed(sys.stdin.buffer.read(), options)
    sys.stdout.buffer.write(json.dumps(to_json(feed)).encode("ascii"))


def set_limits(cpu_seconds: int, memory_bytes: int) -> None:
    """Limit processor time and address space where the system can (not on Windows: the parent's clock remains)."""
    try:
        import resource
    except ImportError:
        return
    for kind, amount in ((resource.RLIMIT_CPU, cpu_seconds), (resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses RLIMIT_AS; a lower hard limit is fine too
            resource.setrlimit(kind, (amount, amount))


def read_feed(body: bytes, options: dict[str, Any]) -> ParsedFeed:
    """Parse ``body`` with feedparser and clean its entries. ``options``: url, site, content_type, max_entries."""
    import feedparser
    from feedparser import sanitizer

    sanitizer._HTMLSanitizer.acceptable_elements |= KEPT_BY_US
    text = decode(body, options["content_type"])
    # Bytes in a stream: a string would be taken for an address or a file name and opened.
    headers = {"content-type": "application/xml; charset=utf-8", "content-location": options["url"]}
    stream = io.BytesIO(text.encode("utf-8", "replace"))
    # Links inside an entry are relative to the entry, not to the feed, so they are left for ``clean``.
    read = feedparser.parse(stream, response_headers=headers, sanitize_html=True, resolve_relative_uris=False)
    kept = read.entries[: options["max_entries"]]
    entries = tuple(raw_entry(dict(entry), options["url"], options["site"]) for entry in kept)
    return ParsedFeed(read.get("version") or "", entries, len(read.entries) - len(kept))


def raw_entry(entry: dict[str, Any], url: str, site: str) -> RawEntry:
    """Turn one feedparser entry into a RawEntry."""
    link = _link(entry, url)
    return RawEntry(
        id=_text(entry.get("id")),
        link=link,
        title=_text(entry.get("title")),
        body=_body(entry, link or site, url),
        published=_stamp(entry, "published") or _stamp(entry, "created") or _stamp(entry, "updated"),
        updated=_stamp(entry, "updated"),
        categories=tuple(_text(tag.get("term")) for tag in entry.get("tags", [])[:MOST_CATEGORIES]),
    )


def _text(value: object) -> str:
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""


def _link(entry: dict[str, Any], url: str) -> str:
    """Return where the entry can be read: its link, or an id that is an address, or ''."""
    for written in (entry.get("link"), entry.get("id")):
        address = absolute(url, written) if isinstance(written, str) and written.strip() else None
        if address is not None and address.startswith("http"):
            return address
    return ""


def _body(entry: dict[str, Any], link: str, url: str) -> str:
    """Return the entry's longest text, cleaned: full content rather than a summary. An explicit xml:base is obeyed."""
    texts = [*entry.get("content", []), entry.get("summary_detail") or {}]
    best = max(texts, key=lambda text: len(text.get("value") or ""))
    source = best.get("value") or ""
    declared = best.get("base") or url
    return clean(from_plain(source) if best.get("type") == "text/plain" else source, link if declared == url else declared, link)


def _stamp(entry: dict[str, Any], name: str) -> Stamp | None:
    """Return a date that feedparser could read, with its text."""
    import calendar

    parsed = entry.get(f"{name}_parsed")
    return Stamp(calendar.timegm(parsed), _text(entry.get(name))[:100]) if parsed else None


if __name__ == "__main__":
    main()
