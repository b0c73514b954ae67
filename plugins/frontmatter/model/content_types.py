"""The content types: one typed model of front matter each.

A new content type is one class here and one template, ``types/<key>.html`` in the theme, which shows what only this type says. A long class has a
module of its own, which this one imports. The class gives the rest: whether it is news, what a list says of it, whether issues carry it by themselves. A
type without its template is a diagnostic of `todoke check` and stops the build (`plugins.publications.type_templates.missing_templates`).
`tests/plugins/frontmatter/model/test_content_types.py` tries them all.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from plugins.frontmatter.model.content.event import Event as Event
from plugins.frontmatter.model.content.job import Job as Job
from plugins.frontmatter.model.fields import Day, Line, Moment, WebAddress, duration, field_error, film
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

    @model_validator(mode="after")
    def was_counted_before(self) -> Progress:
        """Refuse numbers of a day after the report: they would be a forecast that looks like a count."""
        written = max(self.date, self.updated or self.date).date()
        if self.as_of and self.as_of > written:
            raise field_error(
                f"as_of（いつの数か）が、公開した日（{written}）より後です。年や日を確かめてください",
                f"as_of lies after the day of the report ({written})",
                "as_of",
            )
        return self


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

    shown_elsewhere: ClassVar[frozenset[str]] = frozenset({"attachments"})

    school_level: Literal["幼稚園", "小学校", "中学校", "高等学校", "特別支援学校", "教育委員会"]
    record_kind: Literal["対応記録", "活動事例", "防災教育"]
    fiscal_year: int = Field(ge=2010, le=2100)
    school: Line | None = None
    attachments: tuple[Attachment, ...] = ()


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

    shown_elsewhere: ClassVar[frozenset[str]] = frozenset({"entry_id", "also_known_as", "hash", "source", "edit_of"})

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
