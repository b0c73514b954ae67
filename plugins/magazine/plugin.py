"""The steps of this room inside Pelican's run: compose before documents are read, bundle when the site is finished."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pelican import Pelican, signals
from pelican.generators import Generator

from plugins.context import BuildContext, Key, context_of
from plugins.diagnostics import ContentErrors
from plugins.frontmatter.library import LIBRARY, SITE_ADDRESS
from plugins.incremental.plan import PLAN
from plugins.incremental.writer import file_finder, render_pending
from plugins.magazine.bundle import hashes, write_issue, write_lists
from plugins.magazine.compose.composition import Composition
from plugins.magazine.compose.issues import compose_all
from plugins.magazine.gate.gate import Gate, RenderedIssue, validate_html
from plugins.magazine.render.renderer import IssueRenderer


def register() -> None:
    """Register with Pelican, which is loaded here and not before: the command line imports this room too."""
    pass

    connect()


_COMPOSED = Key[Sequence[Composition]]("composed issues", __name__)


def compose_issues(pelican: Pelican) -> Any:
    """Compose all live issues; sent when every plugin is loaded and before any document is read. Raises `ContentErrors`."""
    build = context_of(pelican.settings)
    library, press = build[LIBRARY], _press(build)
    issues = compose_all(library)
    build.provide(_COMPOSED, issues)
    build.replace(LIBRARY, library.with_html({issue.document.path: press.page(issue) for issue in issues}))
    return Generator  # nothing of its own to write: the pages are Pelican's


def bundle_issues(pelican: Pelican) -> None:
    """Print the issues, let the gate look at them, and write the bundles; sent when the site is finished. Raises `ContentErrors`."""
    build = context_of(pelican.settings)
    site, plan, press = build.site, build.get(PLAN), _press(build)
    render_pending(plan)
    printed = [RenderedIssue(issue, press.render(issue)) for issue in build[_COMPOSED]]
    _refuse(printed, Gate(file_finder(site, plan), press.base, press.site), _passed(site) if build.validate_mail else None)
    folder = site.parent / "mail"
    write_lists(folder, build[LIBRARY].registry, press.base)
    for one in printed:
        write_issue(folder, one.issue, one.parts, press.base)


def _refuse(printed: list[RenderedIssue], gate: Gate, passed: frozenset[str] | None) -> None:
    faults = [fault for one in printed for fault in gate.examine(one)]
    if not faults and passed is not None:
        faults = validate_html(printed, passed)
    if faults:
        raise ContentErrors(faults)


def _passed(site: Path) -> frozenset[str]:
    """The HTML parts of the last good output, which lies beside the folder that is being built (`plugins.builder.run`)."""
    return hashes(site.parent.parent / "mail", "mail.html")


def _press(build: BuildContext) -> IssueRenderer:
    return IssueRenderer(build.theme / "mail", build[LIBRARY].registry.site, build[SITE_ADDRESS], build.cache / "mail")


def connect() -> None:
    """Listen to Pelican."""
    signals.get_generators.connect(compose_issues)
    signals.finalized.connect(bundle_issues)
