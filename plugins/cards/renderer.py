"""Draws cards into the site, through a cache by their words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import PIL
from PIL import features

from plugins.cards.card import SIZE, VERSION, Card, draw
from plugins.files import write_atomically, write_into


@dataclass(frozen=True)
class CardImage:
    """A drawn card: its root-relative address, its text alternative, its size in pixels."""

    url: str
    alt: str
    width: int = SIZE[0]
    height: int = SIZE[1]


@dataclass
class CardRenderer:
    """Draws cards into the folder ``site``, through the folder ``cache``, with one font or none.

    ``record`` gets the name of each card's file below the site as often as a page asks for it, so that the incremental build knows which pages need the file.
    """

    site: Path
    cache: Path
    font: Path | None
    record: Callable[[str], None] = lambda _name: None
    _names: dict[Card, str] = field(default_factory=dict)

    @property
    def tracking_key(self) -> str:
        """For `plugins.incremental`. A card depends on its arguments and on the tools alone."""
        return f"card renderer:{self._tools}"

    def __post_init__(self) -> None:
        font = _font_digest(self.font, (stat := self.font.stat()).st_mtime_ns, stat.st_size) if self.font else "none"
        self._tools = f"{VERSION} {PIL.__version__} {features.version('freetype2')} {font}"

    def draw_card(self, title: str, subtitle: str, colour: str) -> CardImage:
        """Draw a card unless it exists. Its address depends on its words and its colour, and is the same on every machine."""
        # Without a font, all cards of one colour are one file: a text alternative must not say a title that the picture does not show.
        card = Card(str(title), str(subtitle), colour) if self.font else Card("", "", colour)
        if card not in self._names:
            self._names[card] = self._publish(card)
        name = self._names[card]
        self.record(f"cards/{name}.png")
        return CardImage(f"/cards/{name}.png", f"{title}（{subtitle}）" if self.font else f"{subtitle}の色の札")

    def _publish(self, card: Card) -> str:
        """Copy the card into the site, drawn or from the cache; return its file name without ending."""
        name = _digest(VERSION, card)
        cached = self.cache / f"{_digest(self._tools, card)}.png"
        if not cached.is_file():
            write_atomically(cached, draw(card, self.font))
        write_into(self.site, f"cards/{name}.png", cached.read_bytes(), replace=True)  # two processes may draw the same card
        return name


@lru_cache(maxsize=4)
def _font_digest(font: Path, _modified: int, _size: int) -> str:
    """Return the digest of the font's five megabytes, which a process that builds again, or draws for one notice after the other, reads once."""
    return hashlib.sha256(font.read_bytes()).hexdigest()


def _digest(tools: str, card: Card) -> str:
    return hashlib.sha256("\0".join((tools, card.title, card.subtitle, card.colour)).encode()).hexdigest()[:16]
