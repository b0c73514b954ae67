"""How heavy a page may be. A build over a budget fails, and the last good output stays.

`weigh` finds what one built page asks for, `budgets` says how much is too much. ``plugins.build`` calls `overweight` when all pages are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from plugins.incremental.workers import spread

from .limits import ENOUGH, complaints, sheet_complaints
from .weigh import Files, weigh

__all__ = ["overweight"]


def overweight(site: Path, pages: Iterable[str] | None = None, find: Callable[[str], Path | None] | None = None) -> list[str]:
    """Return what is too heavy in the built ``site``, one line each, in Japanese and English; an empty list is a pass.

    ``pages`` are the HTML files to weigh, relative to the site; all, if it is None. ``find`` finds a file of the site by its name where not all of
    them lie in ``site`` yet.
    """
    files = Files(site, find)
    names = sorted(pages if pages is not None else (path.relative_to(site).as_posix() for path in site.rglob("*.html")))

    def look(names: Sequence[str]) -> list[str]:
        return [line for name in names for line in complaints(weigh(name, files, enough=ENOUGH))]

    return sheet_complaints(files) + sorted(line for _, lines in spread(look, names) for line in lines)
