"""What HTML forbids inside one element is mended here: tables, heading levels, white space, blocks where only words may stand, ruby."""

from __future__ import annotations

import re
from collections.abc import Iterable

from plugins.partners.sanitize.elements import (
    BLOCKS,
    CELLS,
    DISSOLVED,
    HEADINGS,
    INLINE,
    PHRASING_ONLY,
    ROW_GROUPS,
    TABLE,
    Element,
    is_blank,
)


def normalize_table(table: Element) -> None:
    """Remove what is no part of a table, groups and rows without cells, empty captions and all captions but the first."""
    _keep_children(table, ROW_GROUPS | {"caption"})
    for group in list(table):
        if group.tag in ROW_GROUPS:
            _mend_group(group)
    captions = table.findall("caption")
    for caption in captions[1:] + [first for first in captions[:1] if is_blank(first)]:
        table.remove(caption)


def _mend_group(group: Element) -> None:
    _keep_children(group, frozenset({"tr"}))
    for row in list(group):
        _keep_children(row, CELLS)
        if not len(row):
            group.remove(row)
    if not len(group):
        group.getparent().remove(group)


def _keep_children(parent: Element, tags: frozenset[str]) -> None:
    """Remove other elements and all text directly inside ``parent``."""
    parent.text = None
    for child in list(parent):
        child.tail = None
        if child.tag not in tags:
            parent.remove(child)


def set_levels(blocks: Iterable[Element]) -> None:
    """Shift the headings inside ``blocks`` so that the first is h2 and no level is skipped on the way down."""
    headings = [heading for block in blocks for heading in block.iter(*HEADINGS)]
    for heading, level in zip(headings, levels([int(heading.tag[1]) for heading in headings]), strict=True):
        heading.tag = f"h{level}"


def levels(given: list[int]) -> list[int]:
    """Return the levels (2–6) for headings that were written with the levels ``given`` (1–6)."""
    shift = 2 - min(given, default=2)
    result: list[int] = []
    for level in given:
        deepest = (result[-1] if result else 1) + 1
        result.append(min(level + shift, deepest, 6))
    return result


_BLANKS = re.compile(r"[ \t\r\n\f]+")
"""ASCII whitespace of HTML (WHATWG Infra, section 4.6)."""

_WIDE = "\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
"""Kana, kanji and full-width forms: scripts that put no space between words."""

_FOLDED = re.compile(r"[\t\r\n\f]|  ")
"""What tells a text that changes: most have none."""

_BROKEN_LINE = re.compile(rf"(?<=[{_WIDE}])[ \t\r\f]*\n[ \t\r\n\f]*(?=[{_WIDE}])")
_BLOCK_TAGS = tuple(sorted(BLOCKS | DISSOLVED | TABLE))


def fold_blanks(tree: Element) -> None:
    """Make one space of a run of white space, except in ``pre``. A line that is broken inside Japanese text leaves no space at all."""
    kept = {element for block in tree.iter("pre") for element in block.iter()}
    tails = kept - {block for block in tree.iter("pre") if block.getparent() not in kept}
    for element in tree.iter():
        text, tail = element.text, element.tail
        if text and _FOLDED.search(text) and element not in kept:
            element.text = _folded(text)
        if tail and _FOLDED.search(tail) and element not in tails:
            element.tail = _folded(tail)


def _folded(text: str) -> str:
    return _BLANKS.sub(" ", _BROKEN_LINE.sub("", text))


def separate(tree: Element) -> None:
    """Take blocks out of elements that may hold words only, and ruby marks out of elements that are no ruby."""
    for element in list(tree.iter(*PHRASING_ONLY, "a")):
        _only_words(element)
    for element in list(tree.iter(*(INLINE - {"a"}))):
        if len(element) and next(element.iterdescendants(*_BLOCK_TAGS), None) is not None:
            element.drop_tag()
    _mend_ruby(tree)


def _only_words(element: Element) -> None:
    """Unwrap the blocks inside ``element``, with a space where two of them met."""
    if not len(element):
        return
    for block in list(element.iterdescendants(*_BLOCK_TAGS)):
        block.tail = " " + (block.tail or "")
        block.drop_tag()


def _mend_ruby(tree: Element) -> None:
    """Unwrap ``rt`` and ``rp`` outside ``ruby``, and ``ruby`` without a reading: a reading needs its base text."""
    for mark in list(tree.iter("rt", "rp")):
        if mark.getparent().tag != "ruby":
            mark.drop_tag()
    for ruby in list(tree.iter("ruby")):
        if ruby.find("rt") is None:
            for mark in ruby.findall("rp"):
                mark.drop_tag()
            ruby.drop_tag()
