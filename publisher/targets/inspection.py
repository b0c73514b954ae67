"""Compares a tree on a mirror with what should be in it.

Who alters a file in place alters it in both trees, since unchanged files are hard links. So a delivery must not believe what an earlier one has written:

1. On a file system of this machine each delivery walks through both trees (the one that readers saw until then, after the exchange): other length,
   other time, and everything that the file system itself says was touched since the last delivery ended (``ctime``, which no program can set back) is
   read and compared.
2. By SFTP there is no ``ctime``, and a walk costs seconds: there what is linked is compared by length and time, and `inspect` walks on demand.
3. ``reads_all`` compares every byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from publisher.model.release import ReleasedFile
from publisher.release.store import SignedRelease
from publisher.targets.files import Files, Walk, stamp
from publisher.targets.slots import Slot, mark
from publisher.targets.target import CHALLENGES


class Expected(NamedTuple):
    """What a file must be. ``time`` is -1 if any time is right. A tuple: a delivery makes one of each file, and dataclasses take three times as long."""

    length: int
    time: int
    sha256: str


async def distrust(files: Files, slot: Slot, signed: SignedRelease, object_of: Callable[[str], Path], *, reads_all: bool = False) -> Slot:
    """Return the slot with everything that differs in it marked as damaged. Raises `TargetError`."""
    walk = await files.walk(slot.tree, slot.walked)
    expected = _expected(slot, signed, None if files.is_near else object_of)
    altered = await _altered(files, slot.tree, walk, expected, reads_all)
    ours = slot.release.by_path.keys() if slot.release else set()
    strange = {path for path in walk.stamps if not path.startswith(CHALLENGES)} - ours - slot.proof.keys() - slot.pending
    return replace(slot, damaged=slot.damaged | altered | strange)


def _expected(slot: Slot, signed: SignedRelease, object_of: Callable[[str], Path] | None) -> dict[str, Expected]:
    """Return what each path of a slot must be. Without ``object_of`` any time is right: where ``ctime`` tells what was touched, other times say nothing more."""
    files = slot.release.files if slot.release else ()
    expected = {file.path: expectation(file, object_of) for file in files if file.path not in slot.pending}
    for path, data in signed.proof.items():  # of an older release: the files that are in this one too; the others go anyway
        if slot.proof.get(path) == mark(path, data):
            expected[path] = Expected(len(data), -1, hashlib.sha256(data).hexdigest())
    return expected


def expectation(file: ReleasedFile, object_of: Callable[[str], Path] | None) -> Expected:
    """Return what a file must be on a mirror; its time is that of the object, if the store has it."""
    if object_of is None:
        return Expected(file.length, -1, file.sha256)
    try:
        return Expected(file.length, stamp(object_of(file.sha256))[1], file.sha256)
    except OSError:
        return Expected(file.length, -1, file.sha256)


async def _altered(files: Files, tree: str, walk: Walk, expected: Mapping[str, Expected], reads_all: bool) -> set[str]:
    altered, asked = set(), []
    for path, want in expected.items():
        length, time = walk.stamps.get(path, (-1, -1))
        if length != want.length or want.time not in (-1, time):
            altered.add(path)
        elif reads_all or path in walk.touched:
            asked.append(path)
    digests = await files.digests([f"{tree}/{path}" for path in sorted(asked)])
    return altered | {path for path in asked if digests.get(f"{tree}/{path}") != expected[path].sha256}
