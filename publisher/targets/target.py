"""What every mirror can do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from publisher.model.release import Release
from publisher.release.store import SignedRelease

Progress = Callable[[int, int], None]
"""Called with the number of files that are done and of all that are to be done."""

Known = Callable[[int, str], Release | None]
"""Returns the release with a number and the SHA-256 of its manifest, if this machine has it: then nothing of it is read from the mirror."""

CHALLENGES = ".well-known/acme-challenge/"
"""Where the program that renews the web server's certificate may put files (RFC 8555 section 8.3): they are no business of ours."""


def nothing_known(_number: int, _sha256: str) -> Release | None:
    """Know no release: everything is read from the mirror."""
    return None


@dataclass(frozen=True)
class Published:
    """What one delivery did. ``length`` and ``proof_length`` count the bytes of content and of proof that were sent, not those of the protocol.

    ``mended`` files were found by this delivery not to be what an earlier one had written. ``afterwards`` are the seconds of wall time that a delivery took after readers saw the
    release.
    """

    number: int
    written: int
    removed: int
    length: int
    proof_length: int = 0
    mended: int = 0
    afterwards: float = 0.0


@dataclass(frozen=True)
class Inspection:
    """How a mirror differs from the release that it should show: files that are altered or missing, and files that no release has.

    ``hidden`` are such paths in what readers do not see now, and would see with a later release.
    """

    number: int
    altered: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether nothing differs."""
        return not (self.altered or self.strange or self.hidden)


class Target(Protocol):
    """One mirror. Every method raises `TargetError`; then readers see what they saw before."""

    name: str

    async def current(self) -> int | None:
        """Return the number of the release that readers see, or None."""

    async def publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Make readers see this release. ``object_of`` returns the file with a digest. Can be repeated after any interruption."""

    async def publish_urgently(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Do what `publish` does, as soon as the mirror can: what others may have altered there is left for the next delivery."""

    async def inspect(self, signed: SignedRelease, object_of: Callable[[str], Path], *, reads_all: bool) -> Inspection:
        """Compare everything on the mirror with the release: by length and time, or with ``reads_all`` by content. What differs out of sight is never used again.

        Raises `TargetError` also if the mirror shows another release.
        """

    async def repair(self, signed: SignedRelease, paths: Iterable[str], object_of: Callable[[str], Path]) -> Published:
        """Write the files at ``paths`` of the release that readers see anew, and remove those of ``paths`` that it does not have."""

    async def renew(self, proof: dict[str, bytes]) -> None:
        """Replace files below ``.well-known/todoke/`` only: the timestamp's life is short."""

    async def close(self) -> None:
        """Give up connections."""

    def abort(self) -> None:
        """Give up connections at once, without a word to the other side."""


def counter(progress: Progress, total: int) -> Callable[[], None]:
    """Return what is called after each file, and reports how many of ``total`` are done."""
    count = 0

    def done() -> None:
        nonlocal count
        count += 1
        progress(count, total)

    return done
