"""Takes what a build has just changed into the store: each file is read once, for its digest and for its object, by all processors."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path

from publisher.model.release import ReleasedFile
from publisher.release.scan import Stamp, read_file
from publisher.release.store import ReleaseStore

ENOUGH = 2_000
"""Files for which another process pays: it takes as long to start as 300 files."""

_PART = 500
"""Files that one process takes at once."""

Taken = Mapping[str, tuple[ReleasedFile, Stamp] | None]
"""Each file by its path; None: it is not there."""


def take_in(store: ReleaseStore, site: Path, paths: Sequence[str], moment: dt.datetime, processors: int | None = None) -> Taken:
    """Read the files at ``paths`` of ``site`` and keep their contents as those of a release of ``moment``. Raises `PublisherError`, `OSError`.

    The caller holds the store, and runs no threads: the other processes are forks of this one.
    """
    parts = [paths[start : start + _PART] for start in range(0, len(paths), _PART)]
    work = partial(_take_part, store.root, site, moment)  # not the store with all that it has loaded
    count = processors or os.cpu_count() or 1
    if len(paths) >= ENOUGH and count > 1 and "fork" in get_all_start_methods():
        try:
            with ProcessPoolExecutor(count, get_context("fork")) as pool:
                return {path: file for part in pool.map(work, parts) for path, file in part.items()}
        except BrokenProcessPool:  # one was killed, perhaps for its memory: what is stored already is not written again
            pass
    return {path: file for part in map(work, parts) for path, file in part.items()}


def _take_part(root: Path, site: Path, moment: dt.datetime, paths: Sequence[str]) -> Taken:
    store = ReleaseStore(root)
    taken: dict[str, tuple[ReleasedFile, Stamp] | None] = {}
    for path in paths:
        read = read_file(site, path)
        if read:
            store.add(read.file.sha256, read.data, moment)
        taken[path] = (read.file, read.stamp) if read else None
    return taken
