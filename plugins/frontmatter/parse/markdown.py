"""The body of a document: Markdown → HTML → an lxml tree → HTML.

Python-Markdown renders the HTML. `Body` holds it as a tree, in which `links` checks and resolves links, images and directives.
"""

from __future__ import annotations

import re
from collections import Counter
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

from plugins.control_characters import CONTROL
from plugins.frontmatter.model.link_targets import is_allowed
from plugins.frontmatter.normalise.extension import NormaliseExtension
from plugins.frontmatter.parse.directives import expand_directives
from plugins.typography.bare_links import link_addresses
from plugins.typography.web_addresses import has_address

ALLOWED = frozenset(
    "a abbr b blockquote br caption cite code col colgroup dd del details dfn div dl dt em figcaption figure h2 h3 h4 h5 h6 hr i img ins kbd li"
    " ol p pre q rb rp rt ruby s small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr".split()
)
"""Elements that a body may hold. Any other element is a diagnostic; nothing is dropped silently."""

_ATTRIBUTES = frozenset(
    "href src alt title id class colspan rowspan scope start reversed value lang dir datetime cite data-teaser data-since data-events data-figures data-partners data-again tabindex aria-label headers width height rel loading type role".split()
)
# A browser shows a line break in the source as a space, and Japanese is set without spaces (JLREQ). CSS Text 3 (4.1.3) lets a browser remove the break
# between two Japanese characters, but does not ask for it.
_BROKEN_LINE = re.compile(r"\n(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]\n)(?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])")

_INLINE_MARKUP = re.compile(r"[`\\\[<&*_]|~~|  \n")
"""Every inline pattern of Python-Markdown, and of the extensions below, needs one of these characters, or a line break after two spaces. Most Japanese
paragraphs have none, and need not be searched with 14 patterns.
"""


class _PlainTextProcessor(Treeprocessor):
    """Marks text without inline markup as finished, with `markdown.util.AtomicString`, the documented way to keep inline patterns off."""

    def __init__(self, md: Markdown, *, breaks: bool) -> None:
        super().__init__(md)
        self._markup = re.compile(rf"{_INLINE_MARKUP.pattern}|\n") if breaks else _INLINE_MARKUP

    def run(self, root: Any) -> None:
        for element in root.iter():
            if element.text and not self._markup.search(element.text):
                element.text = AtomicString(element.text)


_JAPANESE_PARAGRAPH = re.compile(r"[\u3000-\uffef][^\n]*(?:\n[\u3000-\uffef][^\n]*)*")
"""A block in which every line begins with a Japanese character is a paragraph: every other block begins with a sign, a digit or a space."""


class _JapaneseParagraphProcessor(ParagraphProcessor):
    """Takes a Japanese paragraph before any other block processor tests it."""

    def test(self, parent: Any, block: str) -> bool:  # noqa: ARG002 - the signature of Python-Markdown
        return _JAPANESE_PARAGRAPH.fullmatch(block) is not None


class _HeadingProcessor(HashHeaderProcessor):
    """Takes a block of one heading before any other block processor tests it."""

    def test(self, parent: Any, block: str) -> bool:
        return block.startswith("#") and "\n" not in block and super().test(parent, block)


class _UnescapeProcessor(UnescapeTreeprocessor):
    """Restores escaped characters only in a text that has a backslash."""

    def run(self, root: Any) -> None:
        if any("\\" in line for line in self.md.lines):  # type: ignore[attr-defined]  # `lines` is missing in the stubs
            super().run(root)


class PlainTextExtension(Extension):
    """Makes Python-Markdown skip work on plain Japanese text. The HTML is the same (`tests/plugins/frontmatter/parse/test_markdown.py`).

    With ``breaks`` the end of a line is markup.
    """

    def __init__(self, *, breaks: bool = False) -> None:
        super().__init__()
        self._breaks = breaks

    def extendMarkdown(self, md: Markdown) -> None:
        """Run before the inline patterns (priority 20), and before all other block processors (100 and below)."""
        md.treeprocessors.register(_PlainTextProcessor(md, breaks=self._breaks), "plain-text", 21)
        md.treeprocessors.register(
            _UnescapeProcessor(md), "unescape", 0
        )  # replaces Python-Markdown's own, which has this name and priority
        md.parser.blockprocessors.register(_JapaneseParagraphProcessor(md.parser), "japanese-paragraph", 201)
        md.parser.blockprocessors.register(_HeadingProcessor(md.parser), "one-heading", 200)


