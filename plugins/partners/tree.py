"""Small questions to ask an lxml tree, and one way to build an element."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import lxml.html

Element: TypeAlias = Any
"""lxml.html.HtmlElement; lxml ships no types of its own."""

Node: TypeAlias = Any
"""An Element, or the text between two of them."""


def is_text(node: Node) -> bool:
    """Tell text from elements."""
    return isinstance(node, str)


def is_blank(node: Node) -> bool:
    """Tell whether nothing of ``node`` can be read or seen; blanks of every width are nothing, a picture is something."""
    if is_text(node):
        return not node.strip()
    return not node.text_content().strip() and next(node.iter("img"), None) is None


def breaks_in(node: Node) -> int:
    """Count the line breaks that ``node`` is or holds."""
    return 0 if is_text(node) else len(list(node.iter("br")))


def build(tag: str, nodes: Iterable[Node]) -> Element:
    """Return a new element ``tag`` with ``nodes`` as its content; elements lose the text that followed them."""
    made: Element = lxml.html.Element(tag)
    for node in nodes:
        add(made, node)
    return made


def add(parent: Element, node: Node) -> None:
    """Append text or an element to ``parent``."""
    if not is_text(node):
        node.tail = None
        parent.append(node)
    elif len(parent):
        parent[-1].tail = (parent[-1].tail or "") + node
    else:
        parent.text = (parent.text or "") + node


def refill(parent: Element, nodes: Iterable[Node]) -> Element:
    """Replace the content of ``parent``, keeping its attributes, and return it."""
    kept = dict(parent.attrib)
    content = list(nodes)
    tag = parent.tag
    parent.clear()
    parent.tag = tag
    parent.attrib.update(kept)
    for node in content:
        add(parent, node)
    return parent
