"""What every page shows around its own content: the name of the site, its ways, and the notices in force. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from plugins.frontmatter.model.document import Document
from plugins.frontmatter.model.registry import Registry
from plugins.frontmatter.notice_chains import in_force

_FIXED = ("/", "/places/", "/topics/", "/mail/", "/search/", "/accessibility/results/")
"""Addresses that the navigation and the foot of every page link to, besides publications, notices and fixed pages."""


def page_frame(
    registry: Registry,
    base: str,
    fixed_pages: Sequence[tuple[str, str]],
    documents: Sequence[Document],
    now: dt.datetime,
) -> dict[str, Any]:
    """Return the variables of all templates that frame a page.

    ``base`` is the scheme and host of the site, ``fixed_pages`` are address and title of each; of ``documents`` only the notices and drills count, and
    all of them are public.
    """
    notices = in_force(documents)
    return {
        "site": registry.site,
        "registry": registry,
        "base": base,
        "now": now,
        # On every page: the incremental build records one read instead of thirty.
        "publication_links": [(p.url, p.title, p.colour) for p in registry.publications.values() if p.content_type != "drill"],
        "fixed_pages": fixed_pages,
        "notices": notices,
        "drills": in_force(documents, "drill"),
        # The addresses for which the parts that all pages share look different: there they mark the current page.
        "navigation_urls": frozenset(
            (*_FIXED, *(url for url, _ in fixed_pages), *(d.url for d in notices), *(p.url for p in registry.publications.values()))
        ),
    }
