"""The render plan: what this build takes over from the last one, what it renders, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template

from plugins.clock import TrackedClock
from plugins.context import Key
from plugins.incremental.dependency_recorder import DependencyRecorder, record_environment
from plugins.incremental.fragment_cache import FRAGMENT, FragmentCache
from plugins.incremental.invalidation import Invalidation
from plugins.incremental.manifest import Manifest, PageEntry, load_manifest
from plugins.incremental.template_digests import TemplateDigests

PageVariables = tuple[Template, dict[str, Any], dict[str, Any]]
"""The template of a page, the variables of all pages, and those of this page alone."""


class RenderPlan:
    """Pages that are taken over are only named in ``kept_files``; nobody copies them into ``site``.

    ``site`` is the folder of this run, ``last_site`` the site of the last build, ``manifest_path`` the file that describes the latter, ``fingerprint``
    the digest of what all pages depend on. ``find_intact`` returns the files of ``last_site`` that are as they were written; it is called when that is
    first needed, since another process is finding it out. With ``fresh`` nothing is taken over. ``last`` is the plan of the last build if that was made
    in this process: then its manifest, what it recorded and its fragments are at hand.
    """

    def __init__(
        self,
        site: Path,
        last_site: Path,
        manifest_path: Path,
        fingerprint: str,
        clock: TrackedClock,
        find_intact: Callable[[], frozenset[str]] = frozenset,
        *,
        fresh: bool = False,
        last: RenderPlan | None = None,
    ) -> None:
        self.site, self.last_site, self.fingerprint = site, last_site, fingerprint
        self.has_last_site, self.goes_on = last_site.is_dir(), last is not None
        self.last_manifest = last.manifest if last else Manifest(fingerprint) if fresh else load_manifest(manifest_path, fingerprint)
        self.manifest: Manifest = self.last_manifest.successor()
        self.clock = clock
        self._find_intact = frozenset if fresh else find_intact
        self.rendered: dict[str, str] = {}
        """By page, why it was rendered."""
        self.kept: list[str] = []
        self.kept_files = set[str]()
        self.recorder: DependencyRecorder = last.recorder if last else DependencyRecorder()
        self.recorder.forget_all()
        self.side_files: list[str] = []
        """What plugins wrote while the current page was rendered."""
        self.on_page: Callable[[], None] = lambda: None
        self.render_pending: Callable[[], None] = lambda: None
        self.render_again: Callable[[Iterable[str]], None] = lambda _names: None
        """Both set by the writer. The second renders pages that this run has rendered or kept, after something they read was changed in place."""
        self.page_variables: dict[str, PageVariables] = {}
        """By page. A resident build renders with them for as long as it lives."""
        self.last_variables = last.page_variables if last else {}
        self.view: tuple[Environment, dict[str, Any]] | None = None
        """The environment and the variables of all pages, for a rerender after the build."""
        self._environments: dict[int, tuple[Invalidation, TemplateDigests]] = {}
        self._recorded = last.view[0] if last and last.view else None
        """The environment whose reads are recorded already."""

    def for_environment(self, environment: Environment, context: dict[str, Any]) -> tuple[Invalidation, TemplateDigests]:
        """Return what decides about the pages of ``environment``, which records reads from now on."""
        if id(environment) not in self._environments:
            self.view = environment, context
            if environment is not self._recorded:
                record_environment(environment, self.recorder)
            invalidation = Invalidation(environment, self.recorder, context, self.last_manifest)
            fragments = environment.globals.get(FRAGMENT)
            if isinstance(fragments, FragmentCache):
                fragments.go_on(context, self, invalidation.changed)
            digests = TemplateDigests(environment, self.last_manifest.templates, self.manifest.templates)
            self._environments[id(environment)] = invalidation, digests
        return self._environments[id(environment)]

    def finish(self) -> None:
        """Let go of what only the run needed: a process that goes on would keep it."""
        self.last_variables, self.last_manifest, self._environments = {}, Manifest(self.fingerprint), {}
        self._find_intact, self.intact_files = frozenset, frozenset()

    @property
    def is_current(self) -> bool:
        """Tell whether the fragments are still those of this build, and not of one that went on from it."""
        fragments = self.view[0].globals.get(FRAGMENT) if self.view else None
        return not isinstance(fragments, FragmentCache) or fragments.plan is self

    @cached_property
    def intact_files(self) -> frozenset[str]:
        """The files of the last site that are as they were written."""
        return self._find_intact()

    def is_intact(self, *names: str) -> bool:
        """Tell whether the last site has all these files as they were written, so that they can be taken over."""
        return self.intact_files.issuperset(names)

    def keep(self, name: str, entry: PageEntry) -> None:
        """Take over a page with its side files."""
        self.kept_files.update((name, *entry.side_files))
        self.kept.append(name)
        self.manifest.pages[name] = entry
        if entry.interval:
            self.clock.narrow(entry.validity)

    def take_over(self, name: str) -> bool:
        """Take over a file that is made of nothing that changes while a process goes on (pictures, the theme); tell whether the last build made it."""
        if not (self.goes_on and self.is_intact(name)):
            return False
        self.kept_files.add(name)
        return True

    def find_file(self, name: str) -> Path | None:
        """Return the path of a file of the new site, made now or taken over; None if there is none so far."""
        if (file := self.site / name).is_file():
            return file
        return self.last_site / name if name in self.kept_files else None

    def add_side_file(self, page: str, name: str) -> None:
        """Note that the file ``name`` was made from ``page``, and is taken over whenever the page is."""
        entry = self.manifest.pages[page]
        self.manifest.pages[page] = entry._replace(side_files=(*entry.side_files, name))


PLAN = Key[RenderPlan]("render plan", __name__)
"""Absent when Pelican was started by itself: then every page is rendered."""
