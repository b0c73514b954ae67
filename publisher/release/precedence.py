"""Who goes first: an emergency release does not wait for an ordinary delivery, however slow a mirror is.

Three kinds of locks (flock(2)) in the store; the kernel drops them with the process that holds them, also after SIGKILL:

1. ``store.urgent.all``: an emergency wants to sign. Who delivers in the ordinary way gives way on every mirror, and so gives the store back.
2. ``NAME.urgent``: an emergency is on its way to one mirror. An ordinary delivery gives way there only.
3. ``NAME.delivery``: held by whoever writes to a mirror, until the last of its threads has ended.

What gave way is not lost: the emergency brings the newest release, with everything that was under way, and the next delivery goes on where one was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from publisher.release.file_lock import share_lock, take_lock

STORE = ""
"""In place of a mirror's name: the store itself."""


class Precedence:
    """``folder`` lies in the store. Raises `OSError` if it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, IO[str]] = {}

    @contextmanager
    def claimed(self, name: str = STORE) -> Iterator[None]:
        """Claim a mirror, or the store, for an emergency. Several may: they take turns by the locks that they need."""
        with self._open(_claim(name)) as claim:
            share_lock(claim)
            yield

    def is_claimed(self, name: str) -> bool:
        """Tell whether an ordinary delivery to this mirror has to give way."""
        return any(map(self._is_locked, {_claim(STORE), _claim(name)}))

    def _is_locked(self, file: str) -> bool:
        if not (self._folder / file).exists():
            return False
        with self._open(file) as claim:
            return not take_lock(claim, 0.0)

    def take(self, name: str) -> bool:
        """Take a mirror for a delivery; tell whether it was free. It is held until `give_back`."""
        with ExitStack() as opened:
            lock = opened.enter_context(self._open(f"{name}.delivery"))
            if name in self._held or not take_lock(lock, 0.0):
                return name in self._held
            self._held[name] = lock
            opened.pop_all()
        return True

    def give_back(self) -> None:
        """Give back every mirror: when no thread writes any more."""
        while self._held:
            self._held.popitem()[1].close()

    def _open(self, name: str) -> IO[str]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (self._folder / name).open("a")


def _claim(name: str) -> str:
    return f"{name}.urgent" if name else "store.urgent.all"  # no mirror has a dot in its name
