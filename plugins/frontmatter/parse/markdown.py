"""The body of a document: Markdown to a tree, the tree to HTML.

Markdown makes the HTML; `Body` holds it as an lxml tree with the links, images and places that the library then checks and resolves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

import lxml.html
from lxml import etree
from markdown import Markdown
from markdown.blockprocessors import HashHeaderProcessor, ParagraphProcessor
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor, UnescapeTreeprocessor
from markdown.util import AtomicString

from plugins.frontmatter.parse.directives import expand_directives

ALLOWED = frozenset(
    "a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h2 h3 h4 h5 h6 hr i img ins kbd li"
    " ol p pre q rb rp rt ruby s small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr".split()
)
"""Elements a body may hold. Anything else is a fault, never silently dropped."""

_ATTRIBUTES = frozenset(
    "href src alt title id class colspan rowspan scope start reversed value lang dir datetime cite data-teaser data-since data-events data-figures data-partners data-again tabindex aria-label headers width height rel loading type role".split()
)
_SCHEMES = re.compile(r"^(https?:|mailto:|tel:|[^:/?#]*([/?#]|$))", re.IGNORECASE)
# A line break between two Japanese characters would be shown as a space inside the word.
_BROKEN_LINE = re.compile(r"\n(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]\n)(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])")


_MARK = re.compile(r"[`\\\[<&*_]|  \n")
"""Without one of these no inline pattern of Python-Markdown can begin: most Japanese paragraphs have none, and need not be tried with 14."""


class _Plainly(Treeprocessor):
    """Marks text without any mark as done (`markdown.util.AtomicString`, the documented way) before inline patterns are tried."""

    def run(self, root: Any) -> None:
        """Mark."""
        for element in root.iter():
            if element.text and not _MARK.search(element.text):
                element.text = AtomicString(element.text)


_STRAIGHT = re.compile(r"[\u3000-\uffef][^\n]*(?:\n[\u3000-\uffef][^\n]*)*")
"""A block of which every line begins with a Japanese character can be nothing but a paragraph: all else begins with a sign, a digit or a space."""


class _Straight(ParagraphProcessor):
    """Takes such a block before the other processors are asked."""

    def test(self, parent: Any, block: str) -> bool:  # noqa: ARG002 - as Python-Markdown calls it
        """Tell whether it is one."""
        return _STRAIGHT.fullmatch(block) is not None


class _Headed(HashHeaderProcessor):
    """Takes a block that is one heading before the other processors are asked."""

    def test(self, parent: Any, block: str) -> bool:
        """Tell whether it is one."""
        return block.startswith("#") and "\n" not in block and super().test(parent, block)


class _Unescaped(UnescapeTreeprocessor):
    """Looks for characters that were escaped only where there was a backslash."""

    def run(self, root: Any) -> None:
        """Put them back."""
        if any("\\" in line for line in self.md.lines):  # type: ignore[attr-defined]  # the stubs do not know them
            super().run(root)


class PlainTextExtension(Extension):
    """Tells Python-Markdown of them. What is made is the same."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Come before the inline patterns (priority 20), and before every other kind of block (100 and less)."""
        md.treeprocessors.register(_Plainly(md), "plainly", 21)
        md.treeprocessors.register(_Unescaped(md), "unescape", 0)
        md.parser.blockprocessors.register(_Straight(md.parser), "straight", 201)
        md.parser.blockprocessors.register(_Headed(md.parser), "headed", 200)


@cache
def _markdown() -> Markdown:
    return Markdown(
        extensions=["tables", "footnotes", "sane_lists", "def_list", PlainTextExtension()],
        extension_configs={"footnotes": {"BACKLINK_TITLE": "注{}の付いた本文に戻る", "BACKLINK_TEXT": "↩", "SEPARATOR": "-"}},
        output_format="html",
    )


@dataclass(frozen=True)
class Body:
    """A parsed body. ``root`` is a ``div`` around the content; it belongs to one library and is changed only while that is read."""

    root: Any

    @property
    def html(self) -> str:
        """The inner HTML."""
        text: str = lxml.html.tostring(self.root, encoding="unicode")
        return text[text.index(">") + 1 : text.rindex("</div>")].strip() + "\n"

    @property
    def outer(self) -> str:
        """The HTML of the root element itself."""
        text: str = lxml.html.tostring(self.root, encoding="unicode", with_tail=False)
        return text

    @property
    def tags(self) -> set[Any]:
        """The names of the elements in it; a comment is told by the function that makes one."""
        return set(map(_TAG, self.root.iterdescendants()))

    @property
    def links(self) -> list[Any]:
        """Every ``a`` with an address."""
        return [a for a in self.root.iter("a") if a.get("href") is not None]

    @property
    def images(self) -> list[Any]:
        """Every ``img``."""
        return list(self.root.iter("img"))

    def directives(self, name: str) -> list[Any]:
        """Every directive of one name (`directives.KINDS`) of a mail issue."""
        return [div for div in self.root.iterdescendants("div") if div.get(f"data-{name}") is not None]

    @property
    def lead(self) -> str:
        """The text of the first paragraph, without footnote marks and readings; empty if there is none."""
        paragraph = next((p for p in self.root.iterchildren("p") if p.text_content().strip()), None)
        return "" if paragraph is None else plain_text(paragraph)


