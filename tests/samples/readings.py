"""The readings of the sample, and a text as it is read aloud."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from plugins.frontmatter.model.registry import read_registry
from plugins.readings.analyser import read_text
from plugins.readings.known import KnownReadings, known_readings
from plugins.readings.table import read_table

NOTHING_KNOWN = KnownReadings({}, {})
"""What the program knows without a table of editors: the language only."""


@cache
def sample_readings() -> KnownReadings:
    """Return what the sample's table and municipalities say."""
    registry = read_registry(Path("publications.toml"), Path("content/data/municipalities.csv"))
    table, diagnostics = read_table(Path("content"), registry)
    assert diagnostics == []
    return known_readings(table, registry.places.values())


def in_kana(text: str, readings: KnownReadings = NOTHING_KNOWN, cuts: Sequence[int] = ()) -> str:
    """Return the text with every word replaced by its reading."""
    kana, position = "", 0
    for reading in read_text(text, readings, cuts):
        kana += text[position : reading.start] + reading.kana
        position = reading.end
    return kana + text[position:]
