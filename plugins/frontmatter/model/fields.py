"""The types of single fields in front matter: moments, places, topics, addresses.

Each value arrives as the text that the editor wrote (`plugins.frontmatter.parse.source` converts nothing), so that a message can quote it. A value
that cannot be read raises `field_error`, with one message in Japanese and English.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError, PydanticKnownError

from plugins.control_characters import is_blank
from plugins.frontmatter.model.addresses import LONGEST_NAME, check_former_address, former_address
from plugins.frontmatter.model.link_targets import is_web_address
from plugins.frontmatter.model.places import place_named
from plugins.frontmatter.model.registry import Place, Registry, Topic
from plugins.typography import written_dates
from plugins.typography.written_dates import NoSuchMoment

EXPLAINED = "explained"
"""The type of Pydantic's error whose message is written for editors already."""


def field_error(ja: str, en: str, at: str = "") -> PydanticCustomError:
    """Return an error for Pydantic that carries one message in two languages to `plugins.frontmatter.parse.explain`.

    ``at`` names the key that the editor has to change. Pydantic knows the key of a field's own validator, but not that of a model's.
    """
    return PydanticCustomError(EXPLAINED, "{ja} / {en}", {"ja": ja, "en": en, "at": at})


FIRST_YEAR = 1868
"""明治元年. No record of the site is older, and the eras in which the site writes years begin here."""

YEARS_AHEAD = 50
"""A later date is a slip of a digit. The furthest real ones are ends of plans and of guarantees."""

NO_END = 9999
"""The year of ``9999-12-31``, with which other systems say that something has no end."""


@dataclass(frozen=True)
class Reading:
    """What the validators need beside the value: what front matter may name, and the last year that a date may have."""

    registry: Registry
    last_year: int

    @classmethod
    def at(cls, registry: Registry, now: dt.datetime) -> Reading:
        """Return the context of a build for the moment ``now``. Only its year counts, and only for dates half a century away."""
        # Not timetuple(): it asks the zone, which reads the exact time, and the build would hold for this microsecond only (`plugins.clock`).
        return cls(registry, dt.datetime.date(now).year + YEARS_AHEAD)


def _registry(info: ValidationInfo) -> Registry:
    return cast(Reading, info.context).registry


# Only Japan's offset may stand after a time: every date on the site is Japan's, and an editor who means another zone must hear of it.
MOMENT_PATTERN = r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?(?:\+09:00)?"
"""The form of a day or a moment that is read. JSON Schema has it too, so it is a regular expression of ECMAScript as well."""

_MOMENT = re.compile(MOMENT_PATTERN)


def is_moment(text: str) -> bool:
    """Tell whether ``text`` has the form of a day or a moment that is read. It may still be no day of the calendar."""
    return _MOMENT.fullmatch(text) is not None


def _moment(value: Any, info: ValidationInfo) -> dt.datetime:
    moment, last_year = _read_moment(value, info), cast(Reading, info.context).last_year
    if FIRST_YEAR <= moment.year <= last_year:
        return moment
    raise field_error(
        f"日付「{value}」の年が範囲の外です。{FIRST_YEAR}年から{last_year}年までで書いてください",
        f"the year of {value!r} is out of range: {FIRST_YEAR} to {last_year}",
    )


def _read_moment(value: Any, info: ValidationInfo) -> dt.datetime:
    match = _MOMENT.fullmatch(str(value))
    try:
        if match:
            year, month, day, hour, minute, second = (int(digits) for digits in match.groups(default="0"))
            days = 1 if (hour, minute, second) == (24, 0, 0) else 0  # 24:00 ends a day (ISO 8601-1:2019/Amd 1:2022)
            midnight = dt.datetime(year, month, day, tzinfo=_registry(info).site.zone) + dt.timedelta(days=days)
            return midnight if days else midnight.replace(hour=hour, minute=minute, second=second)
    except (ValueError, OverflowError):  # the form is right, the day is not: 2015-02-30, or the day after it is: 9999-12-31 24:00
        pass
    raise _unread(_short(value))


def _unread(text: str) -> PydanticCustomError:
    """Name what is wrong with a date, and what to write: the same day in the form that is read, if it is written as people write days."""
    try:
        written, otherwise = written_dates.iso(text), written_dates.written_otherwise(text)
    except NoSuchMoment as error:
        return field_error(f"日付「{text}」：{error}", f"{text!r}: {error.en}")
    if written is not None:
        is_fixed = not is_moment(text)  # T106 leaves alone what has the form that is read: 24:00 needs a person, who knows the day
        return field_error(
            f"日付「{text}」は「{written}」と書いてください{'。todoke check --fix でも直せます' if is_fixed else ''}",
            f"write {text!r} as {written}{'; todoke check --fix does it' if is_fixed else ''}",
        )
    if otherwise:
        return field_error(f"日付「{text}」は読めません。{otherwise[0]}", f"{text!r}: {otherwise[1]}")
    if missing := written_dates.what_is_missing(text):
        ja, en = missing
        return field_error(
            f"日付「{text}」は読めません。{ja}。「2015-03-21」か「2015-03-21 10:00」の形で書いてください",
            f"{text!r}: {en}; write 2015-03-21 or 2015-03-21 10:00",
        )
    return field_error(
        f"日付「{text}」が読めません。「2015-03-21」か「2015-03-21 10:00」の形で書いてください",
        f"{text!r} is no date: write 2015-03-21 or 2015-03-21 10:00",
    )


