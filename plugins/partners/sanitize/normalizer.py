"""Loose markup of blog editors → paragraphs, lists, tables and figures. Pure.

``<div>`` and ``<br><br>`` become ``<p>``; layout tables are dissolved; a block moves out of an element in which HTML forbids it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Final

from plugins.partners.sanitize.elements import BLOCKS, DISSOLVED, HEADINGS, Element, Node, add, breaks_in, build, is_blank, is_text, refill
from plugins.partners.sanitize.mend import fold_blanks, normalize_table, separate, set_levels

PARAGRAPH_END: Final = object()
"""A mark in a list of nodes."""


def normalize(tree: Element) -> list[Element]:
    """Return the blocks of ``tree``, a div of known elements."""
    fold_blanks(tree)
    separate(tree)
    normalized = blocks(tree)
    set_levels(normalized)
    return normalized


def blocks(container: Element) -> list[Element]:
    """Return the content of ``container`` as block elements; text between them becomes paragraphs."""
    result: list[Element] = []
    run: list[Node] = []
    for node in _nodes(container):
        block = node is not PARAGRAPH_END and not is_text(node) and node.tag in BLOCKS
        if node is PARAGRAPH_END or block:
            result += _paragraphs(run)
            run = []
        if block:
            result += _mended(node)
        elif node is not PARAGRAPH_END:
            run.append(node)
    return result + _paragraphs(run)


def _nodes(container: Element) -> Iterator[Node]:
    """Yield texts and elements in reading order; dissolved elements yield their content between two PARAGRAPH_ENDs."""
    yield container.text or ""
    for child in list(container):
        tail, child.tail = child.tail or "", None
        if child.tag in DISSOLVED:
            yield PARAGRAPH_END
            yield from _nodes(child)
            yield PARAGRAPH_END
        else:
            yield child
        yield tail


def _paragraphs(run: list[Node]) -> list[Element]:
    """Split inline nodes at two or more line breaks, and leave out blank nodes at both ends."""
    parts: list[list[Node]] = []
    blanks: list[Node] = []
    for node in run:
        if is_blank(node):
            blanks.append(node)
            continue
        breaks = sum(breaks_in(blank) for blank in blanks)
        if breaks > 1 or not parts:
            parts.append([])
        else:
            parts[-1] += [build("br", [])] if breaks else [blank for blank in blanks if is_text(blank)]
        parts[-1].append(node)
        blanks = []
    return [_trimmed(build("p", part)) for part in parts]


def _trimmed(paragraph: Element) -> Element:
    """Remove blanks at both ends and after line breaks; a break also ends the line in the file, for readable diffs."""
    paragraph.text = (paragraph.text or "").lstrip(" ")
    if len(paragraph):
        paragraph[-1].tail = (paragraph[-1].tail or "").rstrip(" ")
    else:
        paragraph.text = paragraph.text.rstrip(" ")
    for line_break in paragraph.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "").lstrip(" ")
    return paragraph


def _mended(block: Element) -> list[Element]:
    """Return ``block``, mended: usually itself, nothing if it is empty, its content if it serves for layout only."""
    if block.tag == "hr":
        return [block]
    if is_blank(block):
        return []
    if block.tag in HEADINGS:
        return [_trimmed(block)]
    if block.tag == "pre":
        return [block]
    return _MENDERS[block.tag](block)


def _quote(block: Element) -> list[Element]:
    return [refill(block, blocks(block))]


def _list(block: Element) -> list[Element]:
    """Put everything into items. A node between two items belongs to the one before."""
    items: list[Element] = []
    for node in _contents(block):
        if not is_text(node) and node.tag == "li":
            items.append(node)
        elif items:
            add(items[-1], node)
        else:
            items.append(build("li", [node]))
    return [refill(block, [_flow(item) for item in items])]


def _definitions(block: Element) -> list[Element]:
    """Keep terms with their descriptions. A list without both becomes paragraphs."""
    items = _contents(block)
    tags = ["" if is_text(item) else item.tag for item in items]
    if set(tags) != {"dt", "dd"} or tags[0] != "dt" or tags[-1] != "dd":
        return blocks(refill(block, items))
    return [refill(block, [item if item.tag == "dt" else _flow(item) for item in items])]


def _figure(block: Element) -> list[Element]:
    """Keep the last caption, at the end. A figure without a caption is replaced by its content."""
    captions = [child for child in block if child.tag == "figcaption" and not is_blank(child)]
    if not captions:
        return blocks(block)
    last = deepcopy(captions[-1])
    captions[-1].clear(keep_tail=True)  # the empty element still separates the nodes before it from those after it
    return [refill(block, [*blocks(block), _flow(last)])]


def _table(block: Element) -> list[Element]:
    """Keep tables of data. A table of one column serves for layout (Blogger's captions) and becomes paragraphs."""
    normalize_table(block)
    rows = list(block.iter("tr"))
    if all(len(row) < 2 for row in rows):
        return [paragraph for cell in block.iter("caption", "td", "th") for paragraph in blocks(cell)]
    for cell in list(block.iter("td")):
        _flow(cell)
    return [block]


def _contents(block: Element) -> list[Node]:
    """Return the children of a list that are not blank, texts included."""
    nodes: list[Node] = [block.text or ""]
    for child in list(block):
        nodes += [child, child.tail or ""]
        child.tail = None
    return [node for node in nodes if not is_blank(node)]


def _flow(item: Element) -> Element:
    """Normalize an item's content. A single paragraph needs no p around it."""
    content = blocks(item)
    if len(content) == 1 and content[0].tag == "p":
        return refill(item, _all_nodes(content[0]))
    return refill(item, content)


def _all_nodes(paragraph: Element) -> list[Node]:
    """Return all nodes of a paragraph, blank ones included."""
    nodes: list[Node] = [paragraph.text or ""]
    for child in list(paragraph):
        nodes += [child, child.tail or ""]
    return nodes


_MENDERS: dict[str, Callable[[Element], list[Element]]] = {
    "blockquote": _quote,
    "ul": _list,
    "ol": _list,
    "dl": _definitions,
    "figure": _figure,
    "table": _table,
}
