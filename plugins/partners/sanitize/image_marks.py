"""Pictures in an entry: which of them count, what they show, and the link in place of a picture that could not be had.

No picture is ever shown from the other site: the address of every reader would reach a third party.
"""

from __future__ import annotations

import re

import lxml.html

from plugins.partners.model.text import fold, shorten
from plugins.partners.model.urls import absolute
from plugins.partners.sanitize.elements import Element, is_blank

LABEL = "画像（元の記事で見る）"
LONG_DESCRIPTION_LABEL = "画像のくわしい説明"
LONGEST_LABEL = 200

_FULL_WIDTH = str.maketrans("{}|", "｛｝｜")
_FILE_NAME = re.compile(
    r"(?:f:id:\S+|[\w.@%+-]+\.(?:jpe?g|png|gif|webp|avif|bmp|heic)|(?:img|dsc|dscn|pict?|image|photo)[_-]?\d+)", re.IGNORECASE
)
_TRACKERS = re.compile(
    r"""//(?:
        [^/]*\b(?:doubleclick|google-analytics|googlesyndication|scorecardresearch|quantserve|a8|valuecommerce|accesstrade)\.
      | pixel\. | stats\. | counter\d*\. | feeds\.(?:feedburner|wordpress)\.com/ | (?:b|bit\.ly/b)\.hatena\.ne\.jp/
      | [^/]*\bassoc-amazon\. | [^/]*\bafl\.rakuten\. | [^/]*\bblogmura\.com/ | [^/]*\bwith2\.net/ | www\.facebook\.com/tr\b
      | [^/]+/(?:tracker|tracking|counter|pixel|beacon)(?:/|\.|\?|$)
    )""",
    re.IGNORECASE | re.VERBOSE,
)


LAZY_ATTRIBUTES = tuple(
    "data-src data-lazy-src data-original data-lazy data-echo data-url data-img-src data-image data-hi-res-src data-large-file data-orig-file".split()
)
"""Where scripts that load pictures late keep the address (lazysizes, WordPress, jQuery.lazyload, Echo); ``src`` has a placeholder then."""

SOURCE_SETS = ("data-srcset", "data-lazy-srcset", "srcset")

LARGEST_WANTED = 2000
"""Pixels: a wider candidate of a source set costs bytes and is made smaller anyway."""

_PLACEHOLDER = re.compile(
    r"(?:^data:|(?:^|[/_-])(?:blank|spacer|transparent|placeholder|dummy|loading|lazy|pixel|1x1|grey|gray)(?:[_-]?\w{0,12})?\.(?:gif|png|svg|webp)$)",
    re.IGNORECASE,
)


def mark_pictures(tree: Element, base: str, original: str) -> None:
    """Leave each picture with its absolute address and its description; remove trackers.

    A picture without an address that could be fetched becomes a link to the original entry with its description.
    """
    for picture in list(tree.iter("img")):
        address = lazy_address(picture, base)
        _link_to_description(picture, base)
        if is_tracker(picture, address):
            _drop_tracker(picture)
        elif not address:
            to_link(picture, original)
        else:
            alt = description(picture.get("alt", ""))
            picture.attrib.clear()
            picture.attrib.update({"src": address, "alt": alt})
    for source in list(tree.iter("source", "track", "param")):
        source.drop_tag()  # libxml2 does not know that these are empty: what follows stands inside them


def _link_to_description(picture: Element, base: str) -> None:
    """Put a link to a long description (HTML 4.01, section 13.8) behind a picture."""
    address = absolute(base, picture.get("longdesc")) if picture.get("longdesc") else None
    if address and address.startswith("http") and next(picture.iterancestors("a"), None) is None:
        link = lxml.html.Element("a", href=address)
        link.text, link.tail, picture.tail = LONG_DESCRIPTION_LABEL, picture.tail, None
        picture.addnext(link)


def _drop_tracker(picture: Element) -> None:
    """Remove a tracker, and the link of advertising that holds nothing else."""
    link = picture.getparent()
    picture.drop_tree()
    if link is not None and link.tag == "a" and is_blank(link):
        link.drop_tree()


def lazy_address(picture: Element, base: str) -> str:
    """Return the address of a picture, absolute: where a script would find it, else its own, else of a source set; '' if there is none."""
    lazy = [picture.get(name, "") for name in LAZY_ATTRIBUTES]
    own = picture.get("src", "").strip()
    sources = _source_sets(picture)
    values = [*lazy, *([] if _PLACEHOLDER.search(own.partition("?")[0]) else [own]), *sources, own]
    addresses = (absolute(base, value) for value in values if value and not value.startswith("data:"))
    return next((address for address in addresses if address and address.startswith("http")), "")


def _source_sets(picture: Element) -> list[str]:
    """Return the best address of each source set: of the picture, then of the sources around it (``picture``)."""
    around = next(picture.iterancestors("picture"), None)
    elements = [picture, *(around.iter("source") if around is not None else ())]
    written = [element.get(name, "") for element in elements for name in SOURCE_SETS]
    return [best for text in written if (best := _best_candidate(text))]


def _best_candidate(source_set: str) -> str:
    """Return the largest candidate that is not wider than LARGEST_WANTED (WHATWG HTML, section 4.8.4.2.1: a comma ends one only after a descriptor)."""
    candidates = [
        (match.group(1), float(match.group(2) or 1))
        for match in re.finditer(r"\s*([^\s,]\S*[^\s,]|[^\s,])(?:\s+([\d.]{1,9})[wx])?\s*(?:,|$)", source_set)
    ]
    wanted = [candidate for candidate in candidates if candidate[1] <= LARGEST_WANTED] or candidates
    return max(wanted, key=lambda candidate: candidate[1], default=("", 0.0))[0]


def is_tracker(picture: Element, address: str) -> bool:
    """Tell whether a picture serves to count readers: it is at most one pixel high or wide, or comes from a known counter.

    The size says nothing of a picture that a script would replace: then it is the placeholder's.
    """
    is_lazy = any(picture.get(name) for name in (*LAZY_ATTRIBUTES, *SOURCE_SETS))
    tiny = not is_lazy and any(_pixels(picture.get(side, "")) <= 1 for side in ("width", "height"))
    return tiny or is_tracking_address(address)


def is_tracking_address(address: str) -> bool:
    """Tell whether an address is of a known counter or of advertising."""
    return bool(_TRACKERS.search(address))


def _pixels(size: str) -> float:
    """Read a width or height. Anything but a number of pixels counts as large."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*", size)
    return float(match.group(1)) if match else float("inf")


def to_link(picture: Element, original: str) -> None:
    """Turn a picture into a link to the original entry, or into text if it stands in a link already."""
    label = description(picture.get("alt", "")) or LABEL
    picture.attrib.clear()
    picture.text = label
    if next(picture.iterancestors("a"), None) is None:
        picture.tag = "a"
        picture.set("href", original)
    else:
        picture.tag = "em"
        picture.drop_tag()


def description(alt: str) -> str:
    """Return a picture's description; '' if ``alt`` is only the name of a file."""
    text = shorten(fold(alt), LONGEST_LABEL)
    return "" if _FILE_NAME.fullmatch(text) else escape_directives(text)


def escape_directives(text: str) -> str:
    """Return ``text`` for an attribute. Pelican takes ``href='{attach}…'`` for a directive even inside another attribute's value."""
    return text.translate(_FULL_WIDTH)
