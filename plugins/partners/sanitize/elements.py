"""The elements that are kept, and small functions on an lxml tree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import lxml.html
from lxml import etree

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LISTS = frozenset({"ul", "ol", "dl"})
ROW_GROUPS = frozenset({"thead", "tbody", "tfoot"})
CELLS = frozenset({"td", "th"})
TABLE = frozenset({"table", "caption", "tr"}) | ROW_GROUPS | CELLS

BLOCKS = frozenset({*HEADINGS, *LISTS, "table", "figure", "pre", "hr", "blockquote"})
"""Elements that stand beside paragraphs."""

DISSOLVED = frozenset(
    "p div section article aside header footer main nav center address details summary form fieldset legend picture"
    " li dt dd figcaption caption".split()
)
"""Elements that end a paragraph and leave nothing else. Items and captions are here for those outside their list or figure."""

INLINE = frozenset("a strong em b i s del ins mark sub sup small code kbd var q cite abbr dfn ruby rt rp br".split())

PHRASING_ONLY = frozenset({*HEADINGS, "pre", "dt", "th", "caption"})
"""Elements in which no block may stand (WHATWG HTML, section 4, content models)."""

REPLACED = frozenset("iframe embed object applet canvas param video audio source track input select textarea button strike".split())
"""Elements that no page of ours holds and that ``media`` replaces, so that they leave a trace."""

FIRST_PASS = BLOCKS | DISSOLVED | INLINE | TABLE | REPLACED | {"img"}
KEPT = BLOCKS | INLINE | TABLE | {"p", "li", "dt", "dd", "figcaption", "img"}

REMOVED_WITH_CONTENT = frozenset("script style svg math template noembed noframes title".split())

Element: TypeAlias = Any
"""lxml.html.HtmlElement; lxml ships no types of its own."""

Node: TypeAlias = Any
"""An Element, or the text between two of them."""


_PARSER = etree.HTMLParser()
_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement, comment=lxml.html.HtmlComment))
"""Makes every element of one class: lxml.html asks a function of Python for the class each time that an element is touched, a tenth of the time of an
entry, and nothing here needs the classes of forms and fields."""


def parse(well_formed: str) -> Element:
    """Return one ``div`` with the content ``well_formed``, which the sanitizer has made."""
    document: Element = etree.fromstring(f"<html><body><div>{well_formed}</div></body></html>", _PARSER)
    tree = document[0][0]
    if is_text(tree.text) and is_blank(tree.text):
        tree.text = None
    return tree


def is_text(node: Node) -> bool:
    return isinstance(node, str)


def is_blank(node: Node) -> bool:
    """Tell whether nothing of ``node`` can be read or seen. Spaces of every width are nothing, a picture is something."""
    if isinstance(node, str):
        return not node or node.isspace()
    text = node.text
    if text and not text.isspace():
        return False
    if not len(node):
        return bool(node.tag != "img")
    return not node.text_content().strip() and next(node.iter("img"), None) is None


def breaks_in(node: Node) -> int:
    """Count the line breaks that ``node`` is or holds."""
    return 0 if isinstance(node, str) else sum(1 for _ in node.iter("br"))


def build(tag: str, nodes: Iterable[Node]) -> Element:
    """Return a new element ``tag`` with ``nodes`` as its content; elements lose the text that followed them."""
    element: Element = _PARSER.makeelement(tag)
    for node in nodes:
        add(element, node)
    return element


def add(parent: Element, node: Node) -> None:
    """Append text or an element to ``parent``. In lxml, text belongs to the element before it (``tail``)."""
    if not is_text(node):
        node.tail = None
        parent.append(node)
    elif len(parent):
        parent[-1].tail = (parent[-1].tail or "") + node
    else:
        parent.text = (parent.text or "") + node


def refill(parent: Element, nodes: Iterable[Node]) -> Element:
    """Replace the content of ``parent``, keeping its attributes, and return it."""
    attributes = dict(parent.attrib)
    content = list(nodes)
    tag = parent.tag
    parent.clear()
    parent.tag = tag
    parent.attrib.update(attributes)
    for node in content:
        add(parent, node)
    return parent
