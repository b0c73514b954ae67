"""When Python looks for rubbish in a process that builds a site."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Do not look for rubbish meanwhile: what a build reads stays until its end, and looking through thousands of documents that stay, again and
    again, took a sixth of the time. Whoever makes much calls `collect_seldom`.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def collect_seldom() -> None:
    """Look for rubbish after 50,000 new objects, not 700, from now on: every page that is rendered leaves circles behind, and what was read stays."""
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
