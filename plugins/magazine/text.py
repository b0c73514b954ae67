"""The text part of a mail, written to be read aloud: numbered headings, no drawn characters, addresses on lines of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from plugins.frontmatter.body import parse_html, plain
from plugins.typography.phrases import wrap

WIDTH = 70
"""Columns; a Japanese character takes two. RFC 5322 asks for less than 78."""


def paragraph(text: str) -> str:
    """Return ``text`` wrapped at phrases."""
    return "\n".join(wrap(text, WIDTH))


def prose_text(html: str, base: str, headings: Iterator[str]) -> str:
    """Return the text of prose. ``headings`` yields the number of each heading inside; ``base`` makes addresses whole."""
    blocks: list[str] = []
    for element in parse_html(html).root:
        blocks += _blocks(element, base, headings)
    return "\n\n".join(block for block in blocks if block)


def _blocks(element: Any, base: str, headings: Iterator[str]) -> list[str]:
    match element.tag:
        case "h3" | "h4" | "h5" | "h6":
            return [paragraph(f"{next(headings)} {plain(element)}")]
        case "ul":
            return [_items(element, [""] * len(element)), *_links(element, base)]
        case "ol":
            return [_items(element, [f"{number}. " for number in range(1, len(element) + 1)]), *_links(element, base)]
        case "table":
            return [_rows(element), *_links(element, base)]
        case "figure":
            return [_figure(element)]
        case "div" | "blockquote" | "section" | "dl":
            return [block for child in element for block in _blocks(child, base, headings)]
        case _:
            return [paragraph(plain(element)), *_links(element, base)]


def _items(element: Any, marks: list[str]) -> str:
    return "\n".join(paragraph(f"{mark}{plain(item)}") for mark, item in zip(marks, element, strict=True))


def _rows(table: Any) -> str:
    """Each row as a sentence: a screen reader cannot see columns."""
    heads = [plain(cell) for cell in table.xpath(".//thead//th")]
    rows = [[plain(cell) for cell in row] for row in table.xpath(".//tbody/tr")]
    return "\n".join(paragraph("、".join(_cell(head, cell) for head, cell in zip(heads, row, strict=False)) + "。") for row in rows)


def _cell(head: str, cell: str) -> str:
    return f"{head}：{cell}" if head else cell


def _figure(figure: Any) -> str:
    images = [f"画像：{image.get('alt')}" for image in figure.iter("img")]
    captions = [plain(caption) for caption in figure.iter("figcaption")]
    return paragraph("。".join(images + captions))


def _links(element: Any, base: str) -> list[str]:
    return [see_also(plain(a), absolute(a.get("href"), base)) for a in element.iter("a") if not a.get("href", "#").startswith("#")]


def see_also(name: str, url: str) -> str:
    """Return the lines that lead to ``url``."""
    return f"{paragraph(f'「{name}」について詳しくは')}\n{url}"


def absolute(url: str, base: str) -> str:
    """Return ``url`` with the site's address in front, if it is one of the site's own."""
    return f"{base}{url}" if url.startswith("/") else url
