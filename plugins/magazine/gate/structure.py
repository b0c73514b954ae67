"""Structure and accessibility of the HTML part: languages, headings, tables, images, links (WCAG 2.2; Email Markup Consortium's report)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from plugins.diagnostics import Diagnostic
from plugins.magazine.gate.diagnostic import Report

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLIND = re.compile(
    r"(こちら|ここ|詳細|詳しくは?|続き|続きを読む|もっと見る|クリック|リンク|here|click here|more|read more|link)[。.!！]*", re.IGNORECASE
)
SMALLEST, BODY = 14, 16
"""CSS pixels: the smallest text there may be, and the size of what people read."""


def structure(root: Any, report: Report) -> Iterator[Diagnostic]:
    """Yield what is wrong with the parsed HTML part."""
    yield from _languages(root, report)
    yield from _headings(root, report)
    yield from _tables(root, report)
    yield from _images(root, report)
    yield from _links(root, report)
    yield from _sizes(root, report)


def _languages(root: Any, report: Report) -> Iterator[Diagnostic]:
    outer = next((child for child in root.find("body") if isinstance(child.tag, str)), None)
    for name, element in (("html", root), ("body > *", outer)):
        if element is None or not element.get("lang") or element.get("dir") not in ("ltr", "rtl"):
            yield report(
                "",
                f"{name} に lang と dir がありません。メールの型（issue.html）に書いてください",
                f"{name} needs lang and dir: write them in issue.html",
                "M201",
            )
    if not (root.findtext(".//title") or "").strip():
        yield report("", "title がありません。メールの型に書いてください", "no title: write it in issue.html", "M202")


def _headings(root: Any, report: Report) -> Iterator[Diagnostic]:
    headings = list(root.iter(*_HEADINGS))
    if (count := sum(h.tag == "h1" for h in headings)) != 1:
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
        if not heading.text_content().strip():
            yield report("", "空の見出しがあります。ことばを書いてください", "an empty heading: write words", "M202")


def _tables(root: Any, report: Report) -> Iterator[Diagnostic]:
    for table in root.iter("table"):
        heads = list(table.iter("th"))
        if table.get("role") == "presentation" and heads and not table.findall(".//table"):
            yield report(
                "",
                "見出しのある表に role=presentation が付いています。外してください",
                "a table with headers has role=presentation: take it away",
                "M203",
            )
        if table.get("role") != "presentation" and not heads:
            yield report(
                "",
                '並べるための表に role="presentation" がありません。データの表なら一行目を見出しにしてください',
                "a table without headers needs role=presentation",
                "M203",
            )
        if any(not head.text_content().strip() and not _is_corner(head) for head in heads):
            yield report("|", "表の見出しに空のところがあります。ことばを書いてください", "an empty header cell: write words", "M203")


def _is_corner(head: Any) -> bool:
    """The cell above the row headings may be empty."""
    return head.getprevious() is None and head.getparent().getprevious() is None


def _images(root: Any, report: Report) -> Iterator[Diagnostic]:
    for image in root.iter("img"):
        name = image.get("src", "").rsplit("/", 1)[-1]
        if not (image.get("alt") or "").strip():
            yield report(
                name, f"画像「{name}」に説明がありません。![説明](場所) と書いてください", f"image {name!r} has no alt text", "M204"
            )
        if not all((image.get(side) or "").isdigit() for side in ("width", "height")):
            yield report(name, f"画像「{name}」の大きさが決まっていません", f"image {name!r} reserves no size", "M204")


def _links(root: Any, report: Report) -> Iterator[Diagnostic]:
    places: dict[str, str] = {}
    for link in root.iter("a"):
        words, href = _name(link), link.get("href", "")
        if not words or _BLIND.fullmatch(words):
            yield report(
                f"[{words}]",
                f"リンク「{words}」は、そこだけ読むと行き先が分かりません。行き先の名前を書いてください",
                f"link {words!r} says nothing by itself: name where it leads",
                "M205",
            )
        elif places.setdefault(words, href) != href:
            yield report(
                words,
                f"リンク「{words}」が二つの違う行き先にあります。ことばを変えてください",
                f"two links named {words!r} lead to different places",
                "M205",
            )


def _name(link: Any) -> str:
    alts = [image.get("alt", "") for image in link.iter("img")]
    return " ".join("".join([link.text_content(), *alts]).split())


def _sizes(root: Any, report: Report) -> Iterator[Diagnostic]:
    for element in root.find("body").iter():
        if not isinstance(element.tag, str) or _is_hidden(element):
            continue
        found = re.search(r"(?:^|;)\s*font-size:\s*(\d+)px", element.get("style", ""))
        if found and int(found[1]) < (BODY if element.tag in ("p", "li", "td", "th") and not element.get("class") else SMALLEST):
            yield report(
                "",
                f"<{element.tag}> の文字が{found[1]}pxです。本文は{BODY}px、ほかも{SMALLEST}px以上にしてください",
                f"<{element.tag}> has {found[1]}px text: {BODY}px or more",
                "M206",
            )


def _is_hidden(element: Any) -> bool:
    return any("display:none" in e.get("style", "").replace(" ", "") for e in (element, *element.iterancestors()))
