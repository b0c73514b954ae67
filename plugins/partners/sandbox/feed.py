"""Bytes of a feed → ParsedFeed, and bytes of a page → the feeds that it names, in the sandbox.

Raises ParseError for what is no feed and for what goes past a limit.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass

from plugins.partners.model.errors import ParseError
from plugins.partners.model.parsed import ParsedFeed, from_json
from plugins.partners.sandbox.pool import Sandbox

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|meta|script|link\s+rel)\b", re.IGNORECASE)
_PROLOGUE = ((b"<?xml", b"?>"), (b"<!--", b"-->"))


@dataclass(frozen=True)
class Source:
    """Where bytes came from: the address they were read from, its Content-Type, and the blog's home page."""

    url: str
    content_type: str
    site: str


async def parse(body: bytes, source: Source, sandbox: Sandbox) -> ParsedFeed:
    """Parse ``body``."""
    if looks_like_html(body):
        raise ParseError(
            "フィードではなく HTML のページが返りました。アドレスを確かめてください / an HTML page, not a feed: check the address"
        )
    _, answer = await sandbox.run("feed", {**_options(source), "max_entries": sandbox.limits.max_entries}, body)
    feed = _from_answer(answer)
    if not feed.version:
        raise ParseError("フィードとして読めません / not a feed in a known format")
    if not feed.is_complete:
        raise ParseError("途中で切れています。次の取り込みを待ちます / the document is incomplete, waiting for the next time")
    return feed


async def feed_links(body: bytes, source: Source, sandbox: Sandbox) -> tuple[str, ...]:
    """Return the addresses of the feeds that a web page names."""
    _, answer = await sandbox.run("page", _options(source), body)
    return tuple(str(address) for address in json.loads(answer))


async def opml_feeds(body: bytes, sandbox: Sandbox) -> tuple[tuple[str, str], ...]:
    """Return address and title of the feeds in an OPML file. Raises ParseError."""
    _, answer = await sandbox.run("opml", {}, body)
    return tuple((str(address), str(title)) for address, title in json.loads(answer))


def looks_like_html(body: bytes) -> bool:
    """Tell whether ``body`` begins as a web page does. Many servers answer with an error page and status 200."""
    head = body[:4000]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", "replace").encode()
    head = head.removeprefix(codecs.BOM_UTF8).lstrip()
    while ending := next((end for start, end in _PROLOGUE if head.startswith(start)), None):
        head = head.partition(ending)[2].lstrip()
    return bool(_HTML.match(head))


def _options(source: Source) -> dict[str, object]:
    return {"url": source.url, "site": source.site, "content_type": source.content_type[:200]}


def _from_answer(answer: bytes) -> ParsedFeed:
    try:
        return from_json(json.loads(answer.decode("utf-8", "surrogatepass")))
    except (ValueError, KeyError, TypeError) as error:
        raise ParseError(f"読み取りの結果がこわれています / the reader's output is broken: {error}") from error
