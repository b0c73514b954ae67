"""The contents in the store, before they go anywhere: altered bytes are never sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from publisher.model.errors import TargetError
from publisher.model.release import Release, ReleasedFile
from publisher.release.scan import digest
from publisher.release.store import SignedRelease
from publisher.targets.files import stamp


def require_sound(files: Sequence[ReleasedFile], object_of: Callable[[str], Path]) -> None:
    """Raise `TargetError` if a content is missing or damaged. Every byte is read."""
    for file in files:
        source = object_of(file.sha256)
        if not source.is_file() or digest(source) != file.sha256:
            raise TargetError(
                f"{source}: the stored content of {file.path} is missing or damaged: todoke release --force / 保管した内容が壊れています"
            )


def fresh(signed: SignedRelease, object_of: Callable[[str], Path], published: Release | None) -> frozenset[str]:
    """Return the digests of contents that the store got with this very release, and compared then: in an emergency nobody reads them once more."""
    before = {file.sha256 for file in published.files} if published else set()
    new = {file.sha256 for file in signed.release.files} - before
    moment = int(signed.release.moment.timestamp())
    try:
        return frozenset(sha256 for sha256 in new if stamp(object_of(sha256))[1] == moment)
    except OSError:  # something is missing: then all of it is looked at
        return frozenset()
