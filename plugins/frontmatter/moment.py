"""The moment for which the site is built: given, or taken from the clock once, at the edge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


def build_moment(environ: Mapping[str, str]) -> dt.datetime:
    """Return ``SOURCE_DATE_EPOCH`` (seconds, reproducible-builds.org) as a moment in Japan, or the clock's if it is not set."""
    epoch = environ.get("SOURCE_DATE_EPOCH")
    return dt.datetime.fromtimestamp(int(epoch), JAPAN) if epoch else dt.datetime.now(JAPAN)


def parse_moment(text: str) -> dt.datetime:
    """Read ``2021-03-31T12:00`` (Japan's time unless it names a zone). Raises `ValueError`."""
    moment = dt.datetime.fromisoformat(text)
    return moment.replace(tzinfo=JAPAN) if moment.tzinfo is None else moment.astimezone(JAPAN)
