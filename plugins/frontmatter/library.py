"""Every document of the checkout, read and checked together.

1. Find the sources and cut each into front matter and body.
2. Validate the front matter with the model of its kind; give it its address.
3. With all addresses known, resolve links and images (`links`).
4. If there was a single fault anywhere, raise them all; otherwise return a `Library`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from .body import Body, forbidden, parse_html, parse_markdown, plain
from .directives import directive_faults
from .document import Document, address
from .explain import explain
from .faults import ContentFaults, Fault
from .kinds import KINDS, Meta
from .links import Draft, Resolver
from .registry import Publication, Registry
from .source import Source, read_source

NOT_SOURCES = frozenset({"images", "files", "data"})
"""Folders of ``content/`` that hold no documents."""


@dataclass(frozen=True)
class Library:
    """All documents, by path below ``content/``, and the moment for which links were resolved."""

    documents: dict[PurePosixPath, Document]
    registry: Registry
    now: dt.datetime

    def live(self, kind: str | None = None) -> list[Document]:
        """Return what is public now, oldest first, of one kind or of all kinds that have a date."""
        found = [d for d in self.documents.values() if d.meta.date and d.is_live(self.now) and kind in (None, d.kind)]
        return sorted(found, key=lambda d: (d.date, d.path))

    @cached_property
    def as_of(self) -> dt.datetime:
        """The last moment at which something appeared or came down: what a page may say of when it was made, without changing every minute."""
        moments = (moment for d in self.documents.values() if not d.meta.draft for moment in (d.meta.date, d.meta.ends) if moment)
        return max((moment for moment in moments if moment <= self.now), default=dt.datetime(2011, 3, 11, 14, 46, tzinfo=self.registry.site.zone))

    def with_html(self, html: dict[PurePosixPath, str]) -> Library:
        """Return the same library with other bodies for the given paths."""
        changed = {path: replace(self.documents[path], html=text) for path, text in html.items()}
        return replace(self, documents=self.documents | changed)


def read_library(content: Path, registry: Registry, now: dt.datetime) -> Library:
    """Read every ``*.md`` below ``content``.

    Raises `ContentFaults` with every fault of every file. ``now`` decides which links lead to a page that is public.
    """
    faults: list[Fault] = []
    drafts: list[Draft] = []
    for path in find_sources(content):
        read = _draft(content, path, registry)
        if isinstance(read, Draft):
            drafts.append(read)
        else:
            faults += read
    faults += _same_address(drafts)
    resolver = Resolver(content, registry, {draft.source.path: draft for draft in drafts}, now)
    documents = {}
    for draft in drafts:
        document, found = resolver.resolve(draft)
        documents[draft.source.path] = document
        faults += found
    if faults:
        folder = PurePosixPath(content.name)
        raise ContentFaults(Fault(folder / f.path, f.line, f.ja, f.en) for f in faults)
    return Library(documents, registry, now)


def find_sources(content: Path) -> list[PurePosixPath]:
    """Return every Markdown file that is a document, in a fixed order."""
    found = (PurePosixPath(path.relative_to(content).as_posix()) for path in content.rglob("*.md"))
    return sorted(path for path in found if path.parts[0] not in NOT_SOURCES)


def _draft(content: Path, path: PurePosixPath, registry: Registry) -> Draft | list[Fault]:
    source = read_source(content, path)
    if isinstance(source, Fault):
        return [source]
    home = _home(source, registry)
    if isinstance(home, Fault):
        return [home]
    kind, publication = home
    body = parse_html(source.body) if kind == "partner" else parse_markdown(source.body, directives=kind == "issue")
    faults = _body_faults(source, body) + (directive_faults(source) if kind == "issue" else [])
    meta = _validate(source, KINDS[kind], registry)
    if not isinstance(meta, Meta):
        return faults + meta
    if faults or (faults := _name_faults(source, meta)):
        return faults
    return Draft(source, kind, meta, publication, address(path, kind, meta, publication), body)


def _home(source: Source, registry: Registry) -> tuple[str, Publication | None] | Fault:
    """The kind and the publication, from the folder and from what the editor wrote."""
    folder = source.path.parts[0]
    if folder == "pages":
        return "page", None
    if folder == "mail":
        return _list_home(source, registry)
    name = str(source.data.get("publication", folder))
    publication = registry.publications.get(name)
    if publication is None:
        known = "、".join(registry.publications)
        line = source.line_of(("publication",))
        return Fault(
            source.path,
            line,
            f"「{name}」という出版物はありません。使えるのは {known} です",
            f"no publication {name!r}: use one of {known}",
        )
    kind = str(source.data.get("kind", publication.kind))
    if kind not in KINDS or kind in ("page", "issue"):
        known = "、".join(KINDS)
        return Fault(
            source.path,
            source.line_of(("kind",)),
            f"「{kind}」という種類はありません。使えるのは {known} です",
            f"no kind {kind!r}: use one of {known}",
        )
    return kind, publication


def _list_home(source: Source, registry: Registry) -> tuple[str, Publication | None] | Fault:
    key = source.path.parent.name
    if key not in registry.lists or len(source.path.parts) != 3:
        known = "、".join(registry.lists)
        return Fault(
            source.path,
            1,
            f"「{key}」という配信先はありません。content/mail/<配信先>/<号>.md に置きます（配信先：{known}）",
            f"no list {key!r}: use one of {known}",
        )
    return "issue", registry.publications[registry.lists[key].publication]


def _validate(source: Source, model: type[Meta], registry: Registry) -> Meta | list[Fault]:
    data = {key: value for key, value in source.data.items() if key != "kind"}
    try:
        return model.model_validate(data, context=registry)
    except ValidationError as error:
        return [explain(source, model, detail) for detail in error.errors()]


def _body_faults(source: Source, body: Body) -> list[Fault]:
    titles = [plain(h1) for h1 in body.root.iter("h1")]
    return [
        Fault(
            source.path,
            source.line_with(title),
            f"見出し「{title}」は「##」から始めてください。「#」は題名（title）の分です",
            f"begin heading {title!r} with ##: the title is the only # of a page",
        )
        for title in titles
    ] + [
        Fault(
            source.path,
            source.line_with(text),
            f"本文に「{text}」は書けません。Markdownの書き方に直してください",
            f"{text!r} may not stand in a body: write it in Markdown",
        )
        for text in forbidden(body)
    ]


def _name_faults(source: Source, meta: Meta) -> list[Fault]:
    name = source.path.stem
    if meta.slug or all(part.isascii() and part.isalnum() and part == part.lower() for part in name.split("-")):
        return []
    return [
        Fault(
            source.path,
            1,
            f"ファイルの名前「{name}」はアドレスになりません。半角の英小文字、数字、ハイフンにするか、slug を書いてください",
            f"{name!r} cannot be an address: rename the file to a-z, 0-9 and hyphens, or add slug",
        )
    ]


def _same_address(drafts: Iterable[Draft]) -> list[Fault]:
    """The same name twice in one publication, or the same address by other means, aliases included."""
    first: dict[object, PurePosixPath] = {}
    faults = []
    for draft in drafts:
        names: list[tuple[object, tuple[str, ...]]] = [
            ((draft.url.split("/")[1], draft.publication, draft.url.rsplit("/", 2)[1]), ("slug",))
        ]
        if draft.kind in ("issue", "partner", "page"):
            names = [(draft.url, ("slug",))]
        names += [(alias, ("aliases",)) for alias in draft.meta.aliases]
        for name, place in names:
            other = first.setdefault(name, draft.source.path)
            if other != draft.source.path:
                faults.append(
                    Fault(
                        draft.source.path,
                        draft.source.line_of(place),
                        f"アドレスの名前が {other} と同じです。どちらかのファイル名か slug を変えてください",
                        f"the same name as {other}: change the file name or slug of one of them",
                    )
                )
    return faults
