"""The build that follows a kept one when documents came, went or moved, or the clock passed a moment.

Pelican runs again, and the packages take over what holds.

1. `sources_of` makes sure that nothing but documents was written.
2. `build_next` runs our plugins as any build does. By `plugins.context.CONTINUATION` they find the last build in memory: its documents, tables, templates,
   fragments, manifest. So all that is grouped and counted is grouped and counted anew, and only what was written is read, rendered and compared.
3. The trees are exchanged as by any build, at once, or when a moment has come for which another process has made this ahead (`next_moment`). What the next process reads is written later (`KeptBuild.save`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from plugins.builder import provenance, up_to_date
from plugins.builder.content_loader import CONTENT
from plugins.builder.options import NEXT, BuildOptions, BuildReport
from plugins.builder.pelican_run import PelicanRun, RunResult
from plugins.builder.run import MOMENTS, PublishedBuild, build_report
from plugins.builder.trees.exchange import TREES, Exchange
from plugins.builder.trees.file_tree import FileTree
from plugins.builder.trees.staging import TreeChange, compare_trees
from plugins.clock import ValidityInterval
from plugins.context import Continuation, Key
from plugins.files import write_atomically
from plugins.frontmatter.library import LIBRARY
from plugins.frontmatter.parse.source import is_source
from plugins.frontmatter.text_edits import EDITS, NeedsWholeBuild
from plugins.incremental.plan import PLAN
from plugins.processes import without_gc
from plugins.publications.document_view import PAGE_CONTEXT
from plugins.publications.listing_pages import TERMS

_LARGE: tuple[Key[Any], ...] = (CONTENT, LIBRARY, PLAN, PAGE_CONTEXT, TERMS, EDITS)
"""What a build leaves for as long as it is the last one. Filters of the templates that all share keep the rest."""


def sources_of(files: Collection[Path], content: Path) -> frozenset[str]:
    """Return the paths below ``content`` of ``files``, which were written or deleted. Raises `NeedsWholeBuild` if one is no document."""
    return frozenset(_source_of(file.absolute(), content) for file in files)


def _source_of(file: Path, content: Path) -> str:
    if not file.is_relative_to(content) or file.parent.resolve() != content.resolve() / file.parent.relative_to(content):
        raise NeedsWholeBuild(f"{file} is no source")
    path = file.relative_to(content).as_posix()
    if (
        not is_source(path)
        or any(part.startswith(".") for part in path.split("/"))
        or file.is_symlink()
        or (file.exists() and not file.is_file())
    ):
        raise NeedsWholeBuild(f"{path} is no document")
    return path


@dataclass(frozen=True)
class MadeBuild:
    """What a run made in ``folder`` and is not public yet: how each tree changes by it, the moments for which it holds, and what there is to report."""

    folder: Path
    changes: Mapping[str, TreeChange]
    validity: ValidityInterval
    report: BuildReport


def build_next(
    published: PublishedBuild, changed: frozenset[str], options: BuildOptions, is_overtaken: Callable[[], bool]
) -> PublishedBuild:
    """Build and publish what follows ``published``, of which nothing but the documents at ``changed`` and the moment is another.

    Raises what `PelicanRun.run` does, `NeedsWholeBuild`, `plugins.builder.trees.exchange.Overtaken`; then what is public is as it was.
    """
    folder = new_folder(options)
    try:
        with without_gc():
            result, made = _make(published, changed, options, folder)
            files, is_mirrored = publish_changes(options.output.absolute(), published.files, folder, made.changes, is_overtaken)
        for key in _LARGE:
            published.result.rerenderer.build.withdraw(key)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    record = replace(published.record, validity=result.validity, report=up_to_date.summary_of(made.report))
    return PublishedBuild(options, result, made.report, record, files, is_mirrored=is_mirrored)


def new_folder(options: BuildOptions) -> Path:
    """Make a folder in the output for what a run makes. Raises `OSError`."""
    return Path(mkdtemp(prefix=NEXT, dir=options.output.absolute()))


def make_next(published: PublishedBuild, options: BuildOptions, folder: Path) -> MadeBuild:
    """Make in ``folder`` what follows ``published`` at another moment; nothing is published. What is in memory belongs to that moment then.

    Raises as `build_next` does.
    """
    return _make(published, frozenset(), options, folder)[1]


def _make(published: PublishedBuild, changed: frozenset[str], options: BuildOptions, folder: Path) -> tuple[RunResult, MadeBuild]:
    output, intact = options.output.absolute(), frozenset(published.files["site"])
    run = PelicanRun(options, folder / "site", lambda: intact, Continuation(published.result.rerenderer.build, changed))
    result = run.run(lambda: None)
    result.plan.finish()
    if result.held_back:
        raise NeedsWholeBuild("an issue was refused")
    files, kept = published.files, {"site": result.plan.kept_files}
    changes = {tree: compare_trees(files[tree], output / tree, folder / tree, kept.get(tree, frozenset())) for tree in TREES}
    write_atomically(folder / MOMENTS, result.moments)
    provenance.save(options, folder)
    return result, MadeBuild(folder, changes, result.validity, build_report(output, result, changes))


def publish_changes(
    output: Path, files: Mapping[str, FileTree], folder: Path, changes: Mapping[str, TreeChange], is_overtaken: Callable[[], bool]
) -> tuple[dict[str, FileTree], bool]:
    """Exchange the trees that change; return the files of all trees then, and whether the staging trees are equal to them. Raises `OSError`, `Overtaken`."""
    exchange = Exchange(output, folder, files, {tree: change for tree, change in changes.items() if change.changed or change.removed})
    after = {**files, **exchange.files_after()}
    exchange.prepare()
    return after, exchange.publish(is_overtaken)
