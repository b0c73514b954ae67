"""How Japanese is set: dates, numbers, and where a line may break.

Registers the filters ``date``, ``day``, ``time``, ``stamp``, ``since``, ``era``, ``number`` and ``phrases`` for every template.
"""

from __future__ import annotations

from typing import Any

from pelican import signals
from pelican.generators import Generator

from .dates import era_year, japanese_date, japanese_day, japanese_time, number, since, stamp
from .phrases import breakable

FILTERS: dict[str, Any] = {
    "date": japanese_date,
    "day": japanese_day,
    "time": japanese_time,
    "stamp": stamp,
    "since": since,
    "era": era_year,
    "number": number,
    "phrases": breakable,
}


def add_filters(generator: Generator) -> None:
    """Give a generator's templates the filters."""
    generator.env.filters.update(FILTERS)


def register() -> None:
    """Register with Pelican."""
    signals.generator_init.connect(add_filters)
