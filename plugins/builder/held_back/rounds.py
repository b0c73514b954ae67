"""Runs the build until nothing is wrong any more, or something that may not be held back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from plugins.builder.held_back.history import GitHistory, is_in_repository
from plugins.builder.held_back.last_good import LastGoodBuild
from plugins.builder.options import BuildOptions
from plugins.diagnostics import ContentErrors

if TYPE_CHECKING:
    from plugins.builder.held_back.report import HeldBack
    from plugins.builder.held_back.selection import Selection
    from plugins.builder.pelican_run import PelicanRun, RunResult


def run_until_it_holds(
    first: PelicanRun, options: BuildOptions, folder: Path, prepare: Callable[[BuildOptions], PelicanRun], on_page: Callable[[], None]
) -> tuple[RunResult, tuple[HeldBack, ...]]:
    """Return the result of the last run and what was held back. ``first`` runs on the checkout as it is, the others are what ``prepare`` makes.

    ``folder`` is that of this build; the versions lie in it. Raises `ContentErrors` for what may not be held back, and for anything if ``options`` are
    strict; `plugins.builder.options.BuildFailed`, `OSError`.
    """
    run, selection = first, None
    while True:
        try:
            result = run.run(on_page)
        except ContentErrors as errors:
            if options.strict:
                raise
            selection = selection or _begin(options, folder)
            selection.hold_back(errors)
            _clear(folder, selection)
            run = prepare(replace(options, content=selection.root, held=selection.names()))
        else:
            if selection:
                selection.check()
            if not is_in_repository(options.content):
                LastGoodBuild(options.output.absolute()).keep(selection.root if selection else options.content, result.rerenderer.library)
            return result, (*(selection.held_back() if selection else ()), *result.held_back)


def _begin(options: BuildOptions, folder: Path) -> Selection:
    from plugins.builder.held_back.selection import Selection  # most builds hold nothing back

    content = options.content.absolute()
    history = GitHistory(content.resolve()) if is_in_repository(content) else LastGoodBuild(options.output.absolute())
    return Selection(content, folder / "sources" / content.name, history)


def _clear(folder: Path, selection: Selection) -> None:
    """Remove what the run that failed has made."""
    for path in folder.iterdir():
        if path.is_dir() and path != selection.root.parent:
            shutil.rmtree(path)
        elif not path.is_dir():
            path.unlink()
