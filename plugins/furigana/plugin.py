"""Registers the furigana edition. A Pelican plugin."""

from __future__ import annotations

from pelican import Pelican, signals

from plugins.furigana.edition import FuriganaGenerator, write_edition


def add_generator(_pelican: Pelican) -> type[FuriganaGenerator]:
    return FuriganaGenerator


def register() -> None:
    signals.get_generators.connect(add_generator)
    signals.finalized.connect(write_edition)
