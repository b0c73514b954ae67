"""Pictures of other sites: none is shown from there, since every reader's address would reach a third party."""

from __future__ import annotations

import re

from .links import absolute
from .text import fold, shorten
from .tree import Element

LABEL = "画像（元の記事で見る）"
LONGEST_LABEL = 200

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


def replace_pictures(tree: Element, base: str, original: str) -> None:
    """Replace each picture by a link to the original entry that says what it shows; drop invisible and counting ones."""
    for picture in list(tree.iter("img")):
        if is_tracker(picture, base):
            picture.drop_tree()
        else:
            _replace(picture, original)


def is_tracker(picture: Element, base: str) -> bool:
    """Tell whether a picture is there to count readers: at most one pixel high or wide, or of a known counter."""
    tiny = any(_pixels(picture.get(side, "")) <= 1 for side in ("width", "height"))
    address = absolute(base, picture.get("src", "")) or ""
    return tiny or bool(_COUNTERS.search(address))


def _pixels(size: str) -> float:
    """Read a width or height; what is no number of pixels is large."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:px)?\s*", size)
    return float(found.group(1)) if found else float("inf")


def _replace(picture: Element, original: str) -> None:
    """Turn the picture into a link, or into words where it already stands in a link."""
    label = label_of(picture.get("alt", ""))
    picture.attrib.clear()
    picture.text = label
    if next(picture.iterancestors("a"), None) is None:
        picture.tag = "a"
        picture.set("href", original)
    else:
        picture.tag = "em"
        picture.drop_tag()


def label_of(alt: str) -> str:
    """Return the link's words: the picture's description, unless it is missing or a file name."""
    words = shorten(fold(alt), LONGEST_LABEL)
    return LABEL if not words or _FILE_NAME.fullmatch(words) else words
