"""How heavy a page may be. A build over a budget fails, and the last good output stays.

`weigh` finds what one built page asks for, `budgets` says how much is too much. ``plugins.build`` calls `overweight` when all pages are written.
"""

from __future__ import annotations

from pathlib import Path

from .limits import complaints, sheet_complaints
from .weigh import Files, weigh

__all__ = ["overweight"]


def overweight(site: Path) -> list[str]:
    """Return what is too heavy in the built ``site``, one line each, in Japanese and English; an empty list is a pass."""
    files = Files(site)
    found = sheet_complaints(files)
    for page in sorted(site.rglob("*.html")):
        found += complaints(weigh(page, files))
    return found
