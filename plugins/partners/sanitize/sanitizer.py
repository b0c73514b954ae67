"""An entry's HTML → the few elements that a page of ours may hold. Pure; runs in the child process.

Pictures stay where they were, with their address at the other site; ``images.naming`` points them to their files beside the entry.

nh3 parses as browsers do (WHATWG HTML, section 13.2) and makes a well-formed tree of anything. ``image_marks`` and ``normalizer`` change the
tree, and nh3 has the last word, so that no fault in between can let a script through.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

import lxml.html
import nh3

from plugins.partners.model.text import fold
from plugins.partners.model.urls import absolute
from plugins.partners.sanitize.elements import FIRST_PASS, KEPT, REMOVED_WITH_CONTENT, REPLACED, Element, is_blank, parse
from plugins.partners.sanitize.foreign import without_foreign
from plugins.partners.sanitize.image_marks import mark_pictures
from plugins.partners.sanitize.media import WIDGET_ADDRESSES, Attachment, add_attachments, add_cut_mark, replace_embeds
from plugins.partners.sanitize.normalizer import normalize

LONGEST = 250_000
"""Characters of one entry's HTML. The rest is cut."""

LARGEST = 800_000
"""Bytes of one sanitized body: the site takes no source file over a megabyte."""

DEEPEST = 60
"""Open elements inside one another. nh3 needs quadratic time in the depth, and libxml2 loses everything below 250."""

_MARKUP = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^>]*>")
_NO_DEPTH = frozenset("p li dt dd td th tr option br img hr input wbr area col embed source track meta link base".split())
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPAN = re.compile(r"[1-9]\d?")
_NUMBER = re.compile(r"-?\d{1,6}")
_ANY_MARKUP = re.compile(r"<[A-Za-z!/]")
_REPLACED_TAG = re.compile(rf"<(?:{'|'.join((*REPLACED, 'picture'))})[ >]|{'|'.join(WIDGET_ADDRESSES)}")
"""Most entries have none: to look through the tree for each of them would cost a tenth of the time of an entry."""

_PICTURE_TAG = re.compile("<(?:img|picture|source|track|param)[ >]")
_DATA_ADDRESS = re.compile(r"data:[\w.+-]{1,40}/[\w.+-]{1,40}[^\s\"'<>]*", re.IGNORECASE)
"""A picture in the text itself: hundreds of kilobytes, after which the entry would be cut. It becomes a link to the original."""

_LANG = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,3}")


def sanitize(source: str, base: str, original: str, attachments: Sequence[Attachment] = ()) -> str:
    """Return ``source`` as body content of HTML: absolute links, headings from h2, paragraphs, no scripts.

    ``base``: what relative links are resolved against. ``original``: where the entry can be read with its pictures. ``attachments``: files that the feed
    names beside the entry. A body that was cut ends with a link that says so.
    """
    source = _DATA_ADDRESS.sub("data:,", source) if "data:" in source or "DATA:" in source else source
    length = min(len(source), LONGEST)
    while True:
        body = _body(source[:length], base, original, attachments, is_cut=length < len(source))
        if len(body.encode()) <= LARGEST:
            return body
        length //= 2


def _body(source: str, base: str, original: str, attachments: Sequence[Attachment], *, is_cut: bool) -> str:
    """Return the whole of ``source``, sanitized, however long the result is."""
    well_formed = _FIRST_CLEANER.clean(_UNPRINTABLE.sub("", _shallow(without_foreign(source))))
    tree = parse(well_formed)
    if _REPLACED_TAG.search(well_formed):
        replace_embeds(tree, base, original)
    add_attachments(tree, attachments, base)
    if is_cut:
        add_cut_mark(tree, original)
    if attachments or _PICTURE_TAG.search(well_formed):
        mark_pictures(tree, base, original)
    _mend_links(tree, base)
    blocks = (lxml.html.tostring(block, encoding="unicode") for block in normalize(tree))
    return final_pass("\n\n".join(block.strip() for block in blocks))


