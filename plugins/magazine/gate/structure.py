"""Structure and accessibility of the HTML part: languages, headings, tables, images, links, sizes of text.

The rules are those of WCAG 2.2 that a machine can decide, and those of the Email Markup Consortium's accessibility report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from plugins.control_characters import is_blank
from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.diagnostic import Report
from plugins.magazine.gate.styles import declarations, is_hidden

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_VAGUE_LINK = re.compile(
    r"(こちら|ここ|詳細|詳しくは?|続き|続きを読む|もっと見る|クリック|リンク|here|click here|more|read more|link)[。.!！]*", re.IGNORECASE
)
SMALLEST, BODY = 14, 16
"""CSS pixels: the smallest text there may be, and the size of what people read."""


def check_structure(root: Any, report: Report) -> Iterator[Diagnostic]:
    """Yield what is wrong with the parsed HTML part."""
    yield from _check_languages(root, report)
    yield from _check_headings(root, report)
    yield from _check_tables(root, report)
    yield from _check_images(root, report)
    yield from _check_links(root, report)
    yield from _check_text_sizes(root, report)


def _check_languages(root: Any, report: Report) -> Iterator[Diagnostic]:
    """WCAG 2.2, 3.1.1. Webmail cuts ``<html>`` and ``<body>`` off, so the outermost element inside the body says it too."""
    outermost = next((child for child in root.find("body") if isinstance(child.tag, str)), None)
    for name, element in (("html", root), ("body > *", outermost)):
        if element is None or not element.get("lang") or element.get("dir") not in ("ltr", "rtl"):
            yield report(
                "",
                f"{name} に lang と dir がありません。メールの型（issue.html）に書いてください",
                f"{name} needs lang and dir: write them in issue.html",
                "M201",
            )
    if is_blank(root.findtext(".//title") or ""):
        yield report("", "title がありません。メールの型に書いてください", "no title: write it in issue.html", "M202")


def _check_headings(root: Any, report: Report) -> Iterator[Diagnostic]:
    """WCAG 2.2, 1.3.1 and 2.4.6."""
    headings = list(root.iter(*_HEADINGS))
    if (count := sum(heading.tag == "h1" for heading in headings)) != 1:
        yield report("", f"h1 が{count}個あります。一つにしてください", f"{count} h1: there must be one", "M202")
    for before, heading in pairwise(headings):
        if int(heading.tag[1]) > int(before.tag[1]) + 1:
            words = heading.text_content().strip()
            yield report(
                words,
                f"見出し「{words}」の段が飛んでいます。{before.tag} のあとは「{'#' * (int(before.tag[1]) + 1)}」にしてください",
                f"heading {words!r} skips a level after {before.tag}",
                "M202",
            )
    for heading in headings:
        if is_blank(heading.text_content()):
            yield report("", "空の見出しがあります。ことばを書いてください", "an empty heading: write words", "M202")


def _check_tables(root: Any, report: Report) -> Iterator[Diagnostic]:
    """WCAG 2.2, 1.3.1: a table of data has headers; one for layout has the role ``presentation`` and no headers of its own."""
    for table in root.iter("table"):
        headers = list(table.iter("th"))
        if table.get("role") == "presentation" and headers and not table.findall(".//table"):
            yield report(
                "",
                "見出しのある表に role=presentation が付いています。外してください",
                "a table with headers has role=presentation: take it away",
                "M203",
            )
        if table.get("role") != "presentation" and not headers:
            yield report(
                "",
                '並べるための表に role="presentation" がありません。データの表なら一行目を見出しにしてください',
                "a table without headers needs role=presentation",
                "M203",
            )
        if any(is_blank(header.text_content()) and not _is_first_cell(header) for header in headers):
            yield report("|", "表の見出しに空のところがあります。ことばを書いてください", "an empty header cell: write words", "M203")


def _is_first_cell(header: Any) -> bool:
    """The cell above the row headers may be empty."""
    return header.getprevious() is None and header.getparent().getprevious() is None


def _check_images(root: Any, report: Report) -> Iterator[Diagnostic]:
    """WCAG 2.2, 1.1.1. A mail program that loads no images keeps a box of the height that an image reserves: most of the screen would be empty."""
    for image in root.iter("img"):
        name = image.get("src", "").rsplit("/", 1)[-1]
        if is_blank(image.get("alt") or ""):
            yield report(
                name, f"画像「{name}」に説明がありません。![説明](場所) と書いてください", f"image {name!r} has no alt text", "M204"
            )
        if not (image.get("width") or "").isdigit():
            yield report(
                name,
                f"画像「{name}」の幅（width）が決まっていません。Outlookは幅をここから知ります",
                f"image {name!r} has no width, from which Outlook knows it",
                "M204",
            )
        if image.get("height") is not None:
            yield report(
                name,
                f"画像「{name}」に高さ（height）があります。画像を読み込まないと空の箱になるので、消してください",
                f"image {name!r} reserves a height: where images are off it is an empty box. Take it away",
                "M204",
            )


def _check_links(root: Any, report: Report) -> Iterator[Diagnostic]:
    """WCAG 2.2, 2.4.4 and 2.4.9: the words of a link are enough to know where it leads.

    A picture leads where the headline beside it leads, and two articles may show the same picture.
    """
    addresses: dict[str, str] = {}
    for link in root.iter("a"):
        words, href = _link_words(link), link.get("href", "")
        if is_blank(words) or _VAGUE_LINK.fullmatch(words):
            yield report(
                f"[{words}]",
                f"リンク「{words}」は、そこだけ読むと行き先が分かりません。行き先の名前を書いてください",
                f"link {words!r} says nothing by itself: name where it leads",
                "M205",
            )
        elif not is_blank(link.text_content()) and addresses.setdefault(words, href) != href:
            yield report(
                words,
                f"リンク「{words}」が二つの違う行き先にあります。ことばを変えてください",
                f"two links named {words!r} lead to different places",
                "M205",
            )


def _link_words(link: Any) -> str:
    alternatives = [image.get("alt", "") for image in link.iter("img")]
    return " ".join("".join([link.text_content(), *alternatives]).split())


def _check_text_sizes(root: Any, report: Report) -> Iterator[Diagnostic]:
    for element in root.find("body").iter():
        if not isinstance(element.tag, str) or is_hidden(element) or is_blank(element.text_content()):
            continue
        size = re.match(r"(\d+)(?:\.\d+)?px", declarations(element.get("style", "")).get("font-size", ""))
        least = BODY if element.tag in ("p", "li", "td", "th") and not element.get("class") else SMALLEST
        if size and int(size[1]) < least:
            yield report(
                "",
                f"<{element.tag}> の文字が{size[1]}pxです。本文は{BODY}px、ほかも{SMALLEST}px以上にしてください",
                f"<{element.tag}> has {size[1]}px text: {BODY}px or more",
                "M206",
            )
