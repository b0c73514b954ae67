"""A picture for every page, shown where its address is shared: title, publication and its colour, drawn at build time.

`font` finds a Japanese font, `drawing` draws, `generator` gives templates ``draw_card(title, under, colour)`` and keeps what was drawn before.
Without a font there is one card per colour, without words, and the build says so.
"""

from __future__ import annotations

from pelican import Pelican, signals

from .generator import CardsGenerator


def add_generator(_pelican: Pelican) -> type[CardsGenerator]:
    """Tell Pelican of the generator."""
    return CardsGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)
