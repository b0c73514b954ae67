"""Makes the build of the moment that comes next in another process while nothing else is to do, so that at that moment only trees are exchanged.

When an article ends or is to appear is known beforehand. The other process is a fork: what it changes in memory is gone with it.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from plugins.builder import provenance
from plugins.builder.options import BuildOptions
from plugins.builder.resident.next_build import MadeBuild, make_next, new_folder
from plugins.builder.run import MOMENTS, PublishedBuild
from plugins.builder.trees.staging import TreeChange
from plugins.clock import ValidityInterval
from plugins.files import write_atomically
from plugins.frontmatter import moments
from plugins.frontmatter.text_edits import NeedsWholeBuild
from plugins.processes import may_fork, run_ahead, without_gc

_NEAR = dt.timedelta(minutes=10)
"""A moment that is further away is not made ahead: each edit until then would ask for another two seconds of a processor."""

_TICK = dt.timedelta(microseconds=1)
"""At the very end of an interval some answers hold for that microsecond alone (`plugins.clock.TrackedClock.record_comparison`)."""


@dataclass(frozen=True)
class NextMoment:
    """What is made ahead for ``moment`` and the time after it, as long as nothing else begins or ends."""

    moment: dt.datetime
    published: PublishedBuild
    _result: Callable[[], MadeBuild]
    _resources: ExitStack

    def made_for(self, options: BuildOptions) -> MadeBuild:
        """Wait for what is made, and return it as a build with ``options`` would make it.

        Raises `NeedsWholeBuild` if it does not hold at their moment, what was raised in the other process, and `plugins.processes.WorkerLost`.
        """
        if options.now < self.moment or not (made := self._result()).validity.contains(options.now):
            raise NeedsWholeBuild("another moment was made ahead")
        file = made.folder / MOMENTS
        write_atomically(file, moments.built_at(file.read_bytes(), options.now, made.validity, {}))
        provenance.save(options, made.folder)
        return replace(made, changes={tree: self._with_kept(tree, change) for tree, change in made.changes.items()})

    def _with_kept(self, tree: str, change: TreeChange) -> TreeChange:
        return replace(change, kept=frozenset(self.published.files[tree].keys() - change.stats.keys() - change.removed))

    def close(self) -> None:
        """End the process, and delete what it has made."""
        self._resources.close()


def begin(published: PublishedBuild, validity: ValidityInterval, now: dt.datetime) -> NextMoment | None:
    """Begin to make what follows ``published``, which holds in ``validity``; None if nothing comes soon after ``now``. Raises `OSError`."""
    if not (may_fork() and validity.contains(now) and validity.until - now <= _NEAR):
        return None
    options = replace(published.options, now=validity.until + _TICK)
    with ExitStack() as resources:
        folder = new_folder(options)
        resources.callback(shutil.rmtree, folder, ignore_errors=True)
        made = resources.enter_context(run_ahead(partial(_make, published, options, folder)))
        return NextMoment(options.now, published, made, resources.pop_all())


def _make(published: PublishedBuild, options: BuildOptions, folder: Path) -> MadeBuild:
    with without_gc():
        made = make_next(published, options, folder)
    # What is kept is all that is published and not named here. Without it the answer fits into the pipe, and this process need not wait for its reader.
    return replace(made, changes={tree: replace(change, kept=frozenset()) for tree, change in made.changes.items()})
