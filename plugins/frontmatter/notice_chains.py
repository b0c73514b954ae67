"""Which notices hold: one that another updates or cancels comes down when that one is public, whatever its own end says. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.notices import Alert


def followed(document: Document) -> PurePosixPath | None:
    """Return the path, below ``content/``, of the notice that ``document`` updates or cancels."""
    meta = document.meta
    named = (meta.updates or meta.cancels) if isinstance(meta, Alert) else None
    return PurePosixPath(posixpath.normpath(f"{document.path.parent}/{named}")) if named else None


def replacements(documents: Iterable[Document]) -> dict[PurePosixPath, Document]:
    """Return for each notice that one of ``documents`` follows the newest of them that does, by the path of the earlier one."""
    by_earlier: dict[PurePosixPath, Document] = {}
    for document in sorted((d for d in documents if isinstance(d.meta, Alert)), key=lambda d: d.date):
        if path := followed(document):
            by_earlier[path] = document
    return by_earlier


def in_force(documents: Iterable[Document], content_type: str = "notice") -> list[Document]:
    """Return the notices among the public ``documents`` that nothing has replaced: the gravest first, of the same weight the newest first."""
    alerts = [d for d in documents if d.content_type == content_type]
    replaced = replacements(alerts)
    holding = [d for d in alerts if d.path not in replaced]
    return sorted(holding, key=lambda d: (-_weight(d), -d.date.timestamp(), d.path))


def earlier_ones(document: Document, documents: Mapping[PurePosixPath, Document]) -> list[Document]:
    """Return all notices before ``document`` in its chain, the newest first. Each lies before the one that names it (F804), so the walk ends."""
    chain: list[Document] = []
    path = followed(document)
    while path is not None and (earlier := documents.get(path)) is not None and earlier not in chain:
        chain.append(earlier)
        path = followed(earlier)
    return chain


def _weight(document: Document) -> int:
    return document.meta.weight if isinstance(document.meta, Alert) else 0
