"""Loose markup of blog editors → paragraphs, lists, tables and figures in their proper places. Pure.

``<div>`` and ``<br><br>`` become ``<p>``; layout tables are dissolved; what HTML5 forbids inside something moves out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Final

from plugins.partners.sanitize.elements import BLOCKS, DISSOLVED, HEADINGS, Element, Node, add, breaks_in, build, is_blank, is_text, refill
from plugins.partners.sanitize.mend import fold_blanks, normalize_table, separate, set_levels

END: Final = object()
"""Stands in a row of nodes where a paragraph ends."""


def normalize(tree: Element) -> list[Element]:
    """Return the blocks that ``tree`` (a div of known elements) amounts to."""
    fold_blanks(tree)
    separate(tree)
    found = blocks(tree)
    set_levels(found)
    return found


def blocks(container: Element) -> list[Element]:
    """Return the content of ``container`` as block elements; text between them becomes paragraphs."""
    out: list[Element] = []
    run: list[Node] = []
    for node in _nodes(container):
        block = node is not END and not is_text(node) and node.tag in BLOCKS
        if node is END or block:
            out += _paragraphs(run)
            run = []
        if block:
            out += _mended(node)
        elif node is not END:
            run.append(node)
    return out + _paragraphs(run)


def _nodes(container: Element) -> Iterator[Node]:
    """Yield texts and elements in reading order; dissolved elements yield their content between two ENDs."""
    yield container.text or ""
    for child in list(container):
        tail, child.tail = child.tail or "", None
        if child.tag in DISSOLVED:
            yield END
            yield from _nodes(child)
            yield END
        else:
            yield child
        yield tail


def _paragraphs(run: list[Node]) -> list[Element]:
    """Split inline nodes at two or more line breaks; leave out what cannot be read."""
    parts: list[list[Node]] = []
    waiting: list[Node] = []
    for node in run:
        if is_blank(node):
            waiting.append(node)
            continue
        breaks = sum(breaks_in(blank) for blank in waiting)
        if breaks > 1 or not parts:
            parts.append([])
        else:
            parts[-1] += [build("br", [])] if breaks else [blank for blank in waiting if is_text(blank)]
        parts[-1].append(node)
        waiting = []
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
    """Return ``block`` put right: usually itself, nothing when it is empty, its content when it only lays things out."""
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
    """Put everything into items; what stands between items belongs to the one before."""
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
    """Keep terms with their descriptions; a list that has not both is no such list and becomes paragraphs."""
    items = _contents(block)
    tags = ["" if is_text(item) else item.tag for item in items]
    if set(tags) != {"dt", "dd"} or tags[0] != "dt" or tags[-1] != "dd":
        return blocks(refill(block, items))
    return [refill(block, [item if item.tag == "dt" else _flow(item) for item in items])]


def _figure(block: Element) -> list[Element]:
    """Keep the last caption, at the end; without one the figure is only its content."""
    captions = [child for child in block if child.tag == "figcaption" and not is_blank(child)]
    if not captions:
        return blocks(block)
    last = deepcopy(captions[-1])
    captions[-1].clear(keep_tail=True)  # emptied, it still keeps apart what stood before and after it
    return [refill(block, [*blocks(block), _flow(last)])]


def _table(block: Element) -> list[Element]:
    """Keep tables of data. One column only lays things out (Blogger's captions), so it becomes paragraphs."""
    normalize_table(block)
    rows = list(block.iter("tr"))
    if all(len(row) < 2 for row in rows):
        return [found for cell in block.iter("caption", "td", "th") for found in blocks(cell)]
    for cell in list(block.iter("td")):
        _flow(cell)
    return [block]


def _contents(block: Element) -> list[Node]:
    """Return the readable children of a list, texts included."""
    nodes: list[Node] = [block.text or ""]
    for child in list(block):
        nodes += [child, child.tail or ""]
        child.tail = None
    return [node for node in nodes if not is_blank(node)]


def _flow(item: Element) -> Element:
    """Arrange an item's content; a single paragraph needs no p around it."""
    found = blocks(item)
    if len(found) == 1 and found[0].tag == "p":
        return refill(item, _contents_of(found[0]))
    return refill(item, found)


def _contents_of(paragraph: Element) -> list[Node]:
    """Return all nodes of a paragraph, blanks included."""
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
