"""The content types: one typed model of front matter each.

A new content type is one class here and one template, ``types/<key>.html`` in the theme, which shows what only this type says. The class gives the
rest: whether it is news, what a list says of it, whether issues carry it by themselves. A type without its template is a diagnostic of
`todoke check` and stops the build (`plugins.publications.type_templates.missing_templates`). `tests/plugins/frontmatter/model/test_content_types.py`
tries them all.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from plugins.frontmatter.model.fields import Day, EndMoment, Line, Moment, WebAddress, duration, field_error, film
from plugins.frontmatter.model.meta import CONTENT_TYPES as CONTENT_TYPES
from plugins.frontmatter.model.meta import Dated as Dated
from plugins.frontmatter.model.meta import Meta as Meta
from plugins.frontmatter.model.notices import Drill as Drill
from plugins.frontmatter.model.notices import Notice as Notice


class Article(Dated):
    """News, a report, a letter."""

    key: ClassVar[str] = "article"
    is_news: ClassVar[bool] = True


MOST = 1e15
"""Of any unit, yen included. Up to here a float counts in whole units, and no number of public works is larger."""

LONGEST_EVENT = dt.timedelta(days=731)
"""Two years. A calendar shows each day of an event, and a later end is a slip of the year."""


class Figure(BaseModel):
    """One number of progress: ``done`` of ``total`` units."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Line
    done: float = Field(ge=0, le=MOST)
    total: float = Field(gt=0, le=MOST)
    unit: Line

    @model_validator(mode="after")
    def not_more_than_all(self) -> Figure:
        """Refuse a number that is higher than its total: a typing mistake."""
        if self.done > self.total:
            raise field_error(
                f"「{self.label}」の done（{self.done:g}）が total（{self.total:g}）を超えています。数を確かめてください",
                f"done ({self.done:g}) is more than total ({self.total:g}): look at both numbers",
            )
        return self

    @property
    def percent(self) -> int:
        """The share in whole percent, rounded down, so that 100 means finished."""
        return int(self.done * 100 // self.total)


class Progress(Dated):
    """A report in みやぎ復興だより on how far the works have come."""

    key: ClassVar[str] = "progress"
    word: ClassVar[str] = "進み具合"
    is_news: ClassVar[bool] = True

    as_of: Day | None = None
    figures: tuple[Figure, ...] = ()


class Job(Dated):
    """A job posting. It is taken down when the day of its deadline is over."""

    key: ClassVar[str] = "job"
    word: ClassVar[str] = "求人"
    date_word: ClassVar[str] = "掲載"
    shows_age: ClassVar[bool] = False

    employer: Line
    place: Line
    employment: Literal["正社員", "契約社員", "パート", "任期付職員", "季節雇用"]
    pay: Line
    deadline: Day

    @property
    def ends(self) -> dt.datetime | None:
        """Midnight after the deadline, or the explicit end if that is earlier."""
        midnight = dt.datetime.combine(self.deadline + dt.timedelta(days=1), dt.time(), self.date.tzinfo)
        return min(midnight, self.expires) if self.expires else midnight


class Video(Dated):
    """A video with captions; the body holds the transcript."""

    key: ClassVar[str] = "video"
    word: ClassVar[str] = "動画"
    is_news: ClassVar[bool] = True
    shows_picture: ClassVar[bool] = True

    video: Annotated[Line, AfterValidator(film)]
    duration: Annotated[str, AfterValidator(duration)]
    captions: Line
    reporter: Line | None = None


class Attachment(BaseModel):
    """A PDF that goes with a record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[Line, Field(pattern=r"\.[pP][dD][fF]$")]
    title: Line


class Record(Dated):
    """One record of the permanent archive on education."""

    key: ClassVar[str] = "record"
    word: ClassVar[str] = "記録"

    school_level: Literal["幼稚園", "小学校", "中学校", "高等学校", "特別支援学校", "教育委員会"]
    record_kind: Literal["対応記録", "活動事例", "防災教育"]
    fiscal_year: int = Field(ge=2010, le=2100)
    school: Line | None = None
    attachments: tuple[Attachment, ...] = ()


EventStatus = Literal["中止", "延期", "日程変更"]
"""What became of an event that does not take place as it was made known."""


class Event(Dated):
    """An event. A ``start`` or ``end`` without a time means the whole day."""

    key: ClassVar[str] = "event"
    word: ClassVar[str] = "催し"
    date_word: ClassVar[str] = "掲載"
    shows_age: ClassVar[bool] = False

    start: Moment
    end: Moment | None = None
    status: EventStatus | None = None
    previous_start: Moment | None = None
    venue: Line
    address: Line | None = None
    fee: Line | None = None
    organizer: Line | None = None
    contact: Line | None = None
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
        start, end = str(values.get("start") or ""), str(values.get("end") or "")
        if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", start.strip()) and ":" in end:
            raise field_error(
                "終わり（end）に時刻があり、始まり（start）にありません。「2015-03-21 10:00」のように、始まりの時刻も書いてください",
                "end has a time and start has none: write the time of the start too",
                "start",
            )
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
                "日程変更（status）には、前の始まりを previous_start に書いてください。ほかのときは previous_start は要りません",
                "status: 日程変更 and previous_start go together",
                "previous_start" if self.previous_start else "status",
            )
        return self

    @model_validator(mode="after")
    def ends_after_start(self) -> Event:
        """Refuse an event that is over before it begins."""
        if self.end and self.finishes <= self.start:
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

    @property
    def all_day(self) -> bool:
        """Tell whether only days are given, no times. An event that begins at midnight counts as such: front matter cannot tell the two apart."""
        return self.start.time() == dt.time() and (self.end is None or self.end.time() == dt.time())

    @property
    def finishes(self) -> dt.datetime:
        """When the event is over: at its end, or, when no time of the end is given, at the midnight after its last day."""
        last = self.end or self.start
        if self.end and self.end.time() != dt.time():
            return self.end
        return dt.datetime.combine(last.date() + dt.timedelta(days=1), dt.time(), last.tzinfo)

    @property
    def days(self) -> list[dt.date]:
        """Every day on which the event takes place."""
        last = (self.end or self.start).date()
        return [self.start.date() + dt.timedelta(days=number) for number in range((last - self.start.date()).days + 1)]


class Issue(Dated):
    """One issue of a mail magazine. Its list and number come from its folder and file name."""

    key: ClassVar[str] = "issue"
    word: ClassVar[str] = "メールマガジン"
    page_template: ClassVar[str] = "issue"
    is_listed: ClassVar[bool] = False
    chosen_by_editor: ClassVar[bool] = False

    preheader: Line | None = None


class Page(Meta):
    """A page that belongs to no publication and has no date, such as "about this site"."""

    key: ClassVar[str] = "page"
    word: ClassVar[str] = "ページ"
    page_template: ClassVar[str] = "page"
    is_listed: ClassVar[bool] = False
    chosen_by_editor: ClassVar[bool] = False


class Partner(Dated):
    """An entry of a partner's blog. The importer writes the file (`plugins.partners`); an editor reviews it."""

    key: ClassVar[str] = "partner"
    word: ClassVar[str] = "協力ブログ"
    is_listed: ClassVar[bool] = False

    original: WebAddress
    author: Line
    licence: Line
    feed: str
    entry_id: str
    also_known_as: tuple[str, ...] = ()
    first_seen: Moment
    hash: str
    source: dict[str, str] = Field(default_factory=dict)
    edit_of: str = ""

    @model_validator(mode="after")
    def is_not_announced(self) -> Partner:
        """Refuse to announce what others have written: it is theirs to spread."""
        if self.announce:
            raise field_error(
                "協力ブログの記事は、こちらからは告知しません。announce の行を消してください",
                "an entry of a partner's blog is not announced by us: delete the line",
                "announce",
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def new_version_waits(cls, front: Any) -> Any:
        """Keep a new version of an entry a draft, even if an editor deleted the line: the next import puts it in the entry's place, and never are both public."""
        return {**front, "draft": True} if isinstance(front, dict) and front.get("edit_of") else front
