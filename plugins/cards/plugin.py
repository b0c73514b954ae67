"""Gives templates the function ``draw_card``, which draws a card when the first page asks for it. A Pelican plugin."""

from __future__ import annotations

import logging

from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.cards.renderer import CardRenderer
from plugins.context import context_of
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import side_file_recorder
from plugins.typography.font import find_font


def add_generator(_pelican: Pelican) -> type[CardsGenerator]:
    return CardsGenerator


def register() -> None:
    signals.get_generators.connect(add_generator)


_log = logging.getLogger(__name__)


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
