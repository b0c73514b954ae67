"""Which articles an issue carries: those it names, and those that its directives find. None twice in a list. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    """Picks the articles of one issue, in the order of its directives; what it has taken is not taken again."""

    issue: Document
    library: Library
    carried: Carried
    used: set[PurePosixPath]

    def blocks(self, element: Any) -> list[Block]:
        """Return what one element of the issue's body stands for."""
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
                return [self._teaser(d) for d in self._take(self._since(value.split()), again=again)]
            case "events":
                found = self._take(upcoming_events(self.library, self.issue.date, amount(value)), again=again)
                return [EventTeaser(d, self._is_linked(d)) for d in found]
            case "partners":
                return [self._teaser(d) for d in self._take(self._partners(), again=again, most=amount(value))]
        return [Prose(Body(element).outer)]

    def _teaser(self, document: Document) -> Teaser:
        feed = self.library.registry.feeds.get(document.meta.feed) if isinstance(document.meta, Partner) else None
        return Teaser(document, self._is_linked(document), credit(document, feed.title if feed else ""))

    def _is_linked(self, document: Document) -> bool:
        return document.is_live(self.library.now)

    def _take(self, found: Iterable[Document], *, again: bool, most: int | None = None) -> list[Document]:
        chosen = [d for d in found if d.path not in self.used and (again or d.path not in self.carried)][:most]
        self.used |= {d.path for d in chosen}
        return chosen

    def _since(self, keys: list[str]) -> list[Document]:
        """What these publications published after the last issue and up to this one, oldest first."""
        found = published_between(self.library, last_issue(self.issue.path.parent, self.issue.date, self.library), self.issue.date)
        return [d for d in found if d.publication and d.publication.key in keys]

    def _partners(self) -> list[Document]:
        """Partners' entries that were here when the issue went out, newest first."""
        found = [d for d in self.library.documents.values() if isinstance(d.meta, Partner) and not d.meta.draft]
        here = [d for d in found if isinstance(d.meta, Partner) and max(d.date, d.meta.first_seen) <= self.issue.date]
        return sorted(here, key=lambda d: (d.date, d.path), reverse=True)


def published_between(library: Library, start: dt.datetime, end: dt.datetime) -> list[Document]:
    """Return the articles published after ``start`` and up to ``end`` and not over by then, oldest first."""
    found = [d for d in library.documents.values() if d.publication and d.meta.date and d.content_type != "issue" and not d.meta.draft]
    return sorted((d for d in found if start < d.date <= end and not d.has_ended(end)), key=lambda d: (d.date, d.path))


def upcoming_events(library: Library, now: dt.datetime, weeks: int) -> list[Document]:
    """Return the events that are announced by ``now`` and begin within ``weeks``, or are going on, in the order of their beginning."""
    end = now + dt.timedelta(weeks=weeks)
    found = [
        (d.meta.start, d.path, d)
        for d in library.documents.values()
        if isinstance(d.meta, Event) and d.is_live(now) and _is_near(d.meta, now, end)
    ]
    return [document for _, _, document in sorted(found, key=lambda row: row[:2])]


def _is_near(event: Event, now: dt.datetime, end: dt.datetime) -> bool:
    return event.start <= end and (event.end or event.start) > now


def last_issue(folder: PurePosixPath, date: dt.datetime, library: Library) -> dt.datetime:
    """Return when the last issue in ``folder`` before ``date`` came out, or 90 days before ``date`` if there was none."""
    earlier = [d.date for d in library.documents.values() if d.path.parent == folder and d.date < date and not d.meta.draft]
    return max(earlier, default=date - FIRST_ISSUE)
