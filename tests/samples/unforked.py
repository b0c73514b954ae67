"""Small sites are built without the help of other processes, as on Windows: each is a copy of a whole worker of pytest, hundreds of megabytes.

Half of the computing time of a site of three articles went into three such copies, two for its thirty pages and one that looks at an empty folder. What
has more than a few hundred pages or sources is divided among processes as ever, and so is all that runs as a command of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from plugins import processes
from plugins.builder import run
from plugins.frontmatter.load import parallel_reader

FEW = 200
"""Pages, or whatever else is worked on, that stay in one process."""

_Result = TypeVar("_Result")
_built_by = vars(run)  # a builder takes the function by its name
_count, _ahead = processes.worker_count, _built_by["run_ahead"]
assert vars(parallel_reader)["worker_count"] is _count  # sources are divided, or not, as ever


def stay() -> None:
    """From now on fork for much work only."""
    processes.worker_count = lambda items, enough: _count(items, max(enough, FEW))
    _built_by["run_ahead"] = _later


@contextmanager
def forking() -> Iterator[None]:
    """Fork inside the block as the program does."""
    before = processes.worker_count, _built_by["run_ahead"]
    processes.worker_count, _built_by["run_ahead"] = _count, _ahead
    try:
        yield
    finally:
        processes.worker_count, _built_by["run_ahead"] = before


@contextmanager
def _later(work: Callable[[], _Result]) -> Iterator[Callable[[], _Result]]:
    yield cache(work)
