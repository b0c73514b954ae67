"""Events that were changed after they had been published, and do not say so: calendars keep the version with the later ``updated``.

A build makes DTSTAMP, LAST-MODIFIED and SEQUENCE of ``updated``, and has no memory that could count changes. So `todoke check` compares each coming event
with the version before, from the history of the checkout.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.builder.held_back.history import GitHistory, Version, is_in_repository
from plugins.builder.options import BuildFailed
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.library import Library
from plugins.frontmatter.model.content_types import Event
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.parse.source import Source, read_source, split_front_matter

_IN_CALENDARS = ("title", "start", "end", "status", "venue", "address", "latitude", "longitude", "fee", "contact", "summary")
"""The fields of which `plugins.events.calendar` makes an entry."""


_MOST = 8
"""Versions of an event that are read. Corrections of its body do not count, and no event has many of these."""


def unannounced_changes(library: Library, content: Path) -> list[Diagnostic]:
    """Return a warning for each coming event whose last change has no later ``updated``, with paths relative to ``content/``. None outside of a repository."""
    coming = [d for d in library.live("event") if isinstance(d.meta, Event) and d.meta.finishes > library.now]
    if not coming or not is_in_repository(content):
        return []
    try:
        history = GitHistory(content.resolve())
        versions = history.versions([str(document.path) for document in coming])
        return [each for document in coming for each in _of_event(history, versions[str(document.path)], document, content)]
    except BuildFailed:  # advice is not worth a failure: the build says what is wrong with the repository where it needs it
        return []


def _of_event(history: GitHistory, versions: Sequence[Version], document: Document, content: Path) -> Iterator[Diagnostic]:
    source = read_source(content, document.path)
    if isinstance(source, Diagnostic):
        return
    now = _calendar_fields(source.data)
    earlier_ones = (_front_matter(document.path, history.read(version)) for version in versions[:_MOST])
    earlier = next((each for each in earlier_ones if each is not None and _calendar_fields(each) != now), None)
    if earlier is None or _is_later(str(source.data.get("updated", "")), str(earlier.get("updated", ""))):
        return
    before = _calendar_fields(earlier)
    yield _diagnostic(source, document, [key for key in _IN_CALENDARS if before[key] != now[key]])


def _calendar_fields(front_matter: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(front_matter.get(key, "")) for key in _IN_CALENDARS}


def _front_matter(path: PurePosixPath, data: bytes | None) -> Mapping[str, Any] | None:
    """None for a version that could not be read: it was never published as an event."""
    try:
        source = split_front_matter(path, (data or b"").decode("utf-8"))
    except UnicodeDecodeError:
        return None
    return None if isinstance(source, Diagnostic) else source.data


def _is_later(updated: str, earlier: str) -> bool:
    """Both are ISO 8601 with or without a time, or empty; digits with fewer places (2021-3-1) are compared as what they mean."""
    return bool(updated) and _numbers(updated) > _numbers(earlier)


def _numbers(text: str) -> list[int]:
    return [int(digits) for digits in "".join(c if c.isdigit() else " " for c in text.removesuffix("+09:00")).split()]


def _diagnostic(source: Source, document: Document, changed: list[str]) -> Diagnostic:
    now = "、".join(changed)
    return Diagnostic(
        document.path,
        source.line_of((changed[0],)),
        f"公開した催しの {now} を変えました。updated に、変えた日時を書いてください。書かないと、すでに取り込んだ予定表が変わりません",
        f"{', '.join(changed)} of a published event changed: write in updated when, or calendars that have the event keep the old one",
        "F723",
        "warning",
    )
