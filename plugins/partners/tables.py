"""Table markup that HTML5 accepts: groups of rows, rows with cells, a caption in front."""

from __future__ import annotations

from .markup import CELLS, ROW_GROUPS
from .tree import Element, is_blank


def mend_table(table: Element) -> None:
    """Drop what is no part of a table, groups and rows without cells, and captions past the first or empty."""
    _keep_children(table, ROW_GROUPS | {"caption"})
    for group in list(table):
        if group.tag in ROW_GROUPS:
            _mend_group(group)
    for caption in table.findall("caption")[1:] + [each for each in table.findall("caption")[:1] if is_blank(each)]:
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