def parse_markdown(text: str, *, directives: bool = False) -> Body:
    """Render Markdown and tidy it: broken lines, figures, scrollable tables.

    With ``directives`` what `directives.expand` knows is expanded first: a line ``::記事 file`` becomes ``<div data-teaser="file">``.
    """
    parser = _markdown()
    parser.reset()
    html = parser.convert(expand_directives(text) if directives else text)
    body = parse_html(html)
    if _BROKEN_LINE.search(html) or "&#" in html:
        _join_lines(body.root)
    tags = body.tags
    if "img" in tags:
        _make_figures(body.root)
    if "table" in tags:
        _name_tables(body.root)
    return body


_PARSER = lxml.html.HTMLParser()
# lxml.html asks Python for the class of each element that is touched; here one class does.
_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement, comment=lxml.html.HtmlComment))


def parse_html(text: str) -> Body:
    """Parse cleaned HTML, as the importer stores it."""
    document: Any = etree.fromstring(f"<html><body>{text}</body></html>", _PARSER)
    root = document.find("body")
    document.remove(root)
    root.tag = "div"
    return Body(root)


_SPOKEN: Callable[[Any], Iterable[str]] = etree.XPath(  # type: ignore[assignment]
    ".//text()[not(ancestor::sup or ancestor::rt or ancestor::rp)]", smart_strings=False
)


def plain_text(element: Any) -> str:
    """The text of ``element`` in one line, without footnote marks and ruby readings."""
    return " ".join("".join(_SPOKEN(element)).split())


_TAG = attrgetter("tag")
_ATTRIBUTED: Callable[[Any], Iterable[Any]] = etree.XPath("descendant::*[@*]")  # type: ignore[assignment]


def forbidden_elements(body: Body) -> list[str]:
    """Return what may not stand in a body: ``<script``, ``onclick=``, ``javascript:``, as an editor would search for it."""
    found: list[str] = []
    for element in _ATTRIBUTED(body.root) if body.tags <= ALLOWED else body.root.iterdescendants():
        if not isinstance(element.tag, str):
            continue  # a comment
        if element.tag not in ALLOWED and element.tag != "h1":  # told apart: it has a remedy of its own
            found.append(f"<{element.tag}")
        found += [f"{name}=" for name in element.attrib if name not in _ATTRIBUTES]
        found += [value for name in ("href", "src") if not _SCHEMES.match(value := element.get(name, ""))]
    return found


def _join_lines(root: Any) -> None:
    for element in root.iter():
        if element.tag == "pre":
            continue
        if element.text:
            element.text = _BROKEN_LINE.sub("", element.text)
        if element.tail:
            element.tail = _BROKEN_LINE.sub("", element.tail)


def _make_figures(root: Any) -> None:
    """A paragraph that is one image with a title becomes a figure with a caption."""
    for paragraph in list(root.iter("p")):
        children = list(paragraph)
        if len(children) == 1 and children[0].tag == "img" and not paragraph.text_content().strip():
            image = children[0]
            paragraph.tag = "figure"
            if caption := image.attrib.pop("title", ""):
                etree.SubElement(paragraph, "figcaption").text = caption


def _name_tables(root: Any) -> None:
    """Header cells say what they head; a wide table scrolls by itself and can be reached by keyboard (WCAG 2.2, 1.4.10 and 2.1.1)."""
    for table in list(root.iter("table")):
        for cell in table.iter("th"):
            cell.set("scope", "col")
        box = etree.Element("div", {"class": "table", "role": "region", "tabindex": "0", "aria-label": _heading_before(table)})
        table.getparent().replace(table, box)
        box.tail, table.tail = table.tail, None
        box.append(table)


def _heading_before(table: Any) -> str:
    headings = table.xpath("preceding::*[self::h2 or self::h3 or self::h4][1]")
    return f"表：{plain_text(headings[0])}" if headings else "表"
