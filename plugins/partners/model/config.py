"""``publications.toml`` → Settings. Pydantic validates here, at the edge; the rest of the importer gets frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from plugins.diagnostics import ContentErrors
from plugins.partners.model.errors import ConfigError
from plugins.partners.model.licence import allows_copies
from plugins.partners.model.urls import absolute
from plugins.toml_file import read_toml

Mode = Literal["publish", "review"]


def _web_address(value: str) -> str:
    """Refuse an address that the importer could not fetch or the page could not link. Raises ValueError."""
    if absolute(value, "") is None or not value.startswith(("http://", "https://")):
        raise ValueError("http:// か https:// のアドレスを書いてください / write an http:// or https:// address")
    return value


Key = Annotated[str, Field(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
WebAddress = Annotated[Line, AfterValidator(_web_address)]


@dataclass(frozen=True)
class FeedConfig:
    """One partner blog. ``key`` names its folder. ``mode`` "review" writes new entries as drafts.

    ``copy_files``: sound and PDF files of its entries are copied.
    """

    key: str
    title: str
    url: str
    site: str
    author: str
    licence: str
    mode: Mode
    copy_files: bool = False


@dataclass(frozen=True)
class Settings:
    """What the importer needs of ``publications.toml``: the feeds, sorted by key; the names of the site's topics; the contact for User-Agent."""

    feeds: tuple[FeedConfig, ...]
    topics: frozenset[str]
    contact: str


class _Feed(BaseModel):
    """``[feeds.<key>]``. ``mode`` is review unless the file says publish: an entry is never public because a line was forgotten."""

    model_config = ConfigDict(extra="forbid")
    title: Line
    url: WebAddress
    site: WebAddress
    author: Line
    licence: Line
    mode: Mode = "review"
    copy_files: bool | None = None


class _Site(BaseModel):
    url: Line
    contact: Line


class _File(BaseModel):
    """The tables that the importer needs. Other packages read the rest of the file."""

    site: _Site
    feeds: dict[Key, _Feed] = {}
    topics: dict[str, str] = {}


def read_settings(path: Path) -> Settings:
    """Read and validate ``publications.toml``. Raises ConfigError with every fault, its place, and what to write instead."""
    file = _validated(path, _read_toml(path))
    feeds = tuple(_feed_config(key, feed) for key, feed in sorted(file.feeds.items()))
    return Settings(feeds, frozenset(file.topics.values()), f"+{file.site.url}; {file.site.contact}")


def _feed_config(key: str, feed: _Feed) -> FeedConfig:
    """Return a feed's settings. Unless the file says whether files are copied, the licence decides."""
    copy_files = allows_copies(feed.licence) if feed.copy_files is None else feed.copy_files
    return FeedConfig(key=key, **{**feed.model_dump(), "copy_files": copy_files})


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except OSError as error:
        raise ConfigError(path, (f"読めません / cannot be read: {error.strerror}",)) from error
    except ContentErrors as errors:
        raise ConfigError(path, tuple(f"{diagnostic.ja} / {diagnostic.en}" for diagnostic in errors.diagnostics)) from errors


def _validated(path: Path, tables: dict[str, Any]) -> _File:
    try:
        return _File.model_validate(tables)
    except ValidationError as error:
        raise ConfigError(path, tuple(_problem(item["loc"], item["type"], item["msg"]) for item in error.errors())) from error


def _problem(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    """Return the place of a fault and what to write instead."""
    place = ".".join(str(part) for part in loc if part != "[key]")
    return f"[{place}] {_advice(loc, kind)}（{message}）"


def _advice(loc: tuple[int | str, ...], kind: str) -> str:
    """Return what to write instead, in Japanese and English. ``kind`` is Pydantic's type of error."""
    if "[key]" in loc:
        return "名前は半角の英小文字、数字、ハイフンで書いてください / a feed's key is a-z, 0-9 and hyphens"
    return {
        "missing": "この項目を書いてください / add this key",
        "extra_forbidden": "知らない項目です。消すか直してください / unknown key, remove or correct it",
        "literal_error": "publish か review と書いてください / write publish or review",
    }.get(kind, "一行の文字で正しく書いてください / write a correct value on one line")
