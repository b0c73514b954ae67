"""Gives templates the function ``draw_card``, which draws a card when the first page asks for it. A Pelican plugin."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import PIL
from pelican import Pelican, signals
from pelican.generators import Generator
from PIL import features

from plugins.cards.card import SIZE, VERSION, Card, draw
from plugins.cards.font import find_font
from plugins.context import context_of
from plugins.files import write_atomically, write_into
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import side_file_recorder


def add_generator(_pelican: Pelican) -> type[CardsGenerator]:
    return CardsGenerator


def register() -> None:
    signals.get_generators.connect(add_generator)


_log = logging.getLogger(__name__)


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
        font = hashlib.sha256(self.font.read_bytes()).hexdigest() if self.font else "none"
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


def _digest(tools: str, card: Card) -> str:
    return hashlib.sha256("\0".join((tools, card.title, card.subtitle, card.colour)).encode()).hexdigest()[:16]


class CardsGenerator(Generator):  # type: ignore[misc]
    """Puts the renderer into the context before the first page. The cards are its only output."""

    def generate_context(self) -> None:
        """Put ``draw_card(title, subtitle, colour)`` into the context."""
        font = find_font(self.settings.get("CARD_FONT", ""))
        if font is None:
            _log.warning("No Japanese font: cards for sharing stay without words. Install the extra: pip install todoke[cards]")
        build = context_of(self.settings)
        renderer = CardRenderer(build.site, build.cache / "cards", font, side_file_recorder(build.get(PLAN)))
        self.context["draw_card"] = renderer.draw_card
