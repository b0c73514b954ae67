"""Pelican's writer, which first asks whether a page would come out as it is already there.

Pelican's documented way: the signal `get_writer`. What is replaced is `Writer.write_file`; a page that is paginated, or that Pelican
writes to more than one file, goes to Pelican's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template
from pelican import signals
from pelican.writers import Writer

from .closure import Closures
from .manifest import Entry, Manifest, load_manifest
from .present import Present
from .reads import CONTEXT, Read, Recorder, watch
from .sharing import link_once, settle
from .world import World

NEW = "前の記録がありません / nothing is known of an earlier one"
SETTING = "INCREMENTAL"
"""In Pelican's settings: a `Plan`, or nothing for a full build."""


class Plan:
    """What an incremental build knows of the last one.

    ``last`` is the site that was built then, ``manifest`` the file that tells how, ``settings`` the digest of what all pages depend on.
    """

    def __init__(self, last: Path, manifest: Path, settings: str, present: Present, *, fresh: bool = False) -> None:
        self.last = last
        self.before = Manifest(settings) if fresh else load_manifest(manifest, settings)
        self.now = self.before.following()
        self.present = present
        self.rendered: dict[str, str] = {}
        self.kept: list[str] = []
        self.recorder = Recorder()
        self.also: list[str] = []
        self._environments: dict[int, tuple[World, Closures]] = {}

    def look(self, environment: Environment, context: dict[str, Any]) -> tuple[World, Closures]:
        """Return the world and the template digests for one generator's environment."""
        if id(environment) not in self._environments:
            watch(environment, self.recorder)
            self._environments[id(environment)] = World(environment, self.recorder, context, self.before.table), Closures(environment)
        return self._environments[id(environment)]


class IncrementalWriter(Writer):  # type: ignore[misc]
    """Renders what has changed; links what has not from the last site."""

    def write_file(
        self, name: str, template: Template, context: dict[str, Any], relative_urls: bool = False, paginated: Any = None, **kwargs: Any
    ) -> None:
        """See `pelican.writers.Writer.write_file`."""
        plan: Plan | None = self.settings.get(SETTING)
        if plan is None or not name or paginated or relative_urls:
            super().write_file(name, template, context, relative_urls, paginated, **kwargs)
            return
        world, closures = plan.look(template.environment, context)
        closure = closures.digest(template.name or "")
        entry = plan.before.pages.get(name)
        reason = _reason(entry, closure, plan.last / name, plan.present) or (entry and told(world.changed(entry, kwargs)))
        if entry and not reason:
            self._keep(plan, name, entry, context | kwargs)
        else:
            plan.rendered[name] = reason or NEW
            self._render(plan, name, template, closure, context, kwargs)

    def _open_w(self, filename: str, encoding: str, override: bool = False) -> Any:
        """Never write through a link into the last site: begin a new file."""
        Path(filename).unlink(missing_ok=True)
        return super()._open_w(filename, encoding, override)

    def _keep(self, plan: Plan, name: str, entry: Entry, context: dict[str, Any]) -> None:
        target = Path(self.output_path) / name
        for written in (name, *entry.also):
            link_once(plan.last / written, Path(self.output_path) / written)
        self._written_files.add(str(target))
        plan.kept.append(name)
        plan.now.pages[name] = entry
        plan.present.narrow(entry.bounds)
        signals.content_written.send(str(target), context=context)

    def _render(self, plan: Plan, name: str, template: Template, closure: str, context: dict[str, Any], kwargs: dict[str, Any]) -> None:
        own = {key: value for key, value in kwargs.items() if key not in ("override_output", "template_name")}
        plan.also.clear()
        plan.recorder.begin(context, own)
        try:
            with plan.present.asked_anew() as asked:
                super().write_file(name, template, context, **kwargs)
                bounds = asked()
        finally:
            reads, told_own = plan.recorder.end()
        file = Path(self.output_path) / name
        settle(file, plan.last / name)
        stat = file.stat()
        plan.now.pages[name] = Entry(
            template.name or "", closure, plan.now.places(reads), told_own, bounds, stat.st_size, stat.st_mtime_ns, tuple(plan.also)
        )


def _reason(entry: Entry | None, closure: str, file: Path, present: Present) -> str:
    """Say why the page must be rendered whatever it reads; an empty string if nothing is known against it."""
    if entry is None:
        return NEW
    if closure != entry.closure:
        return "テンプレートが変わりました / its templates changed"
    if not entry.bounds.hold(present.plain):
        return "書かれた時点を過ぎました / a moment that it speaks of has passed"
    return "" if entry.describes(file) else "前のファイルがないか、書き変えられています / its file is gone or was altered"


def told(read: Read | None) -> str:
    """Say which read changed; an empty string for none."""
    if read is None:
        return ""
    owner, name = read
    what = name if owner == CONTEXT else f"{owner.removeprefix(CONTEXT)} {name}"
    return f"読んだものが変わりました / what it reads changed: {what}"


def also_writes(settings: Mapping[str, Any]) -> Callable[[str], None]:
    """Return what a plugin calls with each file, relative to the site, that it writes while a page is rendered.

    A page that is kept brings these files along.
    """
    plan: Plan | None = settings.get(SETTING)
    return (lambda _name: None) if plan is None else plan.also.append
