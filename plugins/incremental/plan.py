"""What an incremental build knows of the last one, and what it takes over from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment

from plugins.clock import TrackedClock
from plugins.context import Key
from plugins.incremental.dependency_recorder import DependencyRecorder, record_reads
from plugins.incremental.invalidation import Invalidation
from plugins.incremental.manifest import Manifest, PageEntry, load_manifest
from plugins.incremental.template_digests import TemplateDigests


class RenderPlan:
    """``site`` is the folder that is being made, ``last`` the site that was built before, ``manifest`` the file that tells how, ``settings`` the
    digest of what all pages depend on. ``intact`` tells which files of ``last`` are as they were written; it is asked when that has to be known.

    What is taken over is not brought into ``site``: it is only named, in ``files``.
    """

    def __init__(
        self,
        site: Path,
        last: Path,
        manifest: Path,
        settings: str,
        present: TrackedClock,
        intact: Callable[[], frozenset[str]] = frozenset,
        *,
        fresh: bool = False,
    ) -> None:
        self.site, self.last = site, last
        self.before = Manifest(settings) if fresh else load_manifest(manifest, settings)
        self.now = self.before.following()
        self.present = present
        self._intact = frozenset if fresh else intact
        self.rendered: dict[str, str] = {}
        self.kept: list[str] = []
        self.files = set[str]()
        self.recorder = DependencyRecorder()
        self.also: list[str] = []
        self.on_page: Callable[[], None] = lambda: None
        self.finish: Callable[[], None] = lambda: None
        self.view: tuple[Environment, dict[str, Any]] | None = None
        self._environments: dict[int, tuple[Invalidation, TemplateDigests]] = {}

    def for_environment(self, environment: Environment, context: dict[str, Any]) -> tuple[Invalidation, TemplateDigests]:
        """Return the world and the template digests for one generator's environment."""
        if id(environment) not in self._environments:
            self.view = environment, context
            record_reads(environment, self.recorder)
            world = Invalidation(environment, self.recorder, context, self.before)
            self._environments[id(environment)] = world, TemplateDigests(environment, self.before.templates, self.now.templates)
        return self._environments[id(environment)]

    @cached_property
    def intact(self) -> frozenset[str]:
        """The files of the last site that are as they were written."""
        return self._intact()

    def has(self, *names: str) -> bool:
        """Tell whether the last site has these files as they were written, so that they can be taken over."""
        return self.intact.issuperset(names)

    def keep(self, name: str, entry: PageEntry) -> None:
        """Take over a page, with all that was written while it was rendered."""
        self.files.update((name, *entry.also))
        self.kept.append(name)
        self.now.pages[name] = entry
        if entry.moments:
            self.present.narrow(entry.bounds)

    def find(self, name: str) -> Path | None:
        """Return where a file of the site that is being made lies: made now, or taken over; None if there is none so far."""
        if (file := self.site / name).is_file():
            return file
        return self.last / name if name in self.files else None

    def brings(self, name: str, also: str) -> None:
        """Note that the page ``name`` has the file ``also`` with it, which is taken over when the page is."""
        entry = self.now.pages[name]
        self.now.pages[name] = entry._replace(also=(*entry.also, also))


PLAN = Key[RenderPlan]("render plan", __name__)
"""Absent when Pelican was started by itself: then every page is rendered."""
