"""Puts links around what stands in a body without one: telephone numbers, which a touch then dials, and addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from plugins.typography.telephones import find_telephones, has_telephone
from plugins.typography.web_addresses import find_addresses, has_address

_NOT_LINKED = frozenset({"a", "code", "pre", "kbd"})

Found = Iterable[tuple[int, int, str]]
"""Start, end and link target of each place in a text."""


def link_telephones(root: Any) -> None:
    """Put a link around each telephone number in the texts of a tree. Links and code stay as they are."""
    _link(root, has_telephone, lambda text: ((start, end, f"tel:{dialled}") for start, end, dialled in find_telephones(text)))


def link_addresses(root: Any) -> None:
    """Put a link around each web or mail address in the texts of a tree. Links and code stay as they are."""
    _link(root, has_address, find_addresses)


def _link(root: Any, may_have: Callable[[str], bool], find: Callable[[str], Found]) -> None:
    for element in list(root.iter()):
        if element.text and may_have(element.text) and _is_linked(element):
            _link_text(element, element.text, partial(setattr, element, "text"), 0, find)
        if element.tail and may_have(element.tail) and (above := element.getparent()) is not None and _is_linked(above):
            _link_text(above, element.tail, partial(setattr, element, "tail"), above.index(element) + 1, find)


def _is_linked(element: Any) -> bool:
    """Tell whether texts directly in ``element`` become links."""
    return isinstance(element.tag, str) and _NOT_LINKED.isdisjoint((element.tag, *(above.tag for above in element.iterancestors())))


def _link_text(parent: Any, text: str, put: Callable[[str], None], position: int, find: Callable[[str], Found]) -> None:
    """Cut ``text``, which stands in ``parent`` before its child number ``position``, at what ``find`` yields. ``put`` replaces it by what is before the first."""
    places = list(find(text))
    if not places:
        return
    put(text[: places[0][0]])
    ends = [start for start, _, _ in places[1:]] + [len(text)]
    for offset, ((start, end, target), until) in enumerate(zip(places, ends, strict=True)):
        link = parent.makeelement("a", {"href": target})
        link.text, link.tail = text[start:end], text[end:until]
        parent.insert(position + offset, link)
