"""One typed model per kind of document. A new kind is one class here and one line in `KINDS`; `tests/test_frontmatter.py` tries them all.

Values arrive as the text that the editor wrote. What is wrong is said by `Wrong`, in Japanese and English.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, ClassVar, Literal, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from .registry import Place, Registry, Topic


def wrong(ja: str, en: str, at: str = "") -> PydanticCustomError:
    """Return the error that carries one message in two languages to the editor; ``at`` names the key to look at, where Pydantic does not know it."""
    return PydanticCustomError("wrong", "{ja} / {en}", {"ja": ja, "en": en, "at": at})


def _registry(info: ValidationInfo) -> Registry:
    return cast(Registry, info.context)


_MOMENT = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?(?:\+09:00)?")


def _moment(value: Any, info: ValidationInfo) -> dt.datetime:
    found = _MOMENT.fullmatch(str(value))
    try:
        if found:
            parts = [int(part) for part in found.groups(default="0")]
            return dt.datetime(*parts, tzinfo=_registry(info).site.zone)  # type: ignore[arg-type,misc]
    except ValueError:
        pass
    raise wrong(
        f"日付「{value}」が読めません。「2015-03-21」か「2015-03-21 10:00」の形で書いてください",
        f"{value!r} is no date: write 2015-03-21 or 2015-03-21 10:00",
    )


def _day(value: Any, info: ValidationInfo) -> dt.date:
    return _moment(value, info).date()


def _end(value: Any, info: ValidationInfo) -> dt.datetime:
    """A bare date lasts to its midnight; a time is that time."""
    moment = _moment(value, info)
    return moment if ":" in str(value) else moment + dt.timedelta(days=1)


def _place(value: Any, info: ValidationInfo) -> Place:
    places = _registry(info).places
    if value in places:
        return places[value]
    raise wrong(
        f"「{value}」という市町村はありません。「石巻市」のように正式な名前で書いてください",
        f"no municipality {value!r}: write its full name, such as 石巻市",
    )


def _topic(value: Any, info: ValidationInfo) -> Topic:
    topics = _registry(info).topics
    if value in topics:
        return topics[value]
    raise wrong(
        f"「{value}」というテーマはありません。使えるのは {'、'.join(topics)} です", f"no topic {value!r}: use one of {', '.join(topics)}"
    )


def _line(value: str) -> str:
    if "\n" in value:
        raise wrong("途中で行を変えずに、一行で書いてください", "write it on one line")
    return value


def _web(value: str) -> str:
    if re.fullmatch(r"https?://[^\s<>\"]+", value):
        return value
    raise wrong(f"「{value}」はアドレスではありません。「https://」から書いてください", f"{value!r} is no address: begin with https://")


def _old_address(value: str) -> str:
    if re.fullmatch(r"/([a-zA-Z0-9._~-]+/)+", value):
        return value
    raise wrong(
        f"前のアドレス「{value}」が正しくありません。「/old/address/」のように / で始めて / で終えてください",
        f"{value!r} is no address of this site: write /old/address/",
    )


def _duration(value: str) -> str:
    if re.fullmatch(r"(\d+:)?[0-5]?\d:[0-5]\d", value):
        return value
    raise wrong(
        f"長さ「{value}」が読めません。「4:30」（分:秒）の形で書いてください",
        f"{value!r} is no length: write minutes:seconds, such as 4:30",
    )


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
Moment = Annotated[dt.datetime, BeforeValidator(_moment)]
Day = Annotated[dt.date, BeforeValidator(_day)]
End = Annotated[dt.datetime, BeforeValidator(_end)]
Municipality = Annotated[Place, BeforeValidator(_place)]
Subject = Annotated[Topic, BeforeValidator(_topic)]
Web = Annotated[str, AfterValidator(_web)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Old = Annotated[str, AfterValidator(_old_address)]


class Meta(BaseModel):
    """What every kind can say. Times are in the site's zone."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    word: ClassVar[str] = "記事"

    title: Line
    date: Moment | None = None
    publication: str | None = None
    expires: End | None = None
    updated: Moment | None = None
    summary: Line | None = None
    municipalities: tuple[Municipality, ...] = ()
    topics: tuple[Subject, ...] = ()
    image: Line | None = None
    image_alt: Line | None = None
    slug: Slug | None = None
    draft: bool = False
    aliases: tuple[Old, ...] = ()

    @model_validator(mode="after")
    def image_has_words(self) -> Meta:
        """An image without words is nothing to who cannot see it (WCAG 2.2, 1.1.1)."""
        if self.image and not self.image_alt:
            raise wrong(
                "絵の説明がありません。image_alt に、絵が伝えることを書いてください",
                "the image has no text: say in image_alt what it shows",
                "image",
            )
        return self

    @model_validator(mode="after")
    def ends_after_it_begins(self) -> Meta:
        """A document that ends before it begins would never be seen, and nobody would know why."""
        if self.date and self.expires and self.expires <= self.date:
            raise wrong(
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
            raise wrong(
                f"「{self.label}」の done（{self.done:g}）が total（{self.total:g}）を超えています",
                f"done ({self.done:g}) is more than total ({self.total:g})",
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
    duration: Annotated[str, AfterValidator(_duration)]
    captions: Line
    reporter: Line | None = None


class Record(Dated):
    """One record of the permanent archive on education."""

    word: ClassVar[str] = "記録"
    school_level: Literal["幼稚園", "小学校", "中学校", "高等学校", "特別支援学校", "教育委員会"]
    record_kind: Literal["対応記録", "活動事例", "防災教育"]
    fiscal_year: int = Field(ge=2010, le=2100)
    school: Line | None = None


class Event(Dated):
    """Something to go to."""

    word: ClassVar[str] = "催し"
    start: Moment
    end: Moment | None = None
    venue: Line
    address: Line | None = None
    fee: Line | None = None
    organizer: Line | None = None
    contact: Line | None = None

    @model_validator(mode="after")
    def ends_after_start(self) -> Event:
        """An event has to last."""
        if self.end and self.end < self.start:
            raise wrong("end（終わり）が start（始まり）より前です", "end lies before start", "end")
        return self


class Notice(Dated):
    """An emergency notice. It must say when it ends: an old warning is dangerous."""

    word: ClassVar[str] = "お知らせ"
    severity: Literal["情報", "注意", "警報", "特別警報"]
    expires: End
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
    original: Web
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
