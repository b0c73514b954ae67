"""One page again, at once: what a resident process that has just built the site knows is enough to show an editor the document being written.

Only the page itself is made; what else the change touches (lists, feeds, search, the furigana edition) comes with the build that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .plan import SETTING, Plan


@dataclass(frozen=True)
class Page:
    """A page that was made again: its file relative to the site, and its HTML."""

    name: str
    html: str

    def put(self, site: Path) -> None:
        """Put it into ``site``, whole or not at all; never through a link into another tree."""
        file = site / self.name
        unfinished = file.with_suffix(".part")
        unfinished.write_text(self.html, encoding="utf-8")
        unfinished.replace(file)


def again(settings: Mapping[str, Any], name: str, own: Mapping[str, Any]) -> Page | None:
    """Render the page ``name`` of the last build with other values of its ``own``; None if there was no such page."""
    plan: Plan = settings[SETTING]
    entry = plan.now.pages.get(name)
    if entry is None or plan.view is None:
        return None
    environment, context = plan.view
    return Page(name, environment.get_template(entry.template).render({**context, "output_file": name, **own}))
