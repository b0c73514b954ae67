"""Puts links around the telephone numbers of a body: who reads on a telephone dials with one touch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from plugins.frontmatter.parse.markdown import Body
from plugins.typography.telephones import find_telephones

_NOT_DIALLED = frozenset({"a", "code", "pre", "kbd"})


def link_telephones(body: Body) -> None:
    """Put a link around each telephone number in the texts of ``body``, so that a touch dials it. Links and code stay as they are."""
    for element in list(body.root.iter()):
        if isinstance(element.tag, str) and _NOT_DIALLED.isdisjoint((element.tag, *(above.tag for above in element.iterancestors()))):
            _link_text(element, element.text, partial(setattr, element, "text"), 0)
        above = element.getparent()
        if above is not None and element.tail and _NOT_DIALLED.isdisjoint((above.tag, *(each.tag for each in above.iterancestors()))):
            _link_text(above, element.tail, partial(setattr, element, "tail"), above.index(element) + 1)


def _link_text(parent: Any, text: str | None, put: Callable[[str], None], position: int) -> None:
    """Cut ``text``, which stands in ``parent`` before its child number ``position``, at the telephone numbers. ``put`` replaces it by what is before the first."""
    numbers = list(find_telephones(text)) if text else []
    if not text or not numbers:
        return
    put(text[: numbers[0][0]])
    ends = [start for start, _, _ in numbers[1:]] + [len(text)]
    for offset, ((start, end, dialled), until) in enumerate(zip(numbers, ends, strict=True)):
        link = parent.makeelement("a", {"href": f"tel:{dialled}"})
        link.text, link.tail = text[start:end], text[end:until]
        parent.insert(position + offset, link)
