"""Text and inline elements: blanks, and blocks that stand where only words may."""

from __future__ import annotations

import re

from .markup import BLOCKS, DISSOLVED, INLINE, PHRASING_ONLY, TABLE
from .tree import Element

_BLANKS = re.compile(r"[ \t\r\n\f]+")
_WIDE = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_BROKEN_LINE = re.compile(rf"(?<=[{_WIDE}])[ \t\r\f]*\n[ \t\r\n\f]*(?=[{_WIDE}])")
_BLOCK_TAGS = tuple(sorted(BLOCKS | DISSOLVED | TABLE))


def fold_blanks(tree: Element) -> None:
    """Make one space of a row of blanks, outside ``pre``; a line broken inside Japanese text leaves no space at all."""
    for element in tree.iter():
        inside = element.tag == "pre" or _within(element, "pre")
        if element.text and not inside:
            element.text = _folded(element.text)
        if element.tail and not _within(element, "pre"):
            element.tail = _folded(element.tail)


def _folded(text: str) -> str:
    return _BLANKS.sub(" ", _BROKEN_LINE.sub("", text))


def _within(element: Element, tag: str) -> bool:
    return next(element.iterancestors(tag), None) is not None


def separate(tree: Element) -> None:
    """Take blocks out of what may hold words only, and ruby marks out of what is no ruby."""
    for element in list(tree.iter(*PHRASING_ONLY, "a")):
        _only_words(element)
    for element in list(tree.iter(*(INLINE - {"a"}))):
        if next(element.iterdescendants(*_BLOCK_TAGS), None) is not None:
            element.drop_tag()
    _mend_ruby(tree)


def _only_words(element: Element) -> None:
    """Unwrap the blocks inside ``element``, with a space where two of them met."""
    for block in list(element.iterdescendants(*_BLOCK_TAGS)):
        block.tail = " " + (block.tail or "")
        block.drop_tag()


def _mend_ruby(tree: Element) -> None:
    """A reading needs its base text: unwrap ``rt`` and ``rp`` outside ``ruby``, and ``ruby`` without a reading."""
    for mark in list(tree.iter("rt", "rp")):
        if mark.getparent().tag != "ruby":
            mark.drop_tag()
    for ruby in list(tree.iter("ruby")):
        if ruby.find("rt") is None:
            for mark in ruby.findall("rp"):
                mark.drop_tag()
            ruby.drop_tag()
