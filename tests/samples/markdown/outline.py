"""What a rendered text consists of, whoever rendered it: headings, lists, tables, cells, links, images, code, in their order and nesting."""

from __future__ import annotations

from typing import Any

import lxml.html
from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

_OTHER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).use(footnote_plugin)


def other_html(text: str) -> str:
    """Return what markdown-it makes of ``text``: CommonMark, with the tables and strikethrough of GFM, and footnotes."""
    return str(_OTHER.render(text))


def outline(html: str) -> list[Any]:
    """Return the blocks of ``html``. White space, emphasis, and whether an item's text is a paragraph do not count."""
    root: Any = lxml.html.fromstring(f"<html><body>{html}</body></html>", parser=lxml.html.HTMLParser(remove_comments=True)).find("body")
    for mark in root.xpath(
        ".//*[contains(@class, 'footnote-ref') or contains(@class, 'footnote-backref')] | .//hr[@class='footnotes-sep']"
    ):
        mark.drop_tree()
    for hr in root.xpath("(.//div[@class='footnote']|.//section[@class='footnotes'])/hr"):
        hr.drop_tree()
    links = [(_text(a), a.get("href")) for a in root.iter("a")]
    images = [(image.get("alt"), image.get("src")) for image in root.iter("img")]
    return [*_blocks(root), links, images]


def _text(element: Any) -> str:
    return "".join(sign for sign in element.text_content() if not sign.isspace() and sign not in "*_~")


def _blocks(element: Any) -> list[Any]:
    """Return the blocks inside ``element``; loose text is one of them."""
    blocks: list[Any] = []
    words = [element.text or ""]

    def end_words() -> None:
        text = "".join(sign for sign in "".join(words) if not sign.isspace() and sign not in "*_~")
        if text:
            blocks.append(("text", text))
        words.clear()

    for child in element:
        if child.tag in _KINDS:
            end_words()
            blocks.extend(_KINDS[child.tag](child))
        else:
            words.append(child.text_content())
        words.append(child.tail or "")
    end_words()
    return blocks


def _list(element: Any) -> list[Any]:
    return [(element.tag, element.get("start", "1"), [_blocks(item) for item in element.iterchildren("li")])]


def _table(element: Any) -> list[Any]:
    rows = [
        [(_text(cell), "td" if cell.get("scope") == "row" else cell.tag, _side(cell)) for cell in row.iterchildren("td", "th")]
        for row in element.iter("tr")
    ]
    return [("table", [row for row in rows if any(text for text, _, _ in row)])]


def _side(cell: Any) -> str:
    style = cell.get("style", "") or cell.get("class", "")
    return next((side for side in ("right", "center") if side in style), "")


def _code(element: Any) -> list[Any]:
    code = next(element.iter("code"), element)
    return [("code", code.get("class", ""), code.text_content().rstrip())]


_KINDS: dict[str, Any] = {
    **{f"h{level}": lambda each: [(each.tag, _text(each))] for level in range(1, 7)},
    "ul": _list,
    "ol": _list,
    "table": _table,
    "pre": _code,
    "blockquote": lambda each: [("quote", _blocks(each))],
    "hr": lambda _each: [("rule",)],
    "p": _blocks,
    "figure": _blocks,
    "div": _blocks,
    "details": _blocks,
    "section": _blocks,
    "summary": _blocks,
}
