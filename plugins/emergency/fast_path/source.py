"""Reads the record that is to be published, with the parser of a full build."""

from __future__ import annotations

import datetime as dt
from pathlib import Path, PurePosixPath

from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.emergency.channel import refusal
from plugins.emergency.fast_path.snapshot import Snapshot
from plugins.emergency.record import EmergencyRecord, record_of
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.fields import Reading
from plugins.frontmatter.model.notices import Alert
from plugins.frontmatter.parse.parser import RejectedSource, check_rejected, read_header, resolve_source
from plugins.frontmatter.parse.references import ReferenceResolver


def read_record(content: Path, path: PurePosixPath, snapshot: Snapshot, now: dt.datetime) -> Document:
    """Return the notice or drill at ``path`` below ``content``. Raises `ContentErrors` with all its faults, or because no channel would take it."""
    registry = snapshot.registry
    headers = {name: header for name, header in snapshot.headers.items() if name != str(path)}
    references = ReferenceResolver(content, registry, headers, now)
    read = read_header(content, path, Reading.at(registry, now))
    if isinstance(read, RejectedSource):
        raise _errors(content, [*read.diagnostics, *check_rejected(read, references)])
    source, header = read
    references.headers = {**headers, str(path): header}
    document, diagnostics = resolve_source(source, header, references)
    if document is None or diagnostics:
        raise _errors(content, diagnostics)
    if words := _why_not(document, snapshot, now):
        raise _errors(content, [Diagnostic(path, 1, *words, "F805")])
    return document


def record_from(document: Document, snapshot: Snapshot) -> EmergencyRecord:
    """Return the record of a document of the snapshot, or of one that is to be published."""
    return record_of(document, snapshot.registry.site, snapshot.base, snapshot.documents)


def _errors(content: Path, diagnostics: list[Diagnostic]) -> ContentErrors:
    return ContentErrors(diagnostic.below(content.name) for diagnostic in diagnostics)


def _why_not(document: Document, snapshot: Snapshot, now: dt.datetime) -> tuple[str, str] | None:
    """Return why the fast path does not take a document, in both languages."""
    publication = document.publication
    if not isinstance(document.meta, Alert) or publication is None or publication.content_type != document.content_type:
        return "緊急のお知らせ（emergency）か訓練（drills）の原稿ではありません", "neither a notice in its publication nor a drill"
    if document.meta.draft:
        return "下書きです。draft の行を消してください", "it is a draft: delete the line draft"
    taken = next((h.path for h in snapshot.headers.values() if h.url == document.url and h.path != str(document.path)), None)
    if taken:
        return (
            f"アドレスが {taken} と同じです。slug を変えてください",
            f"it has the same address as {taken}: change its slug",
        )
    return refusal(record_from(document, snapshot), publication.live_since, now)
