"""Pictures in an entry: which there are, what they show, and what stands in the place of one that we could not copy.

None is ever shown from the other site, since every reader's address would reach a third party.
"""

from __future__ import annotations

import re

from plugins.partners.model.text import fold, shorten
from plugins.partners.model.urls import absolute
from plugins.partners.sanitize.elements import Element

LABEL = "画像（元の記事で見る）"
LONGEST_LABEL = 200

_WIDE = str.maketrans("{}|", "｛｝｜")
_FILE_NAME = re.compile(
    r"(?:f:id:\S+|[\w.@%+-]+\.(?:jpe?g|png|gif|webp|bmp|heic)|(?:img|dsc|dscn|pict?|image|photo)[_-]?\d+)", re.IGNORECASE
)
_COUNTERS = re.compile(
    r"""//(?:
        [^/]*\b(?:doubleclick|google-analytics|googlesyndication|scorecardresearch|quantserve|a8|valuecommerce|accesstrade)\.
      | pixel\. | stats\. | counter\d*\. | feeds\.(?:feedburner|wordpress)\.com/ | (?:b|bit\.ly/b)\.hatena\.ne\.jp/
      | [^/]*\bassoc-amazon\. | [^/]*\bafl\.rakuten\. | [^/]*\bblogmura\.com/ | [^/]*\bwith2\.net/ | www\.facebook\.com/tr\b
      | [^/]+/(?:tracker|tracking|counter|pixel|beacon)(?:/|\.|\?|$)
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def mark_pictures(tree: Element, base: str, original: str) -> None:
    """Leave each picture with its absolute address and its words; drop invisible and counting ones.

    One without an address that could be fetched becomes a link to the original entry that says what it shows.
    """
    for picture in list(tree.iter("img")):
        address = absolute(base, picture.get("src", ""))
        if is_tracker(picture, base):
            picture.drop_tree()
        elif address is None or not address.startswith("http"):
            to_link(picture, original)
        else:
            words = words_of(picture.get("alt", ""))
            picture.attrib.clear()
            picture.attrib.update({"src": address, "alt": words})


def is_tracker(picture: Element, base: str) -> bool:
    """Tell whether a picture is there to count readers: at most one pixel high or wide, or of a known counter."""
    tiny = any(_pixels(picture.get(side, "")) <= 1 for side in ("width", "height"))
    address = absolute(base, picture.get("src", "")) or ""
    return tiny or bool(_COUNTERS.search(address))


def _pixels(size: str) -> float:
    """Read a width or height; what is no number of pixels is large."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*", size)
    return float(found.group(1)) if found else float("inf")


def to_link(picture: Element, original: str) -> None:
    """Turn a picture into a link to the original entry, or into words where it already stands in a link."""
    label = words_of(picture.get("alt", "")) or LABEL
    picture.attrib.clear()
    picture.text = label
    if next(picture.iterancestors("a"), None) is None:
        picture.tag = "a"
        picture.set("href", original)
    else:
        picture.tag = "em"
        picture.drop_tag()


def words_of(alt: str) -> str:
    """Return a picture's description; '' when it has none but the name of a file."""
    words = shorten(fold(alt), LONGEST_LABEL)
    return "" if _FILE_NAME.fullmatch(words) else harmless(words)


def harmless(words: str) -> str:
    """Return words for an attribute: Pelican takes ``href='{attach}…'`` for a directive even inside another attribute's value."""
    return words.translate(_WIDE)
