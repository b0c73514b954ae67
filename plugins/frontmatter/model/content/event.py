"""Events: when they begin and end, and what became of them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, ClassVar, Literal, get_args

from pydantic import Field, model_validator

from plugins.frontmatter.model.fields import EndMoment, EventEnd, Line, Moment, WebAddress, field_error
from plugins.frontmatter.model.meta import Dated
from plugins.frontmatter.model.notices import Phones
from plugins.typography.dates import japanese_clock, japanese_day

LONGEST_EVENT = dt.timedelta(days=731)
"""Two years. A calendar shows each day of an event, and a later end is a slip of the year."""

_DAY_ALONE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")
_AT_MIDNIGHT = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}[ T]0{1,2}:00(:00)?")

EventStatus = Literal["中止", "延期", "日程変更"]
"""What became of an event that does not take place as it was made known."""


class Event(Dated):
    """An event. A ``start`` without a time means whole days; ``end`` is exclusive, so a last day without a time is the midnight after it."""

    key: ClassVar[str] = "event"
    word: ClassVar[str] = "催し"
    date_word: ClassVar[str] = "掲載"
    shows_age: ClassVar[bool] = False

    shown_elsewhere: ClassVar[frozenset[str]] = frozenset({"latitude", "longitude", "source", "imported"})

    start: Moment
    end: EventEnd | None = None
    status: EventStatus | None = None
    previous_start: Moment | None = None
    venue: Line
    address: Line | None = None
    fee: Line | None = None
    organizer: Line | None = None
    contact: Line | None = None
    phone: Phones = ()
    wheelchair: Line | None = None
    access: Line | None = None
    parking: Line | None = None
    capacity: Line | None = None
    apply: Line | None = None
    apply_by: EndMoment = None
    url: WebAddress | None = None
    latitude: float | None = Field(default=None, ge=20, le=46)
    longitude: float | None = Field(default=None, ge=122, le=154)
    source: Line | None = None
    imported: Line | None = None

    @model_validator(mode="before")
    @classmethod
    def title_says_the_status(cls, values: Any) -> Any:
        """Put what became of the event before its title: lists, mails, feeds, search and calendars all show the title, and none may leave it out."""
        status, title = values.get("status"), values.get("title")
        if status in get_args(EventStatus) and isinstance(title, str) and title.strip() and status not in title:
            return {**values, "title": f"【{status}】{title.strip()}"}
        return values

    @model_validator(mode="before")
    @classmethod
    def is_timed_as_a_whole(cls, values: Any) -> Any:
        """Refuse a day without a time that ends at a time: nobody would know when to come."""
        start, end = str(values.get("start") or "").strip(), str(values.get("end") or "").strip()
        if _DAY_ALONE.fullmatch(start) and ":" in end:
            raise field_error(
                "終わり（end）に時刻があり、始まり（start）にありません。「2015-03-21 10:00」のように、始まりの時刻も書いてください",
                "end has a time and start has none: write the time of the start too",
                "start",
            )
        if _AT_MIDNIGHT.fullmatch(start) and (not end or _DAY_ALONE.fullmatch(end)):
            raise field_error(
                f"始まり（start）の「{start}」は、真夜中の0時ちょうどです。そうなら終わりの時刻を end に書き、一日じゅうなら時刻を消してください",
                f"start {start!r} is midnight sharp: write the time at which it ends, or for a whole day, delete the time",
                "start",
            )
        if _DAY_ALONE.fullmatch(end) and start != end and start.startswith(end):  # the day of the start again, without a time
            return {key: value for key, value in values.items() if key != "end"}
        return values

    @model_validator(mode="after")
    def change_is_dated(self) -> Event:
        """Ask for the day of the change, by which calendars know the newer version, and for the day that a moved event had before."""
        if self.status and (self.updated is None or self.date is None or self.updated <= self.date):
            raise field_error(
                f"「status: {self.status}」には、知らせた日時を updated に書いてください（date より後）。予定表は、これで新しい知らせだと分かります",
                "with status, write in updated when it was announced, later than date: calendars tell the newer version by it",
                "status",
            )
        if (self.status == "日程変更") != (self.previous_start is not None):
            raise field_error(
                *_half_a_move(self.status),
                "previous_start" if self.previous_start else "status",
            )
        return self

    @model_validator(mode="after")
    def has_moved(self) -> Event:
        """Refuse a change of date that changes nothing."""
        if self.previous_start and self.previous_start == self.start:
            raise field_error(
                "previous_start（前の始まり）が start と同じです。新しい始まりを start に書いてください",
                "previous_start is the same as start: write the new start",
                "start",
            )
        return self

    @model_validator(mode="after")
    def ends_after_start(self) -> Event:
        """Refuse an event that is over before it begins."""
        if self.end and self.end <= self.start:
            raise field_error(
                "終わり（end）が始まり（start）より前です。どちらかの日時を直してください",
                "end lies before start: put one of them right",
                "end",
            )
        if self.end and self.end - self.start > LONGEST_EVENT:
            raise field_error(
                "始まり（start）から終わり（end）まで二年を超えています。年を確かめてください",
                "more than two years from start to end: look at the years",
                "end",
            )
        return self

    @model_validator(mode="after")
    def has_whole_place(self) -> Event:
        """Refuse one coordinate alone: no map would show it, and nobody would notice."""
        if (self.latitude is None) != (self.longitude is None):
            there, lacking = ("latitude", "longitude") if self.longitude is None else ("longitude", "latitude")
            raise field_error(
                f"{lacking} がありません。緯度（latitude）と経度（longitude）は、組で書いてください",
                f"{there} stands alone: write {lacking} too",
                there,
            )
        return self

    @property
    def all_day(self) -> bool:
        """Tell whether the event takes whole days, from midnight to midnight."""
        return is_midnight(self.start) and (self.end is None or is_midnight(self.end))

    @property
    def finishes(self) -> dt.datetime:
        """When the event is over: at its end, or without one, at the midnight after its first day."""
        return self.end or _midnight_after(self.start)

    @property
    def last_day(self) -> dt.date:
        """The last day on which the event takes place. Midnight is the end of the day before."""
        return (self.finishes - dt.timedelta(microseconds=1)).date()

    @property
    def when(self) -> str:
        """``2021年4月10日（土曜日）10時から15時まで``. Midnight is the end of the day before: 24時, where that is the day of the start."""
        begins = japanese_day(self.start) if self.all_day else f"{japanese_day(self.start)}{japanese_clock(self.start)}"
        takes_days = self.last_day != self.start.date()
        if not takes_days and (self.all_day or not self.end):
            return begins if self.all_day else f"{begins}から"
        at = japanese_clock(self.end) if self.end and not is_midnight(self.end) else "" if takes_days else "24時"
        last = japanese_day(self.last_day).removeprefix(f"{self.start.year}年") if takes_days else ""
        return f"{begins}から{last}{at}まで"

    @property
    def when_label(self) -> str:
        """What stands before the time: nobody may come at that of an event that is called off or postponed."""
        return "もとの日時" if self.status in ("中止", "延期") else "日時"

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a mail says of the event."""
        before = japanese_day(self.previous_start) if self.previous_start else ""
        pairs = ((self.when_label, self.when), ("前の日時", before), ("場所", self.venue), ("費用", self.fee or ""))
        return tuple((label, value) for label, value in pairs if value)

    @property
    def days(self) -> list[dt.date]:
        """Every day on which the event takes place."""
        first = self.start.date()
        return [first + dt.timedelta(days=number) for number in range((self.last_day - first).days + 1)]


def is_midnight(moment: dt.datetime) -> bool:
    return moment.time() == dt.time()


def _midnight_after(moment: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(moment.date() + dt.timedelta(days=1), dt.time(), moment.tzinfo)


def _half_a_move(status: str | None) -> tuple[str, str]:
    """Say what is lacking of a moved event: the day that it had, or the word that says so."""
    if status == "日程変更":
        return (
            "日程変更（status）には、前の始まりを previous_start に書いてください",
            "status: 日程変更 needs previous_start, when the event was to begin before",
        )
    return (
        "previous_start（前の始まり）は、新しい日時が決まったときに status: 日程変更 と組で書きます。決まっていないか中止なら、previous_start を消してください",
        "previous_start goes with status: 日程変更; without a new day delete it",
    )
