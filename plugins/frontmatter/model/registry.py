"""``publications.toml`` and the table of municipalities: everything that front matter may name.

Both files are checked once and become a frozen `Registry`, which is passed to all code that needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

from pydantic import ValidationError

from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.digest import constant_digest
from plugins.frontmatter.model.addresses import OwnAddresses, check_name, check_section_key
from plugins.frontmatter.model.places import Place as Place
from plugins.frontmatter.model.places import read_places
from plugins.frontmatter.model.publications_file import DataLicense as DataLicense
from plugins.frontmatter.model.publications_file import Feed, PublicationsFile
from plugins.frontmatter.model.publications_file import MailList as MailList
from plugins.frontmatter.model.publications_file import Publication as Publication
from plugins.frontmatter.model.publications_file import Site as Site
from plugins.frontmatter.model.words.settings import explain_settings, line_of_setting
from plugins.toml_file import missing as missing_file
from plugins.toml_file import read_toml

DIGEST = "digest"
"""The mailer keeps mails of several lists under this key (docs/reference/bundle.md)."""
DIGEST_WORDS = (
    "digest は、まとめのメールのために空けてある名前です。別の名前にしてください",
    "digest is kept for mails of several lists: choose another key",
)


@dataclass(frozen=True)
class Topic:
    """One topic of the editors' vocabulary, with its name in addresses."""

    slug: str
    name: str

    tracking_constant: ClassVar[cached_property[str]] = cached_property(constant_digest)

    @cached_property
    def url(self) -> str:
        return f"/topics/{self.slug}/"


@dataclass(frozen=True)
class Registry:
    """Everything that a source may name. The keys of ``topics`` and ``places`` are the words that editors write (住まい, 石巻市)."""

    site: Site
    publications: dict[str, Publication]
    lists: dict[str, MailList]
    feeds: dict[str, Feed]
    topics: dict[str, Topic]
    places: dict[str, Place]

    @cached_property
    def own_addresses(self) -> OwnAddresses:
        """The addresses that the site makes itself, which no editor may choose."""
        pages = {"/", "/places/", "/topics/", "/mail/", "/accessibility/results/"}
        pages |= {f"/mail/{key}/" for key in self.lists}
        pages |= {place.url for place in self.places.values()} | {topic.url for topic in self.topics.values()}
        return OwnAddresses(frozenset(self.publications), frozenset(pages))


def read_registry(toml: Path, places: Path) -> Registry:
    """Read ``publications.toml`` and ``municipalities.csv`` (columns code, name, reading, slug).

    Raises `ContentErrors` with every mistake in the two files, or with every file that is missing.
    """
    missing = [path for path in (toml, places) if not path.is_file()]
    if missing:
        raise ContentErrors(missing_file(path) for path in missing)
    municipalities, diagnostics = read_places(places)
    try:
        parsed = _parse(toml)
        diagnostics += _dangling_keys(parsed, toml) + _reserved_keys(parsed, toml)
    except ContentErrors as errors:
        raise ContentErrors([*errors.diagnostics, *diagnostics]) from errors
    if diagnostics:
        raise ContentErrors(diagnostics)
    return Registry(
        site=parsed.site,
        publications=parsed.publications,
        lists=parsed.lists,
        feeds=parsed.feeds,
        topics={name: Topic(slug, name) for slug, name in parsed.topics.items()},
        places=municipalities,
    )


def _parse(toml: Path) -> PublicationsFile:
    path, data = PurePosixPath(toml.name), read_toml(toml)
    for table in ("publications", "lists", "feeds"):
        rows = data.get(table, {})
        for key, row in rows.items() if isinstance(rows, dict) else ():
            if isinstance(row, dict):  # what is no table is refused by the model below
                row["key"] = key
    try:
        return PublicationsFile.model_validate(data)
    except ValidationError as error:
        raise ContentErrors(_diagnostic(path, toml, place, words) for place, words in explain_settings(error.errors())) from error


def _diagnostic(path: PurePosixPath, toml: Path, place: tuple[int | str, ...], words: str) -> Diagnostic:
    """Return a diagnostic of the setting at ``place``. ``words`` are Japanese and English, with `` / `` between them."""
    key = ".".join(map(str, place))
    ja, _, en = words.partition(" / ")
    return Diagnostic(path, line_of_setting(toml.read_text(encoding="utf-8-sig"), place), f"{key}：{ja}", f"{key}: {en}", "R103")


def _dangling_keys(parsed: PublicationsFile, toml: Path) -> list[Diagnostic]:
    """Find publications whose list is missing, and lists whose publication is missing."""
    path = PurePosixPath(toml.name)
    lists = [
        _diagnostic(
            path,
            toml,
            ("publications", p.key, "list"),
            f"一覧にない配信先です。[lists.{p.list}] を書いてください / no such list: add [lists.{p.list}]",
        )
        for p in parsed.publications.values()
        if p.list and p.list not in parsed.lists
    ]
    owners = [
        _diagnostic(
            path,
            toml,
            ("lists", m.key, "publication"),
            f"「{m.publication}」という出版物はありません。使えるのは {'、'.join(parsed.publications)} です / no such publication: {m.publication}",
        )
        for m in parsed.lists.values()
        if m.publication not in parsed.publications
    ]
    return lists + owners


def _reserved_keys(parsed: PublicationsFile, toml: Path) -> list[Diagnostic]:
    """Find publications whose folder of the site is not free, and keys of other tables that cannot be part of an address."""
    path = PurePosixPath(toml.name)
    keys = [("publications", key, check_section_key(key)) for key in parsed.publications]
    keys += [(table, key, check_name(key)) for table in ("lists", "feeds", "topics") for key in getattr(parsed, table)]
    keys += [("lists", key, DIGEST_WORDS) for key in parsed.lists if key == DIGEST]
    return [_diagnostic(path, toml, (table, key), " / ".join(words)) for table, key, words in keys if words] + _mixed_drills(parsed, toml)


def _mixed_drills(parsed: PublicationsFile, toml: Path) -> list[Diagnostic]:
    """Find what would let a drill be taken for a real notice: another folder than ``drills``, or a list that both use."""
    path = PurePosixPath(toml.name)
    places = [
        _diagnostic(
            path,
            toml,
            ("publications", p.key, "kind"),
            "訓練（drill）の出版物は drills だけです。[publications.drills] と書いてください / drills are published in [publications.drills] and nowhere else",
        )
        for p in parsed.publications.values()
        if (p.content_type == "drill") != (p.key == "drills")
    ]
    lists = [
        _diagnostic(
            path,
            toml,
            ("publications", p.key, "list"),
            f"訓練の配信先は、訓練だけのものにしてください（[lists.{p.list}] の publication） / a list of drills is for drills alone: see its publication",
        )
        for p in parsed.publications.values()
        if p.list in parsed.lists and (parsed.lists[p.list].publication == "drills") != (p.key == "drills")
    ]
    return places + lists