_RARE = re.compile(r"~~|(?:://|www\.)[^\s<>]*[_*]")
"""Marks for which Python-Markdown has more inline patterns here. Each of them costs every paragraph with marks; most articles have none."""


@cache
def _markdown(*, breaks: bool, rare: bool) -> Markdown:
    # sane_lists: as in CommonMark, a list of the other kind begins a new list, and a list begins with its first number.
    names = ["tables", "footnotes", "sane_lists", "def_list", *(["pymdownx.tilde"] if rare else []), *(["nl2br"] if breaks else [])]
    return Markdown(
        extensions=[*names, NormaliseExtension(breaks=breaks, addresses=rare), PlainTextExtension(breaks=breaks)],
        extension_configs={
            "footnotes": {"BACKLINK_TITLE": "注{}の付いた本文に戻る", "BACKLINK_TEXT": "↩", "SEPARATOR": "-"},
            "tables": {"use_align_attribute": True},  # `_name_tables` makes a class of it
            "pymdownx.tilde": {"subscript": False, "smart_delete": False},  # a Japanese word follows without a space
        },
        output_format="html",
    )


@dataclass(frozen=True)
class Body:
    """A parsed body. ``root`` is a ``div`` around the content. The tree is changed only while its source is read; a document holds the HTML."""

    root: Any

    @property
    def html(self) -> str:
        """The HTML inside the root element."""
        text: str = lxml.html.tostring(self.root, encoding="unicode")
        return text[text.index(">") + 1 : text.rindex("</div>")].strip() + "\n"

    @property
    def outer(self) -> str:
        """The HTML with the root element."""
        text: str = lxml.html.tostring(self.root, encoding="unicode", with_tail=False)
        return text

    @property
    def tags(self) -> set[Any]:
        """The tags of all elements."""
        return set(map(_TAG, self.root.iterdescendants()))

    @property
    def links(self) -> list[Any]:
        """Every ``a`` element with a ``href``."""
        return [a for a in self.root.iter("a") if a.get("href") is not None]

    @property
    def images(self) -> list[Any]:
        return list(self.root.iter("img"))

    def directives(self, name: str) -> list[Any]:
        """Every directive of one name (`directives.DIRECTIVES`), as `expand_directives` has put it into a mail issue."""
        return [div for div in self.root.iterdescendants("div") if div.get(f"data-{name}") is not None]

    @property
    def lead(self) -> str:
        """The text of the first paragraph that has any, without footnote marks and ruby readings; empty if there is none."""
        paragraph = next((p for p in self.root.iterchildren("p") if p.text_content().strip()), None)
        return "" if paragraph is None else plain_text(paragraph)


def parse_markdown(text: str, *, directives: bool = False, breaks: bool = False) -> Body:
    """Render Markdown, join broken lines, and make figures and scrollable tables.

    With ``directives``, `expand_directives` runs first: a line ``::記事 file`` becomes ``<div data-teaser="file">``. With ``breaks`` a line end inside a
    paragraph is one on the page. Raises `RecursionError` for lists or definitions too deep inside each other.
    """
    parser = _markdown(breaks=breaks, rare=_RARE.search(text) is not None)
    parser.reset()
    try:
        html = parser.convert(expand_directives(text) if directives else text)
    except BaseException:
        _markdown.cache_clear()  # its block parser keeps the state that it was in, and would read the next source in it
        raise
    body = parse_html(html)
    if "&#" in html and control_character(body.root):
        return body  # its source is refused (`body_limits`); lxml would not take such a text back
    if _BROKEN_LINE.search(html) or "&#" in html:  # a character reference may stand for a Japanese character
        _join_lines(body.root)
    tags = body.tags
    if "img" in tags:
        _make_figures(body.root)
    if "table" in tags:
        _name_tables(body.root, aligned=' align="' in html)
    if has_address(html):
        link_addresses(body.root)
    return body


# A comment is a note among editors: it goes to no page, feed or mail. HTML (13.2.5.44) takes "<?" for the beginning of one.
_PARSER = lxml.html.HTMLParser(remove_comments=True, remove_pis=True)
# lxml.html's own lookup calls Python for the class of each element that is touched. One class for all elements is enough here, and needs no call.
_PARSER.set_element_class_lookup(etree.ElementDefaultClassLookup(element=lxml.html.HtmlElement))


