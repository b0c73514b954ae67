"""The filters of this package, by the names that templates use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from plugins.typography.dates import aloud, era_year, japanese_date, japanese_day, japanese_time, number, since, time_element
from plugins.typography.phrases import WholeNames, breakable, link_mailbox, shorten
from plugins.typography.qr_code import qr_code
from plugins.typography.telephones import link_telephones

FILTERS: dict[str, Any] = {
    "date": japanese_date,
    "day": japanese_day,
    "time": japanese_time,
    "time_element": time_element,
    "since": since,
    "era": era_year,
    "number": number,
    "phrases": breakable,
    "aloud": aloud,
    "shorten": shorten,
    "telephones": link_telephones,
    "mailbox": link_mailbox,
    "qr_code": qr_code,
}


def filters_with(names: Callable[[], WholeNames]) -> dict[str, Any]:
    """Return `FILTERS`, with phrases that keep ``names`` whole; these are asked for when a template first needs them."""
    return FILTERS | {"phrases": lambda text: breakable(text, names())}