def _short(value: Any) -> str:
    """Return ``value`` as a message quotes it: a line of a terminal is enough to find it again."""
    text = str(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _day(value: Any, info: ValidationInfo) -> dt.date:
    return _moment(value, info).date()


def _end(value: Any, info: ValidationInfo) -> dt.datetime | None:
    """Read the end of something. A date without a time means its last moment, which is the midnight after it; a day of the year 9999 means no end."""
    if _read_moment(value, info).year == NO_END:
        return None
    moment = _moment(value, info)
    return moment if ":" in str(value) else moment + dt.timedelta(days=1)


def _event_end(value: Any, info: ValidationInfo) -> dt.datetime:
    if (end := _end(value, info)) is not None:
        return end
    raise field_error(
        "催しの終わりに 9999-12-31（終わりなし）は使えません。最後の日を書くか、この行を消してください",
        "an event ends some day: write its last day, or delete the line",
    )


def _needed_end(value: Any, info: ValidationInfo) -> dt.datetime:
    if (end := _end(value, info)) is not None:
        return end
    raise field_error(
        "終わりの日が要ります。9999-12-31（終わりなし）は使えません。古くなった知らせは危険です",
        "an end is needed, and 9999-12-31 (no end) is none: an old warning is dangerous",
    )


_QUOTES = "\"'“”‘’「」『』［］[] \u3000"


def _joined(value: str, known: Iterable[str]) -> PydanticCustomError | None:
    """Return the error of several words of a list that are not separated by a comma of the keyboard; None if it is one word."""
    sign = next((sign for sign in "、，；;／/ \u3000" if sign in value.strip(_QUOTES)), "")
    parts = [part.strip(_QUOTES) for part in value.split(sign)] if sign else []
    if not set(parts) & set(known):
        return None
    shown = f"[{', '.join(parts)}]"
    return field_error(
        f"「{_short(value)}」は「{sign}」で区切られています。{shown} のように、半角の「,」と空白で区切ってください",
        f"separated by {sign!r}: write {shown}, with ASCII commas",
    )


def _place(value: Any, info: ValidationInfo) -> Place:
    places = _registry(info).places
    place = place_named(places, str(value))  # a list inside the list has no hash
    if place is not None:
        return place
    if joined := _joined(str(value), places):
        raise joined
    likely = next(iter(get_close_matches(str(value).strip(_QUOTES), places, n=1)), "")
    hint_ja, hint_en = (f"「{likely}」ではありませんか", f"did you mean {likely}?") if likely else ("", "")
    raise field_error(
        f"「{_short(value)}」という市町村はありません。{hint_ja or '「石巻市」のように正式な名前で書いてください'}",
        f"no municipality {_short(value)!r}: {hint_en or 'write its full name, such as 石巻市'}",
    )


def _topic(value: Any, info: ValidationInfo) -> Topic:
    topics = _registry(info).topics
    if str(value) in topics:
        return topics[str(value)]
    if joined := _joined(str(value), topics):
        raise joined
    raise field_error(
        f"「{_short(value)}」というテーマはありません。使えるのは {'、'.join(topics)} です",
        f"no topic {_short(value)!r}: use one of {', '.join(topics)}",
    )


def _line(value: str) -> str:
    if is_blank(value):
        raise PydanticKnownError("string_too_short", {"min_length": 1})  # is told as an empty field is
    if "\n" in value:
        raise field_error("途中で行を変えずに、一行で書いてください", "write it on one line")
    return value


def _web(value: str) -> str:
    if is_web_address(value):
        return value
    raise field_error(
        f"「{_short(value)}」はアドレスではありません。「https://」から書いてください",
        f"{_short(value)!r} is no address: begin with https://",
    )


def film(value: str) -> str:
    """Check where a film is: an address of the web, or a file of the site. No other scheme is either."""
    return _web(value) if ":" in value.split("/", 1)[0] or value.startswith(("//", "\\")) else value


def duration(value: str) -> str:
    """Check the length of a video: ``4:30`` or ``1:04:30``. It stays text; schema.org's form is made where it is needed."""
    if re.fullmatch(r"([0-9]{1,2}:)?[0-5]?[0-9]:[0-5][0-9]", value):
        return value
    raise field_error(
        f"長さ「{value}」が読めません。「4:30」（分:秒）の形で書いてください",
        f"{value!r} is no length: write minutes:seconds, such as 4:30",
    )


def _old_address(value: str, info: ValidationInfo) -> str:
    address = former_address(value)
    if words := check_former_address(address, _registry(info).own_addresses):
        raise field_error(*words)
    return address


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
Moment = Annotated[dt.datetime, BeforeValidator(_moment)]
Day = Annotated[dt.date, BeforeValidator(_day)]
EndMoment = Annotated[dt.datetime | None, BeforeValidator(_end)]
"""None stands for "no end", written as ``9999-12-31``."""
NeededEnd = Annotated[dt.datetime, BeforeValidator(_needed_end)]

EventEnd = Annotated[dt.datetime, BeforeValidator(_event_end)]

DATE_VALIDATORS = frozenset({_moment, _day, _end, _needed_end, _event_end})
"""What reads the value of a field that holds a day or a moment."""

Municipality = Annotated[Place, BeforeValidator(_place)]
TopicField = Annotated[Topic, BeforeValidator(_topic)]
WebAddress = Annotated[str, AfterValidator(_web)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=LONGEST_NAME)]
FormerAddress = Annotated[str, AfterValidator(_old_address)]
