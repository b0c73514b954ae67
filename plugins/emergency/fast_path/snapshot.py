"""What the last good build left for the fast path: one file beside the site.

The file lies where another account or a restored cache may have put it. Nothing in it is code that runs: documents are decoded into their types
(`plugins.frontmatter.load.serialization`), and templates are rendered in a sandbox.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from plugins.emergency.fast_path.snapshot_file import SNAPSHOT as SNAPSHOT
from plugins.files import write_atomically
from plugins.frontmatter.load.serialization import DocumentCodec, Unreadable
from plugins.frontmatter.model.document import Document, HeaderSummary, LoadedText
from plugins.frontmatter.model.places import PATH as MUNICIPALITIES
from plugins.frontmatter.model.registry import Registry, read_registry
from plugins.images.picture_tag import ImageVariants
from plugins.publications.feeds import FeedEntry

FORMAT = 2


class NoSnapshot(Exception):
    """There is no snapshot that can be read. The message is in two languages."""


@dataclass(frozen=True)
class SourceTexts:
    """The files from which the registry and the readings are made, as they were in the last good build."""

    publications: str
    municipalities: str
    readings: Mapping[str, str]


@dataclass(frozen=True)
class Snapshot:
    """``base`` is scheme and host of the site, ``documents`` are the notices, the drills and what else lies in their publications, by path.

    ``headers`` are those of all documents, to which a record may link; ``fixed_pages`` address and title of each; ``newest`` the entries of the portal's
    feed but for notices.
    ``templates`` are the texts of the theme by their paths, ``pictures`` the responsive sets by permalink. ``has_copies`` says whether pages link to
    copies with readings, ``card_font`` is the setting ``CARD_FONT``.
    """

    base: str
    texts: SourceTexts
    registry: Registry
    documents: Mapping[PurePosixPath, Document]
    headers: Mapping[str, HeaderSummary]
    fixed_pages: tuple[tuple[str, str], ...]
    newest: tuple[FeedEntry, ...]
    templates: Mapping[str, str]
    pictures: Mapping[str, ImageVariants]
    has_copies: bool
    card_font: str | None

    def with_document(self, document: Document) -> Snapshot:
        """Return the snapshot after ``document`` was published."""
        documents = {**self.documents, document.path: document}
        headers = {**self.headers, str(document.path): document.summary_for_others}
        return replace(self, documents=documents, headers=headers)

    def render(self) -> bytes:
        """Return the bytes of the file: the same for the same site."""
        codec = DocumentCodec(self.registry)
        documents = [self.documents[path] for path in sorted(self.documents)]
        data: dict[str, Any] = {
            "format": FORMAT,
            "base": self.base,
            "texts": asdict(self.texts),
            "documents": base64.b64encode(codec.encode((document, {}) for document in documents)).decode(),
            "bodies": [[document.html, document.markdown] for document in documents],
            "headers": list(self.headers.values()),
            "fixed_pages": self.fixed_pages,
            "newest": [asdict(entry) for entry in self.newest],
            "templates": dict(self.templates),
            "pictures": {address: [each.folder, each.width, each.height] for address, each in sorted(self.pictures.items())},
            "has_copies": self.has_copies,
            "card_font": self.card_font,
        }
        return msgspec.json.encode(data)  # ten thousand headers with their moments: a third of the time of `json`

    def save(self, output: Path) -> None:
        """Write the file. Raises `OSError`."""
        write_atomically(output / SNAPSHOT, self.render())


def load_snapshot(output: Path) -> Snapshot:
    """Return what the last good build left in ``output``. Raises `NoSnapshot`."""
    path = output / SNAPSHOT
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise NoSnapshot(_words(path, "another version wrote it"))
        return _snapshot(data)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, Unreadable) as error:
        raise NoSnapshot(_words(path, str(error)[:200])) from error


def _words(path: Path, why: str) -> str:
    build = f"todoke build --output {path.parent}"
    return (
        f"前に作ったサイトの控え（{path}）が使えません（{why}）。`{build}` を一度実行してください。公開の機械では `todoke publish` です。"
        f"プログラムを新しくしたあとにも、一度要ります / no snapshot of the last good build at {path} ({why}): run `{build}` once, on the publishing machine "
        "`todoke publish`; it is also needed once after an upgrade of the program"
    )


def _snapshot(data: Mapping[str, Any]) -> Snapshot:
    texts = SourceTexts(**data["texts"])
    registry = _registry(texts)
    zone = registry.site.zone
    decoded = DocumentCodec(registry).decode(base64.b64decode(data["documents"], validate=True))
    documents = [document.with_text(LoadedText(*body)) for (document, _), body in zip(decoded, data["bodies"], strict=True)]
    headers = (_header(row, zone) for row in data["headers"])
    return Snapshot(
        base=data["base"],
        texts=texts,
        registry=registry,
        documents={document.path: document for document in documents},
        headers={header.path: header for header in headers},
        fixed_pages=tuple((url, title) for url, title in data["fixed_pages"]),
        newest=tuple(_entry(row, zone) for row in data["newest"]),
        templates={str(name): str(text) for name, text in data["templates"].items()},
        pictures={str(address): ImageVariants(*row) for address, row in data["pictures"].items()},
        has_copies=bool(data["has_copies"]),
        card_font=data["card_font"],
    )


def _registry(texts: SourceTexts) -> Registry:
    """Read the registry through its own door, which checks every value."""
    with TemporaryDirectory() as folder:
        toml, places = Path(folder) / "publications.toml", Path(folder) / "content" / MUNICIPALITIES
        places.parent.mkdir(parents=True)
        toml.write_text(texts.publications, encoding="utf-8")
        places.write_text(texts.municipalities, encoding="utf-8")
        return read_registry(toml, places)


def _moment(text: str, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(zone)


def _header(row: list[Any], zone: dt.tzinfo) -> HeaderSummary:
    path, content_type, url, begins, ends, (has_figures, is_draft, date), _ = row
    moments = [text and _moment(text, zone) for text in (begins, ends, date)]
    return HeaderSummary(path, content_type, url, moments[0], moments[1], (has_figures, is_draft, moments[2]), ())


def _entry(row: dict[str, Any], zone: dt.tzinfo) -> FeedEntry:
    updated = row["updated"] and _moment(row["updated"], zone)
    return FeedEntry(**row | {"date": _moment(row["date"], zone), "updated": updated, "topics": tuple(row["topics"])})
