"""The light part: text for old handsets and bad networks. Short lines, at most 10 kB, in the charset that such a handset knows best.

1. Choose the charset for the whole issue: ISO-2022-JP if every character fits, otherwise UTF-8.
2. Take as many items, in their order, as keep the part small enough; after them comes the address of the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, repeat

from plugins.magazine.compose.blocks import Block, Prose
from plugins.magazine.compose.composition import Composition
from plugins.magazine.render.text import prose_text, without_drawn_lines
from plugins.magazine.render.text_blocks import item_text
from plugins.typography.phrases import wrap

WIDTH = 32
"""Columns: sixteen Japanese characters, as wide as an old handset shows."""

LARGEST = 10_000
"""Bytes as sent, in the chosen charset."""

RESERVED = 600
"""Bytes kept free: each recipient's own links are longer than the placeholders that they replace."""

ISO_2022_JP, UTF_8 = "iso-2022-jp", "utf-8"

# ISO-2022-JP has these, but programs map them to different characters of Unicode (〜 or ～): such a text goes as UTF-8.
_AMBIGUOUS = frozenset("〜−‖¢£¬―＼¥‾")


@dataclass(frozen=True)
class LightPart:
    """Text with line feeds, and the name of the charset it fits in."""

    text: str
    charset: str

    @property
    def size(self) -> int:
        """Bytes as sent."""
        return len(self.text.encode(self.charset))


@dataclass(frozen=True)
class LightItem:
    """A text that is never cut, and the anchor of its section on the issue's page."""

    text: str
    anchor: str


def fit_to_size(render: Callable[[list[LightItem], LightItem | None], str], items: list[LightItem]) -> LightPart:
    """Return the part with as many ``items`` as fit.

    ``render`` makes the whole text of the items it is given; its second argument is the first that was left out.
    """
    whole = _tidy(render(items, None))
    charset = choose_charset(whole)
    for fitting in range(len(items), 0, -1):
        part = LightPart(whole if fitting == len(items) else _tidy(render(items[:fitting], items[fitting])), charset)
        if part.size <= LARGEST - RESERVED:
            return part
    return LightPart(_tidy(render([], items[0] if items else None)), charset)


def choose_charset(text: str) -> str:
    """Return the charset for ``text``: ``iso-2022-jp`` if every character fits and is read alike by all (RFC 1468), otherwise ``utf-8``."""
    if _AMBIGUOUS & set(text):
        return UTF_8
    try:
        text.encode("iso2022_jp")
    except UnicodeEncodeError:
        return UTF_8
    return ISO_2022_JP


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def items(issue: Composition, base: str) -> list[LightItem]:
    """Return the items: the greeting, then each block; the first block of a section has the heading with it, so that they stay together."""
    light_items = [LightItem(block_text(block, base, repeat("")), "") for block in issue.greeting]
    for section in issue.sections:
        numbers = (f"{section.number}-{number}. " for number in count(1))
        texts = [block_text(block, base, numbers) for block in section.blocks]
        texts[0] = f"{fold(f'{section.number}. {section.title}')}\n\n{texts[0]}"
        light_items += [LightItem(text, section.anchor) for text in texts]
    return light_items


def block_text(block: Block, base: str, numbers: Iterator[str]) -> str:
    """Return one block in short lines; ``numbers`` yields the label of each heading inside."""
    if isinstance(block, Prose):
        return prose_text(block.html, base, numbers, fold)
    return item_text(block, base, next(numbers), fold)


def fold(text: str) -> str:
    """Return ``text`` in short lines, broken at phrases."""
    return "\n".join(wrap(without_drawn_lines(text), WIDTH))
