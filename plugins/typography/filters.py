"""How Japanese is set: dates, numbers, and where a line may break.

Registers the filters ``date``, ``day``, ``time``, ``time_element``, ``since``, ``era``, ``number`` and ``phrases`` for every template.
"""

from __future__ import annotations

from typing import Any

from plugins.typography.dates import era_year, japanese_date, japanese_day, japanese_time, number, since, time_element
from plugins.typography.phrases import breakable

FILTERS: dict[str, Any] = {
    "date": japanese_date,
    "day": japanese_day,
    "time": japanese_time,
    "stamp": time_element,
    "since": since,
    "era": era_year,
    "number": number,
    "phrases": breakable,
}
