"""What an examination says of one thing: how bad it is, what to do, what to publish. Values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is. `unknown`: nobody could tell; it does not make the examination fail."""

    GOOD = "good"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the table. `area` is what was examined (``SPF``), `subject` of what; `publish` are lines for the zone file."""

    area: str
    subject: str
    level: Level
    en: str
    ja: str
    publish: tuple[str, ...] = ()


def worst(results: Iterable[CheckResult]) -> Level:
    """The worst level; good if there is none."""
    order = list(Level)
    return max((result.level for result in results), key=order.index, default=Level.GOOD)
