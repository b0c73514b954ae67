"""Which pages a publication has: its front and its months. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from plugins.frontmatter.model.notices import ALERTS
from plugins.publications.taxonomies import MonthArchive, Section


class SectionPage(NamedTuple):
    """A page to render: its root-relative address, its template without ending, and the variables of this page alone."""

    url: str
    template: str
    variables: dict[str, Any]


def section_pages(section: Section) -> Iterator[SectionPage]:
    """Yield the front of a publication, then its months, the oldest first."""
    publication = section.publication
    front = "alerts" if publication.content_type in ALERTS else "section"
    yield SectionPage(publication.url, front, {"section": section, "publication": publication})
    padded: Sequence[MonthArchive | None] = (None, *reversed(section.months), None)
    for before, (month, after) in zip(padded, pairwise(padded[1:]), strict=False):
        assert month is not None
        yield SectionPage(month.url, "month", {"month": month, "publication": publication, "before": before, "after": after})
