"""The tables of ``publications.toml``: the site, its publications, mail lists, partner feeds and topics, each with the values that it allows.

`plugins.frontmatter.model.registry` reads the file, checks that the tables agree with each other, and is what other code imports.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, EmailStr, Field

from plugins.control_characters import is_blank
from plugins.digest import constant_digest
from plugins.frontmatter.model.addresses import LONGEST_NAME
from plugins.frontmatter.model.link_targets import is_web_address
from plugins.frontmatter.model.situation import SituationSettings
from plugins.typography.colour import contrast

Key = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=LONGEST_NAME)]


def _content_type(key: str) -> str:
    # The module of content types imports this one (its fields look names up in the registry), so this import can only run when a file is read.
    from plugins.frontmatter.model.content_types import CONTENT_TYPES

    if key not in CONTENT_TYPES:
        known = "、".join(CONTENT_TYPES)
        raise ValueError(f"「{key}」という種類はありません。使えるのは {known} です / no content type {key!r}: use one of {known}")
    return key


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:  # KeyError: unknown; OSError: a folder of zones, such as Asia
        raise ValueError(
            f"「{name}」という時間帯はありません。Asia/Tokyo のように書いてください / no time zone {name!r}: write Asia/Tokyo"
        ) from error
    return name


def _web(value: str) -> str:
    if not is_web_address(value):
        raise ValueError(
            f"「{value}」はアドレスではありません。「https://」から書いてください / {value!r} is no address: begin with https://"
        )
    return value


LONGEST_LINE, LONGEST_TEXT = 200, 1_000
"""Characters of a title or name, as in front matter, and of a text. They stand on every page, and on cards, where each line is measured anew."""


def _bounded(value: str, longest: int) -> str:
    if len(value) > longest:
        raise ValueError(f"長すぎます（{longest}字まで） / too long: at most {longest} characters")
    return value


def _one_line(value: str) -> str:
    if is_blank(value) or "\n" in value or "\r" in value:
        raise ValueError("一行で、空でない言葉を書いてください / write words on one line")
    return _bounded(value, LONGEST_LINE)


def _words(value: str) -> str:
    if is_blank(value):
        raise ValueError("空でない言葉を書いてください / write words")
    return _bounded(value, LONGEST_TEXT)


Words = Annotated[str, AfterValidator(_words)]
Line = Annotated[str, AfterValidator(_one_line)]
"""What becomes a title of a page, a feed and a mail: a header of a mail has one line (RFC 5322, 2.2)."""


def _colour(value: str) -> str:
    """Refuse a colour on which white text cannot be read (WCAG 2.2, 1.4.3: contrast of at least 4.5 to 1)."""
    if not re.fullmatch(r"#[0-9a-f]{6}", value):
        raise ValueError(f"色は #1a6f8f の形で書いてください / write the colour as #1a6f8f, not {value!r}")
    if (ratio := contrast(value, "#ffffff")) < 4.5:
        raise ValueError(
            f"白との対比が{ratio:.2f}です。4.5以上の濃い色にしてください / contrast with white is {ratio:.2f}: choose a darker colour (4.5 or more)"
        )
    return value


WebAddress = Annotated[str, AfterValidator(_web)]
Colour = Annotated[str, AfterValidator(_colour)]
ContentTypeName = Annotated[str, AfterValidator(_content_type)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataLicense(_Table):
    """The terms under which the site offers its tables of open data."""

    name: Line = Field(description="The licence's official name, as readers and data catalogues cite it.")
    url: WebAddress = Field(description="The page with the full text of the licence.")
    summary: Words = Field(description="What the licence allows and asks for, in one or two plain sentences for readers.")


class FormerIds(_Table):
    """How the site named its documents in feeds and calendars before `identity`: by their whole address. Readers keep what they have."""

    before: str = Field(
        pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$",
        description="A month, such as `2027-01`: documents whose address has an earlier one keep the identifier that readers got. Choose one that has not begun, "
        "so that no identifier changes.",
    )
    address: str = Field(
        pattern=r"^https?://[^/\s]+(/[^\s]*[^/\s])?$",
        description="The address that the site had then, without a slash at the end. It stays here when `url` changes.",
    )


class Site(_Table):
    """The portal. ``url`` is the public address without a trailing slash; with ``sample`` every page says that it is a 見本 (sample)."""

    title: Line
    url: str = Field(pattern=r"^https?://[^/\s]+(/[^\s]*[^/\s])?$")
    description: Words
    organisation: Line
    address: Words
    contact: EmailStr
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Tokyo"
    sample: bool = False
    line_breaks: bool = Field(
        default=False,
        description="Whether the end of a line inside a paragraph is one on the page and in the mail. Without it, the lines of a paragraph run together, Japanese without a space between.",
    )
    data_license: DataLicense | None = Field(
        default=None,
        description="The licence of the site's open data. It is stated on each page that offers a table, and as `license` of the Dataset in the page's "
        "JSON-LD. Without it, the site states no licence: a reader then has to ask before using a table.",
    )

    identity: Line | None = Field(
        default=None,
        description="What the identifiers of documents in feeds, calendars and CAP are made of, besides publication and file name. Write a name of your own once and "
        "never change it; another name would bring readers everything anew. Without it, it is `organisation`.",
    )
    former_ids: FormerIds | None = None

    mirrors: tuple[WebAddress, ...] = Field(
        default=(),
        description="The public addresses of the site's other mirrors, without a slash at the end. The light page of the notices names them for readers whose way to "
        "the first one is cut.",
    )

    cap_oid: str | None = Field(
        default=None,
        pattern=r"^[0-2](\.(0|[1-9][0-9]*))+$",
        description="The OID below which this publisher may number its CAP messages, such as one that the WMO has given out. Without it each message has a URN.",
    )

    public_files: tuple[str, ...] = Field(
        default=(),
        description="Files below `content/` that are public although no public document names them, such as `data/shelters.csv` for other programs. "
        "All other files of `files/`, `data/` and `images/` are public as long as a public document names them.",
    )

    situation: SituationSettings | None = None
    service: WebAddress | None = Field(
        default=None,
        description="The public address of the subscription service (`service_url` of `mailer.toml`), without a slash at the end. With it, the pages have forms to sign "
        "up for the mail lists, and the service takes what they send. Without it, they name the department's address.",
    )

    push_key: str | None = Field(
        default=None,
        pattern=r"^B[A-Za-z0-9_-]{86}$",
        description="The public key for Web Push that `todoke channels key` shows. With it and `service`, the pages of the mail lists have a button to be told of news "
        "in the browser. A new key ends all subscriptions that were made with the old one.",
    )

    phone: str = Field(
        default="",
        max_length=100,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="The telephone number for people whom no form helps. The pages of the subscription service name it.",
    )

    colour: Colour = Field(
        default="#0b2a6b",
        description="The colour of the publisher, for the pages of the subscription service. White text must be readable on it.",
    )

    tracking_constant: ClassVar[cached_property[str]] = cached_property(constant_digest)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def sign_up_url(self) -> str | None:
        """Where the forms for the mail lists are posted to; the form for one list is below it, at its key."""
        return None if self.service is None else f"{self.service.rstrip('/')}/sign-up"

    @property
    def push_url(self) -> str | None:
        """Where the button for Web Push posts to; what it wants is below it."""
        return None if self.service is None or self.push_key is None else f"{self.service.rstrip('/')}/push"


class Publication(_Table):
    """One publication and the department that answers for it. ``list`` is the key of its mail list, if it has one.

    ``content_type`` is that of a file that names none itself; editors write it as ``kind``, in this table as in front matter.
    """

    key: Key
    title: Line
    reading: Words
    content_type: ContentTypeName = Field(alias="kind")
    colour: Colour
    department: Line
    contact: EmailStr
    description: Words
    list: Key | None = None
    live_since: AwareDatetime | None = Field(
        default=None,
        description="When mail and feeds of the notices of this publication were switched on. A notice that is older goes into neither: what was left of trials and "
        "drills never goes out.",
    )

    tracking_constant: ClassVar[cached_property[str]] = cached_property(constant_digest)

    @property
    def url(self) -> str:
        return f"/{self.key}/"

    @property
    def landing_pages(self) -> tuple[str, ...]:
        """The generated pages that an editor may link to: the section, and those that its content type adds."""
        added = {"progress": ("progress/",), "event": ("calendar/", "on-air/")}.get(self.content_type, ())
        return (self.url, *(self.url + name for name in added))


class MailList(_Table):
    """One mail list. ``list_id`` becomes the List-Id field (RFC 2919); ``reason`` tells a reader in every mail why it was sent."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    key: Key
    title: Line
    publication: Key
    sender: EmailStr = Field(alias="from")
    reply_to: EmailStr
    list_id: str = Field(pattern=r"^[a-z0-9.-]+$")
    list_class: Literal["newsletter", "emergency"] = Field(alias="class")
    reason: Words
    sign_up: bool = Field(default=True, description="Whether anybody may sign up for the list. A list for invited readers has `false`.")


class Feed(_Table):
    """One partner feed, as far as pages need it. `plugins.partners.model.config` reads and checks the importer's settings in the same table."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    key: Key
    title: Line
    site: WebAddress
    author: Line
    licence: Line


class PublicationsFile(_Table):
    site: Site
    publications: dict[Key, Publication]
    lists: dict[Key, MailList] = {}
    feeds: dict[Key, Feed] = {}
    topics: dict[Key, Line] = {}
    checks: dict[str, object] = {}  # plugins.checks validates this table: only that package knows the rules