def parse_html(text: str) -> Body:
    """Parse HTML: that of a Markdown body, or the sanitized HTML that the importer stores."""
    document: Any = etree.fromstring(f"<html><body>{text}</body></html>", _PARSER)
    root = document.find("body")
    document.remove(root)
    root.tag = "div"
    return Body(root)


def control_character(root: Any) -> str:
    """Return the first control character in the texts and attributes of a tree; empty if there is none."""
    for element in root.iter():
        for text in (element.text, element.tail, *element.attrib.values()):
            if text and (match := CONTROL.search(text)):
                return match[0]
    return ""


_TEXT_WITHOUT_NOTES: Callable[[Any], Iterable[str]] = etree.XPath(  # type: ignore[assignment]
    ".//text()[not(ancestor::sup or ancestor::rt or ancestor::rp or ancestor::del)]", smart_strings=False
)


def plain_text(element: Any) -> str:
    """Return the text of ``element`` in one line, without footnote marks, ruby readings and what is struck out."""
    return " ".join("".join(_TEXT_WITHOUT_NOTES(element)).split())


_TAG = attrgetter("tag")
_WITH_ATTRIBUTES: Callable[[Any], Iterable[Any]] = etree.XPath("descendant::*[@*]")  # type: ignore[assignment]


def forbidden_elements(body: Body) -> list[str]:
    """Return what a body may not hold, in the form that an editor can search for: ``<script``, ``onclick=``, ``javascript:alert(1)``."""
    forbidden: list[str] = []
    # If every element is allowed, which is the rule, only those with attributes need a look.
    for element in _WITH_ATTRIBUTES(body.root) if body.tags <= ALLOWED else body.root.iterdescendants():
        if element.tag not in ALLOWED and element.tag != "h1":  # `parser` has a diagnostic of its own for h1
            forbidden.append(f"<{element.tag}")
        forbidden += [f"{name}=" for name in element.attrib if name not in _ATTRIBUTES]
        forbidden += [value for name in ("href", "src", "cite") if not is_allowed(value := element.get(name, ""))]
    return forbidden


def _join_lines(root: Any) -> None:
    """Remove the line breaks between Japanese characters, but not in preformatted text."""
    for element in root.iter():
        if element.tag == "pre":
            continue
        if element.text:
            element.text = _BROKEN_LINE.sub("", element.text)
        if element.tail:
            element.tail = _BROKEN_LINE.sub("", element.tail)


def _make_figures(root: Any) -> None:
    """Make a figure of each paragraph that is one image; the image's title becomes the caption."""
    for paragraph in list(root.iter("p")):
        children = list(paragraph)
        if len(children) == 1 and children[0].tag == "img" and not paragraph.text_content().strip():
            image = children[0]
            paragraph.tag = "figure"
            if caption := image.attrib.pop("title", ""):
                etree.SubElement(paragraph, "figcaption").text = caption


def _name_tables(root: Any, *, aligned: bool) -> None:
    """Give headers of columns and rows their scope (WCAG 2.2, 1.3.1), and put each table into a box that scrolls and has a name.

    On a narrow screen the box scrolls, not the page (1.4.10), and takes the focus, so that a keyboard can scroll it (2.1.1).
    """
    names = Counter[str]()
    for table in list(root.iter("table")):
        for cell in table.iter("th"):
            cell.set("scope", "col")
        firsts = table.xpath("./tbody/tr[count(*) > 1]/*[1]")
        words = {plain_text(cell) for cell in firsts}
        if len(words) == len(firsts) and all(re.search(r"[^\W\d_]", each) for each in words):  # numbers and pictures name no row
            for cell in firsts:
                cell.attrib["scope"], cell.tag = "row", "th"
        for cell in table.xpath(".//*[@align]") if aligned else ():
            if (side := cell.attrib.pop("align")) in ("right", "center"):
                cell.set("class", side)
        name = _heading_before(table)
        names[name] += 1  # two regions of one name cannot be told apart in a list of landmarks
        label = name if names[name] == 1 else f"{name}（{names[name]}）"
        box = etree.Element("div", {"class": "table", "role": "region", "tabindex": "0", "aria-label": label})
        table.getparent().replace(table, box)
        box.tail, table.tail = table.tail, None  # lxml moves the text after an element with it
        box.append(table)


def _heading_before(table: Any) -> str:
    headings = table.xpath("preceding::*[self::h2 or self::h3 or self::h4][1]")
    return f"表：{plain_text(headings[0])}" if headings else "表"
