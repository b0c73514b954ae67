"""Pictures in an entry: which of them count, what they show, and the link in place of a picture that could not be had.

No picture is ever shown from the other site: the address of every reader would reach a third party.
"""

from __future__ import annotations

import re

from plugins.partners.model.text import fold, shorten
from plugins.partners.model.urls import absolute
from plugins.partners.sanitize.elements import Element

LABEL = "画像（元の記事で見る）"
LONGEST_LABEL = 200

_FULL_WIDTH = str.maketrans("{}|", "｛｝｜")
_FILE_NAME = re.compile(
    r"(?:f:id:\S+|[\w.@%+-]+\.(?:jpe?g|png|gif|webp|bmp|heic)|(?:img|dsc|dscn|pict?|image|photo)[_-]?\d+)", re.IGNORECASE
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


def mark_pictures(tree: Element, base: str, original: str) -> None:
    """Leave each picture with its absolute address and its description; remove trackers.

    A picture without an address that could be fetched becomes a link to the original entry with its description.
    """
    for picture in list(tree.iter("img")):
        address = absolute(base, picture.get("src", ""))
        if is_tracker(picture, base):
            picture.drop_tree()
        elif address is None or not address.startswith("http"):
            to_link(picture, original)
        else:
            alt = description(picture.get("alt", ""))
            picture.attrib.clear()
            picture.attrib.update({"src": address, "alt": alt})


def is_tracker(picture: Element, base: str) -> bool:
    """Tell whether a picture serves to count readers: it is at most one pixel high or wide, or comes from a known counter."""
    tiny = any(_pixels(picture.get(side, "")) <= 1 for side in ("width", "height"))
    address = absolute(base, picture.get("src", "")) or ""
    return tiny or bool(_TRACKERS.search(address))


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
