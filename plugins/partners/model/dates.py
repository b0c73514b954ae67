"""Dates of feeds in Japan time. Pure: the present moment is always passed in as ``now``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

JAPAN = timezone(timedelta(hours=9), "JST")
"""Japan has had no summer time since 1951, so a fixed offset is exact and needs no tz database."""

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Anything before comes from a clock that was never set (1970-01-01, 0001-01-01), not from a blog entry."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: the offset is subtracted as a number, which cannot overflow

_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
"""Era → the year before its first (元年)."""

_OFFSETS = {
    "z": 0,
    "ut": 0,
    "utc": 0,
    "gmt": 0,
    "jst": 9,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
}
"""Names of zones → hours (RFC 822, section 5.1), and JST, which RFC 822 does not know and Japanese blogs write."""

_WEEKDAY = r"(?:[(（]?[日月火水木金土](?:曜日?|・祝)?[)）]?|[A-Za-z]{3,9}\.?)?[,、]?\s*"
_TIME = r"(?:[T\s,、]*(?P<half>午前|午後|AM|PM)?\s*(?P<hour>\d{1,2})\s*[:時]\s*(?:(?P<minute>\d{1,2})(?:\s*[:分]\s*(?P<second>\d{1,2})(?:\.\d+)?)?\s*[分秒]?)?\s*(?P<half2>AM|PM)?)?"
_OFFSET = r"\s*(?P<zone>[A-Za-z]{1,5}|[+-]\d{2}:?\d{2})?(?:\s*\([^)]*\))?"
_ASCTIME = rf"[A-Za-z]{{3}}\s+(?P<month>[A-Za-z]{{3}})\s+(?P<day>\d{{1,2}}){_TIME}\s+(?P<year>\d{{4}})(?P<era>)(?P<zone>)"
_FORMS = tuple(
    re.compile(rf"\s*{form}\s*", re.IGNORECASE)
    for form in (
        rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}){_TIME}{_OFFSET}",  # RFC 3339, section 5.6
        rf"(?P<year>\d{{4}})([/.])\s*(?P<month>\d{{1,2}})\2\s*(?P<day>\d{{1,2}})\.?\s*{_WEEKDAY}{_TIME}{_OFFSET}",
        rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}})(?!\d){_TIME}{_OFFSET}",
        rf"(?P<era>{'|'.join(_ERAS)})?\s*(?P<year>\d{{1,4}}|元)\s*年\s*(?P<month>\d{{1,2}})\s*月\s*(?P<day>\d{{1,2}})\s*日\s*{_WEEKDAY}{_TIME}{_OFFSET}",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})[\s-]+(?P<month>[A-Za-z]{{3,9}}|\d{{1,2}}月)\.?,?[\s-]+(?P<year>\d{{4}}|\d{{2}})\b{_TIME}{_OFFSET}",  # RFC 822, section 5.1
        _ASCTIME,
    )
)


@dataclass(frozen=True)
class FeedDate:
    """A date that could be read: seconds since 1970, and the text of the feed."""

    epoch: int
    text: str


def parse_date(text: str) -> FeedDate | None:
    """Read a date of a feed; None unless the whole text is a date with year, month and day that exist.

    feedparser's own dates are not used: it takes what it does not know for something else (2025/01/06 and 2025年1月6日 for 1 November 2025,
    2025-02-30 for 2 March). A date without a zone, or with an unknown one, is Japan time, since our partners write in Japan.
    """
    normal = unicodedata.normalize("NFKC", text[:100])
    match = next((match for form in _FORMS if (match := form.fullmatch(normal))), None)
    if match is None:
        return None
    try:
        when = _naive(match.groupdict())
    except (ValueError, OverflowError):
        return None
    return FeedDate(int((when - _EPOCH).total_seconds()) - _offset(match["zone"] or ""), text[:100])


def _naive(parts: dict[str, str | None]) -> datetime:
    """Return the moment of a date's parts, without zone. Raises ValueError for a moment that does not exist."""
    hour, half = int(parts["hour"] or 0), (parts["half"] or parts["half2"] or "").upper()
    if half and hour > 12:
        raise ValueError("13 o'clock in the afternoon")
    if half:
        hour = hour % 12 + (12 if half in ("午後", "PM") else 0)
    midnight = hour == 24  # ISO 8601: the end of the day
    minute, second = int(parts["minute"] or 0), min(int(parts["second"] or 0), 59)  # 60 is a leap second
    if midnight and (minute or second):
        raise ValueError("half past 24 o'clock")
    day = datetime(_year(parts), _month(parts["month"] or ""), int(parts["day"] or 0), 0 if midnight else hour, minute, second)  # noqa: DTZ001
    return day + timedelta(days=midnight)


def _year(parts: dict[str, str | None]) -> int:
    """Return the year. Two digits are of this century below 50, else of the last (RFC 2822, section 4.3); an era begins with 元年."""
    text, era = parts["year"] or "", parts.get("era")
    if era:
        return _ERAS[era] + (1 if text == "元" else int(text))
    year = int(text)
    return year + (2000 if year < 50 else 1900) if len(text) == 2 else year


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    return int(text[:-1]) if text.endswith("月") else _MONTHS.get(text[:3].lower(), 0)


def _offset(zone: str) -> int:
    """Return seconds east of Greenwich."""
    if zone[:1] in ("+", "-"):
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        return (-60 if zone[0] == "-" else 60) * minutes
    return _OFFSETS.get(zone.lower(), 9) * 3600


def moment(date: FeedDate | None) -> datetime | None:
    """Return the moment of ``date`` in Japan time, or None if it is missing or impossible."""
    try:
        when = datetime.fromtimestamp(date.epoch, JAPAN) if date else None
    except (OverflowError, ValueError, OSError):
        return None
    return when if when and when >= OLDEST else None


def clamp(when: datetime | None, now: datetime) -> datetime:
    """Return ``when``, but never a future moment. A missing date becomes ``now``, the moment of first sight."""
    return min(when, now) if when else now


def day_minute(when: datetime) -> str:
    """Return ``date`` as front matter has it: ``2012-03-11 10:00``, Japan time."""
    return f"{when.astimezone(JAPAN):%Y-%m-%d %H:%M}"


def iso(when: datetime) -> str:
    """Return ``first_seen`` and ``updated`` as front matter has them: ISO 8601 to the second, with ``+09:00``."""
    return when.astimezone(JAPAN).isoformat(timespec="seconds")


def read_moment(text: str) -> datetime:
    """Read ISO 8601, as ``--now`` and front matter have it. Without a zone it is Japan time. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    return parsed.astimezone(JAPAN) if parsed.tzinfo else parsed.replace(tzinfo=JAPAN)
