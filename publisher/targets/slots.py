"""What a slot of a mirror holds, by the record that lies beside its tree.

``slots/a.json`` names the release and the paths that are not to be trusted, ``slots/a.proof.json`` the files of the proof. Both lie on the mirror, so that
any publishing machine can go on; whoever alters them there can make a delivery write more, and nothing else: no path leads out of the slot.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.release import Release, ReleasedFile, is_safe_path
from publisher.targets.files import FileCopy, Files
from publisher.targets.target import Known

SLOTS = ("a", "b")

UNKNOWN = "?"
"""In place of a digest: the file is ours, and may be anything."""


@dataclass(frozen=True)
class Slot:
    """What a slot holds. ``manifest`` is the SHA-256 of the release's manifest.

    ``proof`` is path → the beginning of the SHA-256 of the files below ``.well-known/todoke/``, empty for names that never change content.

    A delivery was cut while it wrote ``pending`` paths: each has the old content or the new one. Files at ``damaged`` paths may be anything.
    ``walked`` is the moment (`Files.moment`) at which everything in it was right except what is doubtful: the end of a delivery. ``is_there`` is false if the tree is not ours and must go.
    """

    name: str
    release: Release | None = None
    manifest: str = ""
    proof: Mapping[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    damaged: frozenset[str] = frozenset()
    walked: int = 0
    is_there: bool = True

    @property
    def tree(self) -> str:
        """The folder."""
        return f"slots/{self.name}"

    @property
    def doubtful(self) -> frozenset[str]:
        """The paths whose content is not what the release says for sure."""
        return self.pending | self.damaged


def other(slot: str) -> str:
    """Return the name of the other slot."""
    return SLOTS[1] if slot == SLOTS[0] else SLOTS[0]


def mark(path: str, data: bytes) -> str:
    """Return what `Slot.proof` notes of a file of the proof. A version or a digest in the name says it all: 500 digests less in each delivery."""
    name = path.rpartition("/")[2]
    return "" if path.startswith(manifest.LISTS) or name[0].isdecimal() else hashlib.sha256(data).hexdigest()[:16]


def touched_paths(slot: Slot, release: Release) -> frozenset[str]:
    """Return the paths at which a slot has, or may have, something else than the release."""
    new, old = release.by_path, slot.release.by_path if slot.release else {}
    return slot.doubtful | {path for path in {*new, *old} if _content(new, path) != _content(old, path)} | {manifest.PATH}


def _content(files: Mapping[str, ReleasedFile], path: str) -> str | None:
    return files[path].sha256 if path in files else None


def file_copies(
    files: Sequence[ReleasedFile], tree: str, object_of: Callable[[str], Path], published_slot: Slot | None
) -> list[tuple[ReleasedFile, FileCopy]]:
    """Return each file with what brings it into ``tree``; what readers see is the earlier version, if nothing about it is doubtful."""
    there = published_slot.release.by_path if published_slot and published_slot.release else {}
    doubtful = published_slot.doubtful if published_slot else frozenset()

    def earlier(path: str) -> tuple[Path, str] | None:
        if published_slot is None or path not in there or path in doubtful:
            return None
        return object_of(there[path].sha256), f"{published_slot.tree}/{path}"

    return [(file, FileCopy(object_of(file.sha256), f"{tree}/{file.path}", earlier(file.path))) for file in files]


def trusted_paths(slot: Slot | None) -> dict[str, str]:
    """Return digest → path of the files in a slot that are what its manifest says."""
    if slot is None or slot.release is None:
        return {}
    return {file.sha256: f"{slot.tree}/{file.path}" for file in slot.release.files if file.path not in slot.doubtful}


async def read_slot(files: Files, name: str, known: Known) -> Slot:
    """Read what a slot holds. A release that this machine knows is not read from the mirror; of another one, no file of the proof is trusted."""
    tree = f"slots/{name}"
    record = _record(await files.read(f"{tree}.json"))
    if record is None:
        return Slot(name, is_there=False)
    slot = Slot(name, None, record["manifest"], pending=_safe(record["pending"]), damaged=_safe(record["damaged"]), walked=record["walked"])
    if record["number"] == 0:
        return slot
    ours = known(record["number"], record["manifest"])
    release = ours or await read_release(files, tree)
    if release is None or release.number != record["number"]:
        return Slot(name, is_there=False)
    proof = _proof(await files.read(f"{tree}.proof.json"))
    return replace(slot, release=release, proof=proof if ours else dict.fromkeys(proof, UNKNOWN))


async def read_release(files: Files, tree: str) -> Release | None:
    """Return the release whose manifest lies in a tree, or None."""
    data = await files.read(f"{tree}/{manifest.PATH}")
    if data is None:
        return None
    with suppress(PublisherError):
        lists = {path: await files.read(f"{tree}/{path}") for path in manifest.list_paths(data)}
        return manifest.parse(data, lists.get)
    return None


async def write_slot(files: Files, slot: Slot, *, with_proof: bool = False) -> None:
    """Write the record. ``with_proof`` belongs to the end of a delivery."""
    record = {
        "number": slot.release.number if slot.release else 0,
        "manifest": slot.manifest,
        "walked": slot.walked,
        "pending": sorted(slot.pending),
        "damaged": sorted(slot.damaged),
    }
    if with_proof:
        await files.write({f"{slot.tree}.proof.json": json.dumps(dict(slot.proof)).encode()})
    await files.write({f"{slot.tree}.json": json.dumps(record).encode()})


def _record(data: bytes | None) -> Any:
    """Return the record if it is one, or None."""
    with suppress(ValueError, TypeError, AttributeError, KeyError):
        record = json.loads(data or b"")
        kinds = {"number": int, "manifest": str, "walked": int, "pending": list, "damaged": list}
        if all(isinstance(record[name], kind) for name, kind in kinds.items()):
            return record
    return None


def _proof(data: bytes | None) -> dict[str, str]:
    with suppress(ValueError, AttributeError):
        return {path: str(digest) for path, digest in json.loads(data or b"").items() if is_safe_path(path)}
    return {}


def _safe(paths: Iterable[object]) -> frozenset[str]:
    return frozenset(path for path in paths if isinstance(path, str) and is_inside(path))


def is_inside(path: str) -> bool:
    """Tell whether a path stays in its tree. A stranger's name may have characters that no release has."""
    return not any(part in ("", ".", "..") for part in path.split("/")) and "\0" not in path


def neighbours(path: str) -> tuple[str, str]:
    """Return a key by which the two lists of one bin follow each other: the connection is compressed, and both have the same paths and digests."""
    name = path.rpartition("/")[2]
    return (name.split("-")[0] if path.startswith(manifest.LISTS) else name.partition("bin-")[2].partition(".")[0], path)
