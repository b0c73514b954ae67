"""Does something again whenever a source is saved: `todoke check --watch`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from watchfiles import Change, DefaultFilter, watch

from plugins.preview.live import real_folders

_STEP, _DEBOUNCE = 50, 400
"""Milliseconds. After a change the watcher waits `_STEP` for the next one, and `_DEBOUNCE` at most: a program that saves in two steps starts one check."""

_TURN = 200
"""Milliseconds after which the watcher comes back without a change. The first time says that it watches: what is saved from then on is not missed."""


class _Sources(DefaultFilter):
    """Lets changes through of the files and below the folders that are watched, but for those of other programs (``.git``, swap files)."""

    def __init__(self, files: Sequence[Path], folders: Sequence[Path]) -> None:
        super().__init__()
        self._files, self._folders = files, folders

    def __call__(self, change: Change, path: str) -> bool:
        place = Path(path)
        return place in self._files or (super().__call__(change, path) and any(place.is_relative_to(folder) for folder in self._folders))


def check_again(check: Callable[[], None], watched: Sequence[Path]) -> None:
    """Call ``check`` at once, and again after each change of the files and folders ``watched``, until somebody presses Ctrl-C."""
    with suppress(KeyboardInterrupt):
        while True:
            for _ in _until_changed([path.resolve() for path in watched]):
                check()


def _until_changed(watched: Sequence[Path]) -> Iterator[None]:
    """Yield once, when the watcher is there; come back after the first change.

    Each round has a watcher of its own, so that it sees new folders, and a file that an editor saves by putting another in its place: for that the
    folder of the file is watched.
    """
    files, folders = [path for path in watched if not path.is_dir()], [path for path in watched if path.is_dir()]
    inside = {folder for each in folders for folder in real_folders(each)} | {file.parent for file in files}
    rounds = watch(
        *sorted(inside),
        watch_filter=_Sources(files, folders),
        step=_STEP,
        debounce=_DEBOUNCE,
        rust_timeout=_TURN,
        yield_on_timeout=True,
        recursive=False,
    )
    next(rounds)
    yield
    next(changes for changes in rounds if changes)
