"""What to announce, where it leads, until when: the files that a build and the fast path write, read and checked (docs/reference/announcement-files.md).

A drill and the real thing are two types: `Announcement[Live]` and `Announcement[Drill]`. A channel is a `Destination` of the one or of the other, and
whatever joins the two asks for the same type twice, so that mypy refuses a drill for a live channel, and a warning for a channel of drills.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Generic, Literal, TypeGuard, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

import regular_file

SCHEMA = 1
SITE_FILE = "site.json"
MOST_BYTES = 200_000
"""Of one file. The longest notice in twenty languages has a tenth of it."""


@dataclass(frozen=True, slots=True)
class Live:
    """The real thing."""

    is_drill: Literal[False] = False


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill, a test, or anything of a sample site."""

    is_drill: Literal[True] = True


Purpose = TypeVar("Purpose", Live, Drill)


class AnnouncementKind(StrEnum):
    """What was published; ``test`` is what an operator posts to see whether a channel works."""

    ARTICLE = "article"
    ISSUE = "issue"
    EMERGENCY = "emergency"
    TEST = "test"


class Change(StrEnum):
    """What the record does to an earlier one. ``withdraw``: the page is gone."""

    NEW = "new"
    UPDATE = "update"
    CORRECT = "correct"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Wording:
    """The words in one language. ``body`` are sentences, the most important first."""

    title: str
    body: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SitePicture:
    """A picture: its path below the built site, and what it says in each language."""

    path: str
    media_type: str
    alternatives: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Announcement(Generic[Purpose]):
    """One record. ``record`` names it for good: the same at every build. ``moment`` is the record's own, ``until`` when its use ends.

    ``issue`` is LIST/NUMBER of a mail issue, which is announced when it has been sent. ``follows`` is the record that this one changes.
    """

    purpose: Purpose
    record: str
    kind: AnnouncementKind
    publication: str
    moment: datetime
    until: datetime | None
    address: str
    language: str
    wordings: Mapping[str, Wording]
    change: Change = Change.NEW
    follows: str | None = None
    issue: str | None = None
    pictures: tuple[SitePicture, ...] = ()

    @property
    def is_urgent(self) -> bool:
        """Whether it may use what is kept for emergencies."""
        return self.kind is AnnouncementKind.EMERGENCY

    @property
    def revision(self) -> str:
        """A digest of what people read: another one means that a post that is out says something else."""
        return _digest(self.address, self.change, self.wordings)

    def wording(self, language: str) -> tuple[str, Wording]:
        """Return the words in ``language``, or in the nearest one that there is, with its tag."""
        for tag in (language, language.partition("-")[0], self.language):
            if tag in self.wordings:
                return tag, self.wordings[tag]
        return next(iter(self.wordings.items()))


def _digest(address: str, change: Change, wordings: Mapping[str, Wording]) -> str:
    words = [[tag, each.title, *each.body] for tag, each in sorted(wordings.items())]
    return hashlib.sha256(json.dumps([address, change, words], ensure_ascii=False).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Reading:
    """What lies in a folder of announcements. ``problems`` are files that cannot be used: the others are announced."""

    live: tuple[Announcement[Live], ...] = ()
    drills: tuple[Announcement[Drill], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Announcement[Live] | Announcement[Drill], ...]:
        """Both kinds, to look at."""
        return (*self.live, *self.drills)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Wording(_Model):
    title: str = Field(min_length=1, max_length=1000)
    body: tuple[Annotated[str, Field(max_length=5000)], ...] = Field(default=(), max_length=20)


def _require_inside(path: str) -> str:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or "\0" in path:
        raise ValueError("it must lie below the site")
    return path


class _Picture(_Model):
    path: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_require_inside)]
    media_type: str = Field(pattern=r"^image/[a-z+.-]{1,40}$")
    alternatives: dict[str, Annotated[str, Field(max_length=5000)]] = Field(min_length=1)


class _File(_Model):
    format: Literal["todoke-announcement"]
    schema_: Literal[1] = Field(alias="schema")
    record: str = Field(min_length=1, max_length=300)
    kind: AnnouncementKind
    drill: bool
    sample: bool = False
    publication: str = Field(max_length=64)
    change: Change = Change.NEW
    follows: str | None = Field(default=None, max_length=300)
    issue: str | None = Field(default=None, max_length=130)
    moment: AwareDatetime
    until: AwareDatetime | None = None
    address: str = Field(pattern=r"^https?://[!-~]+$", max_length=2000)
    language: str
    wordings: dict[Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")], _Wording] = Field(min_length=1)
    pictures: tuple[_Picture, ...] = Field(default=(), max_length=4)

    def announcement(self, purpose: Purpose) -> Announcement[Purpose]:
        """Return it as what `purpose` says."""
        return Announcement(
            purpose,
            self.record,
            self.kind,
            self.publication,
            self.moment,
            self.until,
            self.address,
            self.language,
            {tag: Wording(each.title, each.body) for tag, each in self.wordings.items()},
            self.change,
            self.follows,
            self.issue,
            tuple(SitePicture(each.path, each.media_type, each.alternatives) for each in self.pictures),
        )


def read_file(path: Path) -> Announcement[Live] | Announcement[Drill]:
    """Read one file. What a sample site announces is a drill.

    :raises ValueError: it is no announcement; the message says what is wrong with it.
    :raises OSError: it cannot be read.
    """
    data = regular_file.read_bytes(path)
    if len(data) > MOST_BYTES:
        raise ValueError(f"{path}: more than {MOST_BYTES} bytes")
    try:
        file = _File.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise ValueError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return file.announcement(Drill()) if file.drill or file.sample else file.announcement(Live())


def read_folder(folder: Path) -> Reading:
    """Read every announcement below ``folder``, oldest first; nothing if there is no such folder."""
    read, problems = _Sorted(), list[str]()
    for path in _files(folder):
        try:
            read.add(read_file(path))
        except (ValueError, OSError) as error:
            problems.append(str(error))
    return Reading(tuple(sorted(read.live, key=_sort_key)), tuple(sorted(read.drills, key=_sort_key)), tuple(problems))


@dataclass(slots=True)
class _Sorted:
    live: list[Announcement[Live]] = field(default_factory=list)
    drills: list[Announcement[Drill]] = field(default_factory=list)

    def add(self, announcement: Announcement[Live] | Announcement[Drill]) -> None:
        if is_live(announcement):
            self.live.append(announcement)
        elif is_drill(announcement):
            self.drills.append(announcement)


def site_address(folder: Path) -> str:
    """The address of the site whose build wrote the folder; that of an example where nothing was built."""
    try:
        return str(json.loads((folder / SITE_FILE).read_bytes())["address"]) + "/"
    except (OSError, ValueError, KeyError, TypeError):
        return "https://www.example.jp/"


def is_live(announcement: object) -> TypeGuard[Announcement[Live]]:
    """Whether it is the real thing, for the type checker too."""
    return isinstance(announcement, Announcement) and isinstance(announcement.purpose, Live)


def is_drill(announcement: object) -> TypeGuard[Announcement[Drill]]:
    """Whether it is a drill, for the type checker too."""
    return isinstance(announcement, Announcement) and isinstance(announcement.purpose, Drill)


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*/*.json"))


def _sort_key(announcement: Announcement[Live] | Announcement[Drill]) -> tuple[datetime, str]:
    return announcement.moment, announcement.record