def html_from_words(source: str) -> str:
    """Return the HTML of a feed; if it holds no markup at all, its line breaks are the writer's and stay.

    Not if every line but the first is indented: then the feed's own layout broke the lines.
    """
    text = source.strip("\r\n")
    if "\n" not in text or _ANY_MARKUP.search(text):
        return source
    lines = text.splitlines()
    if all(line[:1] in (" ", "\t", "") for line in lines[1:]):
        return source
    return "<br>".join(line.strip() for line in lines)


def html_from_text(source: str) -> str:
    """Return plain text as HTML. An empty line ends a paragraph; a line break stays."""
    return html.escape(source).replace("\r\n", "\n").replace("\n", "<br>")


def _shallow(source: str) -> str:
    """Return ``source``, or only its text if it is nested deeper than DEEPEST."""
    return source if max(_depths(source), default=0) <= DEEPEST else html.escape(html.unescape(_MARKUP.sub(" ", source)))


def _depths(source: str) -> Iterator[int]:
    """Yield, tag by tag, an estimate of the number of open elements."""
    depth = 0
    for tag in _MARKUP.finditer(source):
        if tag.group(2).lower() not in _NO_DEPTH:
            depth = max(0, depth - 1) if tag.group(1) else depth + 1
        yield depth


def _mend_links(tree: Element, base: str) -> None:
    """Make links absolute. Unwrap links to addresses that are not allowed; remove links that show nothing and have no name."""
    for link in list(tree.iter("a")):
        href = absolute(base, link.get("href", ""))
        name = fold(link.get("aria-label") or link.get("title") or "") if is_blank(link) else ""
        if name and href:
            link.text = name
            link.set("href", href)
        elif is_blank(link):
            link.drop_tree()
        elif href is None or "href" not in link.attrib:
            link.drop_tag()
        else:
            link.set("href", href)


def final_pass(source: str) -> str:
    """Sanitize a finished body. Ends with a line feed unless empty."""
    body = _UNPRINTABLE.sub("", _LAST_CLEANER.clean(source)).strip("\n")
    return f"{body}\n" if body else ""


def _attribute(_tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value if it is well-formed, else None: nh3 then removes the attribute."""
    if name in ("colspan", "rowspan"):
        return value if _SPAN.fullmatch(value) else None
    if name in ("start", "value"):
        return value if _NUMBER.fullmatch(value) else None
    if name == "reversed":
        return ""
    if name == "scope":
        return value if value in ("row", "col", "rowgroup", "colgroup") else None
    if name == "lang":
        return value if _LANG.fullmatch(value) else None
    return value


_FIRST_CLEANER = nh3.Cleaner(
    tags=set(FIRST_PASS),
    clean_content_tags=set(REMOVED_WITH_CONTENT),
    attributes={
        "a": {"href", "title", "aria-label"},
        "img": {"src", "srcset", "alt", "width", "height", "longdesc"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan", "scope"},
        "ol": {"start", "reversed"},
        "li": {"value"},
        "iframe": {"src", "title"},
        "embed": {"src", "title"},
        "object": {"data", "title"},
        "param": {"name", "value"},
        "applet": {"title"},
        "canvas": {"title"},
        "input": {"type", "checked"},
        "track": {"src", "label"},
        "video": {"src", "title", "poster"},
        "audio": {"src", "title"},
        "source": {"src", "srcset"},
        "*": {"lang"},
    },
    generic_attribute_prefixes={"data-"},
    link_rel=None,
    url_schemes={"http", "https", "mailto", "tel", "data"},
)
"""Leaves a well-formed tree of known elements, and the addresses of lazy pictures."""

_LAST_CLEANER = nh3.Cleaner(
    tags=set(KEPT),
    clean_content_tags=set(REMOVED_WITH_CONTENT),
    attributes={
        "a": {"href"},
        "img": {"src", "alt"},
        "td": {"colspan", "rowspan"},
        "th": {"colspan", "rowspan", "scope"},
        "ol": {"start", "reversed"},
        "li": {"value"},
        "*": {"lang"},
    },
    attribute_filter=_attribute,
    link_rel="nofollow noopener",
    url_schemes={"http", "https", "mailto", "tel"},
)
"""Leaves what a page of ours may hold. Both are made once: nh3 takes a third of the time for its lists otherwise."""
