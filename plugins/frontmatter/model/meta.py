"""What every content type has: common front matter, what the theme and the lists ask of a type, and the table of all types.

`content_types` defines the types themselves.
"""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from plugins.frontmatter.model.fields import EndMoment, FormerAddress, Line, Moment, Municipality, Slug, TopicField, field_error

CONTENT_TYPES: dict[str, type[Meta]] = {}
"""Every content type by its key, in the order of `content_types`. A class with a ``key`` of its own enters itself. Import the table from there: this
module alone leaves it empty.
"""


class Meta(BaseModel):
    """What every content type can say. Times are in the site's zone."""

    # defer_build: Pydantic builds a validator when it is first used, so a type that no document has costs no time at start.
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True)

    key: ClassVar[str] = ""
    """What editors write as ``kind``."""

    word: ClassVar[str] = "記事"
    """What readers call it."""

    page_template: ClassVar[str] = "article"
    """The template of the whole page. ``article`` includes ``types/<key>.html``; any other is the type's own."""

    shows_picture: ClassVar[bool] = False
    """Whether ``types/<key>.html`` shows the document's picture itself."""

    date_word: ClassVar[str] = ""
    """Stands after the date where the date is not that of the matter itself: ``掲載`` for an event or a job."""

    shows_age: ClassVar[bool] = True
    """Whether the page says how long ago it was written."""

    is_news: ClassVar[bool] = False
    """``NewsArticle`` for search engines (schema.org), not ``Article``."""

    is_listed: ClassVar[bool] = True
    """Whether the newest ones stand on the portal, in its feed, among related documents, and in a new issue's draft."""

    chosen_by_editor: ClassVar[bool] = True
    """Whether an editor may choose this type for a file of any publication (not those whose place decides)."""

    shown_elsewhere: ClassVar[frozenset[str]] = frozenset()
    """Fields of this type that its template does not name: code shows them (``attachments``), or they are for programs (``latitude``). Every other one
    has to stand in ``types/<key>.html`` or in a property of the class (`plugins.publications.type_templates`).
    """

    title: Line
    date: Moment | None = None
    publication: str | None = None
    expires: EndMoment = None
    updated: Moment | None = None
    summary: Line | None = None
    municipalities: tuple[Municipality, ...] = ()
    topics: tuple[TopicField, ...] = ()
    image: Line | None = None
    image_alt: Line | None = None
    slug: Slug | None = None
    draft: bool = False
    aliases: tuple[FormerAddress, ...] = ()
    announce: bool | None = None

    @model_validator(mode="after")
    def image_has_words(self) -> Meta:
        """Refuse an image without a text alternative (WCAG 2.2, 1.1.1)."""
        if self.image and not self.image_alt:
            raise field_error(
                "絵の説明がありません。image_alt に、絵が伝えることを書いてください",
                "the image has no text: say in image_alt what it shows",
                "image",
            )
        return self

    @model_validator(mode="after")
    def is_announced_with_its_date(self) -> Meta:
        """Refuse to announce what is no news (`plugins.announcements`): a page has no moment at which it becomes public."""
        if self.announce and self.date is None:
            raise field_error(
                "日付のないページは告知できません。announce の行を消すか、記事として書いてください",
                "a page without a date cannot be announced: delete the line, or write an article",
                "announce",
            )
        return self

    @model_validator(mode="after")
    def ends_after_it_begins(self) -> Meta:
        """Refuse a document that ends before it begins: nobody would ever see it, or know why."""
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

    @property
    def own_summary(self) -> str:
        """What the fields of this type say in a few sentences, where they say more than the first paragraph; else empty."""
        return ""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """The facts that a reader needs before opening the document, as label and value. Lists show them."""
        return ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_options: object) -> None:
        """Enter the class among the content types, if it has a key of its own. Raises `TypeError` for a class that forgets its key or its word."""
        own = vars(cls)
        if "key" not in own and {"word", "page_template", "date_word"} & own.keys():
            raise TypeError(f"the content type {cls.__name__} has no key: say what editors write as kind")
        if "key" not in own:
            return
        if cls.word == Meta.word and cls.key != "article":
            raise TypeError(f"the content type {cls.__name__} has no word: say what readers call it")
        if (other := CONTENT_TYPES.get(cls.key)) and other.__qualname__ != cls.__qualname__:
            raise TypeError(f"the content types {other.__name__} and {cls.__name__} have one key, {cls.key!r}")
        CONTENT_TYPES[cls.key] = cls


class Dated(Meta):
    """A content type whose documents have a date of publication."""

    date: Moment
