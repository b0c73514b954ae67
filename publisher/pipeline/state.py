"""The one thing that a publish remembers: which commits an operator has taken back. All else is asked of what is there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from publisher.release.files import write_atomically
from publisher.release.store import SignedRelease


@dataclass(frozen=True)
class PublishedState:
    """``commit`` and ``release`` are what publish released last. ``withdrawn`` are commits of the branch that a rollback took back since it has moved."""

    commit: str = ""
    release: int = 0
    withdrawn: tuple[str, ...] = ()

    def withdrawn_after(self, newest: SignedRelease | None) -> tuple[str, ...]:
        """Return the commits that are taken back, the last one included if ``newest`` is a rollback from it."""
        is_rollback = newest is not None and newest.release.restores > 0 and newest.release.number > self.release
        if newest is None or not is_rollback or newest.release.commit.removesuffix("+") == self.commit:
            return self.withdrawn
        return (*self.withdrawn, self.commit)

    def after(self, commit: str, head: str, newest: SignedRelease | None) -> PublishedState:
        """Return the state when ``commit`` is released: what was taken back stays so until the branch itself is released."""
        withdrawn = () if commit == head else self.withdrawn_after(newest)
        return replace(self, commit=commit, withdrawn=withdrawn)


def read_state(file: Path) -> PublishedState:
    """Return what the file says; the empty state if there is none that can be read: then the branch's newest commit is published."""
    try:
        record = json.loads(file.read_bytes())
        return PublishedState(str(record["commit"]), int(record["release"]), tuple(map(str, record["withdrawn"])))
    except (OSError, ValueError, KeyError, TypeError):
        return PublishedState()


def write_state(file: Path, state: PublishedState) -> None:
    """Write the file if it says something else. Raises `OSError`."""
    if read_state(file) != state:
        write_atomically(file, json.dumps(asdict(state)).encode())
