"""One typed model per kind of document. A new kind is one class here and one line in `KINDS`; `tests/plugins/frontmatter/test_library.py` tries them all."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from plugins.frontmatter.model.fields import (
    Day,
    EndMoment,
    FormerAddress,
    Line,
    Moment,
    Municipality,
    Slug,
    TopicField,
    WebAddress,
    duration,
    field_error,
)


class Meta(BaseModel):
    """What every kind can say. Times are in the site's zone."""

    # A kind that nobody wrote in is not made ready to judge it.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True)
    word: ClassVar[str] = "記事"

    title: Line
    date: Moment | None = None
    publication: str | None = None
    expires: EndMoment | None = None
    updated: Moment | None = None
    summary: Line | None = None
    municipalities: tuple[Municipality, ...] = ()
    topics: tuple[TopicField, ...] = ()
    image: Line | None = None
    image_alt: Line | None = None
    slug: Slug | None = None
    draft: bool = False
    aliases: tuple[FormerAddress, ...] = ()

    @model_validator(mode="after")
    def image_has_words(self) -> Meta:
        """An image without words is nothing to who cannot see it (WCAG 2.2, 1.1.1)."""
        if self.image and not self.image_alt:
            raise field_error(
                "絵の説明がありません。image_alt に、絵が伝えることを書いてください",
                "the image has no text: say in image_alt what it shows",
                "image",
            )
        return self

    @model_validator(mode="after")
    def ends_after_it_begins(self) -> Meta:
        """A document that ends before it begins would never be seen, and nobody would know why."""
        if self.date and self.expires and self.expires <= self.date:
            raise field_error(
                "expires（公開の終わり）が date（公開日時）より前です。どちらかを直してください",
                "expires lies before date: put one of them right",
                "expires",
            )
        return self

    @property
    def ends(self) -> dt.datetime | None:
        """When the document comes down, if ever."""
        return self.expires


class Dated(Meta):
    """A kind that is news: it has its moment."""

    date: Moment


class Article(Dated):
    """News, a report, a letter."""


class Figure(BaseModel):
    """One number of progress: ``done`` of ``total`` units."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Line
    done: float = Field(ge=0)
    total: float = Field(gt=0)
    unit: Line

    @model_validator(mode="after")
    def not_more_than_all(self) -> Figure:
        """More done than planned is a slip of the pen."""
        if self.done > self.total:
            raise field_error(
                f"「{self.label}」の done（{self.done:g}）が total（{self.total:g}）を超えています。数を確かめてください",
                f"done ({self.done:g}) is more than total ({self.total:g}): look at both numbers",
            )
        return self

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 means finished."""
        return int(self.done * 100 // self.total)


class Progress(Dated):
    """みやぎ復興だより: how far the works have come."""

    word: ClassVar[str] = "進み具合"
    as_of: Day | None = None
    figures: tuple[Figure, ...] = ()


class Job(Dated):
    """A job posting, which comes down by itself when the day of its deadline is over."""

    word: ClassVar[str] = "求人"
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

    word: ClassVar[str] = "動画"
    video: Line
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

    word: ClassVar[str] = "記録"
    school_level: Literal["幼稚園", "小学校", "中学校", "高等学校", "特別支援学校", "教育委員会"]
    record_kind: Literal["対応記録", "活動事例", "防災教育"]
    fiscal_year: int = Field(ge=2010, le=2100)
    school: Line | None = None
    attachments: tuple[Attachment, ...] = ()


class Event(Dated):
    """Something to go to. A bare day as ``start`` or ``end`` means the whole of it."""

    word: ClassVar[str] = "催し"
    start: Moment
    end: Moment | None = None
    venue: Line
    address: Line | None = None
    fee: Line | None = None
    organizer: Line | None = None
    contact: Line | None = None
    access: Line | None = None
    parking: Line | None = None
    capacity: Line | None = None
    apply: Line | None = None
    apply_by: EndMoment | None = None
    url: WebAddress | None = None
    latitude: float | None = Field(default=None, ge=20, le=46)
    longitude: float | None = Field(default=None, ge=122, le=154)
    source: Line | None = None
    imported: Line | None = None

    @model_validator(mode="after")
    def ends_after_start(self) -> Event:
        """An event has to last."""
        if self.end and self.finishes <= self.start:
            raise field_error(
                "終わり（end）が始まり（start）より前です。どちらかの日時を直してください",
                "end lies before start: put one of them right",
                "end",
            )
        return self

    @property
    def all_day(self) -> bool:
        """Tell whether only days are given, no times."""
        return self.start.time() == dt.time() and (self.end is None or self.end.time() == dt.time())

    @property
    def finishes(self) -> dt.datetime:
        """When it is over: at its end; at midnight after the last day, when no time of the end is given."""
        last = self.end or self.start
        if self.end and self.end.time() != dt.time():
            return self.end
        return dt.datetime.combine(last.date() + dt.timedelta(days=1), dt.time(), last.tzinfo)

    @property
    def days(self) -> list[dt.date]:
        """Every day it takes place on."""
        last = (self.end or self.start).date()
        return [self.start.date() + dt.timedelta(days=number) for number in range((last - self.start.date()).days + 1)]


class Notice(Dated):
    """An emergency notice. It must say when it ends: an old warning is dangerous."""

    word: ClassVar[str] = "お知らせ"
    severity: Literal["情報", "注意", "警報", "特別警報"]
    expires: EndMoment
    areas: Line | None = None


class Issue(Dated):
    """One issue of a mail magazine; list and number come from its place."""

    word: ClassVar[str] = "メールマガジン"
    preheader: Line | None = None


class Page(Meta):
    """A standing page."""

    word: ClassVar[str] = "ページ"


class Partner(Dated):
    """An entry of a partner's blog, written by the importer."""

    word: ClassVar[str] = "協力ブログ"
    original: WebAddress
    author: Line
    licence: Line
    feed: str
    entry_id: str
    first_seen: Moment
    hash: str


KINDS: dict[str, type[Meta]] = {
    "article": Article,
    "progress": Progress,
    "job": Job,
    "video": Video,
    "record": Record,
    "event": Event,
    "notice": Notice,
    "issue": Issue,
    "page": Page,
    "partner": Partner,
}
