"""Prose as text that a screen reader reads well: numbered headings, no drawn characters, addresses on lines of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from plugins.frontmatter.parse.markdown import parse_html, plain_text
from plugins.typography.phrases import wrap

WIDTH = 70
"""Columns; a Japanese character takes two. RFC 5322, 2.1.1, asks for at most 78."""

Fold = Callable[[str], str]

# Rules, boxes, shapes, stars and dingbats; lines drawn with ordinary signs.
DRAWN = re.compile(r"[\u2500-\u27bf\u2b12-\u2b5f※〓]+|(?<![\w/])[-=*_~＝＊＿～]{3,}(?![\w/])")
_DRAWN = re.compile(rf"[ \u3000]*(?:{DRAWN.pattern})[ \u3000]*")
_SHAPE_WORDS = {"○": "まる", "◯": "まる", "◎": "二重まる", "●": "まる", "△": "三角", "▲": "三角"}


def paragraph(text: str) -> str:
    """Return ``text`` wrapped at phrases."""
    return "\n".join(wrap(without_drawn_lines(text), WIDTH))


def prose_text(html: str, base: str, headings: Iterator[str], fold: Fold = paragraph) -> str:
    """Return the text of prose. ``headings`` yields the number of each heading inside; ``base`` makes addresses whole."""
    writer, root = _TextWriter(base, headings, fold), parse_html(html).root
    _speak_marks(root)
    blocks = [block for element in root for block in writer.blocks(element)]
    return "\n\n".join(block for block in blocks if block)


def _speak_marks(root: Any) -> None:
    """Put words in the place of what only the look of the page says: text that is struck out, items that are done."""
    for mark in [*root.iter("del", "s")]:
        mark.text = f"（取り消し：{mark.text or ''}"
        last = mark[-1] if len(mark) else None
        if last is None:
            mark.text += "）"
        else:
            last.tail = f"{last.tail or ''}）"
        mark.tag = "span"
    for sign in root.xpath(".//span[@class='task']"):
        sign.text = "済み：" if sign.text == "☑" else ""


@dataclass(frozen=True)
class _TextWriter:
    base: str
    headings: Iterator[str]
    fold: Fold

    def blocks(self, element: Any) -> list[str]:
        """Return the paragraphs that one element becomes."""
        match element.tag:
            case "h3" | "h4" | "h5" | "h6":
                return [self.fold(f"{next(self.headings)}{plain_text(element)}")]
            case "ul" | "ol":
                return [_join_items(self._items(element, "")), *self._links(element)]
            case "table":
                return [*self._rows(element), *self._links(element)]
            case "figure":
                return [self._figure(element)]
            case "pre":
                return [element.text_content().rstrip("\n")]
            case "div" | "blockquote" | "section" | "dl" | "details":
                return [block for child in element for block in self.blocks(child)]
            case "hr":
                return []
            case _:
                return [self.fold(plain_text(element)), *self._links(element)]

    def _items(self, element: Any, outer: str) -> list[str]:
        """Return each item on its own lines; ``outer`` is the number of the item around an inner list."""
        lines: list[str] = []
        for count, item in enumerate(element.iterchildren("li"), 1):
            label = f"{outer}{count}." if element.tag == "ol" else ""
            lines += [self.fold(f"{label} {plain_text(_without_lists(item))}".strip())]
            lines += [line for inner in item.iterchildren("ul", "ol") for line in self._items(inner, label)]
        return lines

    def _rows(self, table: Any) -> list[str]:
        """Return each row as a paragraph, each cell after the name of its column: nobody hears columns, and a line end is a pause."""
        headers = [plain_text(cell) for cell in table.xpath(".//thead//th")]
        rows = [[plain_text(cell) for cell in row] for row in table.xpath(".//tr[not(ancestor::thead)]")]
        captions = [self.fold(plain_text(caption)) for caption in table.iter("caption")]
        return captions + ["\n".join(self.fold(_cell(*pair)) for pair in zip_longest(headers, row, fillvalue="")) for row in rows]

    def _figure(self, figure: Any) -> str:
        images = [f"画像：{image.get('alt')}" for image in figure.iter("img")]
        sentences = images + [plain_text(caption) for caption in figure.iter("figcaption")]
        return self.fold("".join(f"{sentence.removesuffix('。')}。" for sentence in sentences))

    def _links(self, element: Any) -> list[str]:
        # A telephone number stands in the text already, and a program for mail makes a link of it by itself.
        links = [link for link in element.iter("a") if not link.get("href", "#").startswith(("#", "tel:"))]
        named = [link for link in links if plain_text(link) not in _own_names(link.get("href"))]  # an address in the text names itself
        return [see_also(plain_text(link), absolute(link.get("href"), self.base), self.fold) for link in named]


def _own_names(href: str) -> tuple[str, ...]:
    return href, href.removeprefix("mailto:"), href.removeprefix("http://")


def _join_items(items: list[str]) -> str:
    """Put each item on lines of its own, with an empty line between them if one has several lines: else nobody sees where it ends."""
    return ("\n\n" if any("\n" in item for item in items) else "\n").join(items)


def _without_lists(item: Any) -> Any:
    """Return a copy of a list's item without the lists inside it."""
    copy = deepcopy(item)
    for inner in copy.xpath(".//ul | .//ol"):
        inner.drop_tree()
    return copy


def _cell(header: str, cell: str) -> str:
    return f"{header}：{cell}" if header else cell


def see_also(name: str, url: str, fold: Fold = paragraph) -> str:
    """Return the lines that lead to ``url``."""
    return f"{fold(f'「{name}」について詳しくは')}\n{url}"


def without_drawn_lines(text: str) -> str:
    """Return ``text`` without rules, boxes, shapes and stars, which a screen reader would read one by one.

    A shape that is the whole text, as in the cell of a table, has a meaning: it becomes a word.
    """
    if text.strip() in _SHAPE_WORDS:
        return _SHAPE_WORDS[text.strip()]
    return _DRAWN.sub(" ", text).strip()


def absolute(url: str, base: str) -> str:
    """Return ``url`` with the site's address in front, if it is one of the site's own."""
    return f"{base}{url}" if url.startswith("/") else url
