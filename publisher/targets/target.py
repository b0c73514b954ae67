"""What every mirror can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from publisher.release.store import SignedRelease

Progress = Callable[[int, int], None]
"""Called with the number of files that are done and of all that are to be done."""


@dataclass(frozen=True)
class Published:
    """What one delivery did. ``length`` and ``proof_length`` count the bytes of content and of proof that were sent, not those of the protocol."""

    number: int
    written: int
    removed: int
    length: int
    proof_length: int = 0


class Target(Protocol):
    """One mirror. Every method raises `TargetError`; then readers see what they saw before."""

    name: str

    async def current(self) -> int | None:
        """Return the number of the release that readers see, or None."""

    async def publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Make readers see this release. ``object_of`` returns the file with a digest. Can be repeated after any interruption."""

    async def repair(self, signed: SignedRelease, paths: Iterable[str], object_of: Callable[[str], Path]) -> Published:
        """Write the files at ``paths`` of the release that readers see anew, and remove those of ``paths`` that it does not have."""

    async def renew(self, proof: dict[str, bytes]) -> None:
        """Replace files below ``.well-known/todoke/`` only: the timestamp's life is short."""

    async def close(self) -> None:
        """Give up connections."""
