"""Selects the articles of an issue: those it names, and those that its directives find. No issue of a list repeats an article. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from plugins.frontmatter.library import Library
from plugins.frontmatter.model.content_types import Event, Partner
from plugins.frontmatter.model.document import Document
from plugins.frontmatter.parse.directives import DIRECTIVES, amount
from plugins.frontmatter.parse.markdown import Body
from plugins.magazine.compose.blocks import Block, EventTeaser, ProgressFigures, Prose, Teaser, credit

FIRST_ISSUE = dt.timedelta(days=90)
"""How far back "since the last issue" goes for the first issue of a list."""

Carried = Mapping[PurePosixPath, Document]
"""Article → the earlier issue of the same list that carried it."""


@dataclass
class Selection:
    """Selects the articles of one issue, in the order of its directives. ``used`` are those it has already: they are not selected again."""

    issue: Document
    library: Library
    carried: Carried
    used: set[PurePosixPath]

    def blocks(self, element: Any) -> list[Block]:
        """Return the blocks for one element of the issue's body: an element without a directive is prose."""
        name = next((name for name in DIRECTIVES if element.get(f"data-{name}") is not None), "")
        value = element.get(f"data-{name}") or ""
        again = element.get("data-again") is not None
        match name:
            case "teaser":
                return [self._teaser(self.library.documents[PurePosixPath(value)])]
            case "figures":
                document = self.library.documents[PurePosixPath(value)]
                return [ProgressFigures(document, self._is_linked(document))]
            case "since":
                return [self._teaser(document) for document in self._take(self._since(value.split()), again=again)]
            case "events":
                events = self._take(upcoming_events(self.library, self.issue.date, amount(value)), again=again)
                return [self._teaser(event) for event in events]
            case "partners":
                return [self._teaser(entry) for entry in self._take(self._partners(), again=again, most=amount(value))]
        return [Prose(Body(element).outer)]

    def _teaser(self, document: Document) -> Teaser:
        if isinstance(document.meta, Event):  # however the issue came to it, a reader asks when and where, and whether it is over
            return EventTeaser(document, self._is_linked(document), over=document.meta.finishes <= self.issue.date)
        feed = self.library.registry.feeds.get(document.meta.feed) if isinstance(document.meta, Partner) else None
        return Teaser(document, self._is_linked(document), credit(document, feed.title if feed else ""))

    def _is_linked(self, document: Document) -> bool:
        return document.is_live(self.library.now)

    def _take(self, candidates: Iterable[Document], *, again: bool, most: int | None = None) -> list[Document]:
        """Mark up to ``most`` candidates as used and return them; with ``again``, those too that an earlier issue carried."""
        new = (d for d in candidates if d.path not in self.used and (again or d.path not in self.carried))
        selected = list(islice(new, most))
        self.used |= {document.path for document in selected}
        return selected

    def _since(self, keys: list[str]) -> list[Document]:
        """Return what these publications published after the last issue and up to this one, oldest first."""
        documents = published_between(self.library, last_issue(self.issue.path.parent, self.issue.date, self.library), self.issue.date)
        return [d for d in documents if d.publication and d.publication.key in keys]

    def _partners(self) -> list[Document]:
        """Return the partners' entries that had been imported by the date of the issue, newest first."""
        entries = [d for d in self.library.documents.values() if isinstance(d.meta, Partner) and not d.meta.draft]
        imported = [d for d in entries if isinstance(d.meta, Partner) and max(d.date, d.meta.first_seen) <= self.issue.date]
        return sorted(imported, key=lambda d: (d.date, d.path), reverse=True)


def published_between(library: Library, start: dt.datetime, end: dt.datetime) -> list[Document]:
    """Return the articles published after ``start`` and up to ``end`` whose publication has not ended by then, oldest first."""
    articles = [d for d in library.documents.values() if d.publication and d.meta.date and d.content_type != "issue" and not d.meta.draft]
    return sorted((d for d in articles if start < d.date <= end and not d.has_ended(end)), key=lambda d: (d.date, d.path))


def upcoming_events(library: Library, now: dt.datetime, weeks: int) -> list[Document]:
    """Return the events that are public at ``now`` and begin within ``weeks`` or are going on, by their beginning."""
    end = now + dt.timedelta(weeks=weeks)
    events = [
        (d.meta.start, d.path, d)
        for d in library.documents.values()
        if isinstance(d.meta, Event) and d.is_live(now) and _is_near(d.meta, now, end)
    ]
    return [document for _, _, document in sorted(events, key=lambda row: row[:2])]


def _is_near(event: Event, now: dt.datetime, end: dt.datetime) -> bool:
    return event.start <= end and (event.end or event.start) > now


def last_issue(folder: PurePosixPath, date: dt.datetime, library: Library) -> dt.datetime:
    """Return the date of the last issue in ``folder`` before ``date``, or `FIRST_ISSUE` before ``date`` if there was none."""
    earlier = [d.date for d in library.documents.values() if d.path.parent == folder and d.date < date and not d.meta.draft]
    return max(earlier, default=date - FIRST_ISSUE)
