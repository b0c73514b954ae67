"""How far the works have come: ``content/data/progress.csv`` → charts, tables and pages by field and municipality.

1. `table` reads the rows and tells every fault with its line.
2. `sums` answers what stands where in a year; `findings` says it in a sentence.
3. `charts` draws inline SVG; every chart stands beside its table, and its text alternative states the finding.
4. `generator` writes the overview, a page for each field, and a page for each municipality that has works.
"""

from __future__ import annotations

from pelican import Pelican, signals

from .generator import ProgressGenerator


def add_generator(_pelican: Pelican) -> type[ProgressGenerator]:
    """Tell Pelican of the generator."""
    return ProgressGenerator


def register() -> None:
    """Register with Pelican."""
    signals.get_generators.connect(add_generator)
