"""Gives templates ``draw_card``; a card is drawn when the first page asks for it."""

from __future__ import annotations

import hashlib
import logging
import shutil
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
from plugins.files import write_atomically
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import side_file_recorder


def add_generator(_pelican: Pelican) -> type[CardsGenerator]:
    """Tell Pelican of the generator."""
    return CardsGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)


_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CardImage:
    """A drawn card: root-relative address, what it says, pixels."""

    url: str
    alt: str
    width: int = SIZE[0]
    height: int = SIZE[1]


@dataclass
class CardRenderer:
    """Draws cards into ``site``, through ``cache``, with one font or none."""

    site: Path
    cache: Path
    font: Path | None
    tell: Callable[[str], None] = lambda _name: None
    _there: dict[Card, str] = field(default_factory=dict)

    @property
    def tracking_key(self) -> str:
        """For `plugins.incremental`: a card depends on its words and on the tools alone."""
        return f"easel:{self._tools}"

    def __post_init__(self) -> None:
        font = hashlib.sha256(self.font.read_bytes()).hexdigest() if self.font else "none"
        self._tools = f"{VERSION} {PIL.__version__} {features.version('freetype2')} {font}"

    def draw_card(self, title: str, under: str, colour: str) -> CardImage:
        """Draw a card unless it is there already. The address depends on what it says, not on the machine."""
        card = Card(str(title), str(under), colour) if self.font else Card("", "", colour)
        if card not in self._there:
            self._there[card] = self._put(card)
        name = self._there[card]
        self.tell(f"cards/{name}.png")
        return CardImage(f"/cards/{name}.png", f"{title}（{under}）" if self.font else f"{under}の色の札")

    def _put(self, card: Card) -> str:
        """Let the card be in the site, and return its name."""
        name = _digest(VERSION, card)
        kept = self.cache / f"{_digest(self._tools, card)}.png"
        if not kept.is_file():
            write_atomically(kept, draw(card, self.font))
        target = self.site / "cards" / f"{name}.png"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(kept, target)
        return name


def _digest(tools: str, card: Card) -> str:
    return hashlib.sha256("\0".join((tools, card.title, card.under, card.colour)).encode()).hexdigest()[:16]


class CardsGenerator(Generator):  # type: ignore[misc]
    """Sets up the easel before any page is written."""

    def generate_context(self) -> None:
        """Put ``draw_card(title, under, colour)`` into the context."""
        font = find_font(self.settings.get("CARD_FONT", ""))
        if font is None:
            _log.warning("No Japanese font: cards for sharing stay without words. Install the extra: pip install todoke[cards]")
        build = context_of(self.settings)
        easel = CardRenderer(build.site, build.cache / "cards", font, side_file_recorder(build.get(PLAN)))
        self.context["draw_card"] = easel.draw_card
