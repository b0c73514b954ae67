"""A mirror with a file system: two folders, of which readers see one.

::

    current -> slots/a         what the web server serves; exchanged by one rename
    slots/a/  slots/b/         trees of two releases, complete with their proof
    slots/a.json               which release the tree holds, what its proof is, and which paths are not to be trusted
    incoming/                  files on their way; each gets its name when it is whole

A release is brought into the slot that nobody sees: only what differs from the release that this slot holds is written, and a file that the other slot
has already is linked to it. Before the first change the slot's record names every path that will be touched; so a cut at any moment is mended by the
next delivery, which writes those paths again. Then ``current`` is exchanged. A reader sees the old site or the new one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from publisher.model import manifest
from publisher.model.errors import PublisherError, TargetError
from publisher.model.release import Release, ReleasedFile
from publisher.release.store import SignedRelease
from publisher.targets.target import Progress, Published

SLOTS = ("a", "b")
CURRENT = "current"


class Files(Protocol):
    """The file system of a mirror. Paths are relative to its root, with ``/``. Every method raises `TargetError`."""

    async def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is none."""

    async def write(self, files: Mapping[str, bytes]) -> None:
        """Write small files, each whole or not at all; missing folders are made."""

    async def copy(self, files: Sequence[tuple[Path, str]], done: Callable[[], None]) -> None:
        """Bring files of this machine to paths there, each whole or not at all; an old file of that name is replaced, not written into."""

    async def link(self, pairs: Sequence[tuple[str, str]], done: Callable[[], None]) -> list[tuple[str, str]]:
        """Make second names of files (hard links); an old file is replaced. Return the pairs for which that could not be done."""

    async def stamps(self, paths: Sequence[str]) -> dict[str, Stamp]:
        """Return length and modification time of those of ``paths`` that are plain files."""

    async def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and folders that are empty afterwards. A missing one is no error."""

    async def remove_tree(self, path: str) -> None:
        """Remove a folder with everything in it. A missing one is no error."""

    async def read_link(self, path: str) -> str | None:
        """Return where a symbolic link leads, or None."""

    async def switch(self, path: str, destination: str) -> None:
        """Make ``path`` a symbolic link to ``destination`` in one step, whatever it was before."""

    async def close(self) -> None:
        """Give up the connection."""


Stamp = tuple[int, int]
"""Length in bytes and modification time in seconds: on a mirror, a file's time is that of its content's first release."""


@dataclass(frozen=True)
class Slot:
    """What a slot holds. ``proof`` is path → SHA-256 of the files below ``.well-known/todoke/``.

    A delivery was cut while it wrote ``pending`` paths: each has the old content or the new one. Files at ``damaged`` paths may be anything.
    """

    name: str
    release: Release | None = None
    proof: Mapping[str, str] = field(default_factory=dict)
    pending: frozenset[str] = frozenset()
    damaged: frozenset[str] = frozenset()

    @property
    def doubtful(self) -> frozenset[str]:
        """The paths whose content is not what the release says for sure."""
        return self.pending | self.damaged


class TreeTarget:
    """A mirror on a file system."""

    def __init__(self, name: str, files: Files) -> None:
        self.name = name
        self._files = files

    async def current(self) -> int | None:
        """Return the number of the release that readers see, or None."""
        slot = await self._current_slot()
        release = await self._read_release(slot) if slot else None
        return release.number if release else None

    async def publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Bring the release into the slot that nobody sees, and exchange."""
        name = await self._current_slot()
        shown = await self._slot(name) if name else None
        if shown and not shown.doubtful and shown.release == signed.release:
            return Published(signed.release.number, 0, 0, 0)
        hidden = await self._slot(_other(name or SLOTS[1]))
        published = await self._bring(signed, hidden, shown, object_of, progress)
        await self._files.switch(CURRENT, f"slots/{hidden.name}")
        return published

    async def _bring(
        self, signed: SignedRelease, hidden: Slot, shown: Slot | None, object_of: Callable[[str], Path], progress: Progress
    ) -> Published:
        """Make the hidden slot hold the release."""
        tree, new, old = _tree(hidden.name), signed.release.by_path, hidden.release.by_path if hidden.release else {}
        touched = hidden.doubtful | {path for path in {*new, *old} if _content(new, path) != _content(old, path)}
        await self._write_record(replace(hidden, pending=touched))
        gone = sorted(touched - new.keys())
        await self._files.remove([f"{tree}/{path}" for path in gone])  # first: a new folder may have an old file's name
        written = [new[path] for path in sorted(await self._outdated(touched & new.keys(), hidden, new, object_of))]
        sent = await self._write_files(written, tree, shown, object_of, _counter(progress, len(written)))
        proof, proof_sent = await self._write_proof(hidden, signed)
        await self._write_record(Slot(hidden.name, signed.release, proof))
        return Published(signed.release.number, len(written), len(gone), sent, proof_sent)

    async def _outdated(self, paths: Set[str], slot: Slot, new: Mapping[str, ReleasedFile], object_of: Callable[[str], Path]) -> Set[str]:
        """Return which of ``paths`` have to be written. Of a delivery that was cut, what has arrived is not sent again."""
        unsure = sorted(paths & slot.pending - slot.damaged)
        stamps = await self._files.stamps([f"{_tree(slot.name)}/{path}" for path in unsure])
        arrived = {path for path in unsure if stamps.get(f"{_tree(slot.name)}/{path}") == stamp(object_of(new[path].sha256))}
        return paths - arrived

    async def _write_files(
        self, written: Sequence[ReleasedFile], tree: str, shown: Slot | None, object_of: Callable[[str], Path], done: Callable[[], None]
    ) -> int:
        """Link what the other slot has, and send the rest. Return the bytes that were sent."""
        there = _trusted(shown)
        links = [(there[file.sha256], f"{tree}/{file.path}") for file in written if file.sha256 in there]
        failed = {target for _, target in await self._files.link(links, done)}
        linked = {target for _, target in links} - failed
        rest = [file for file in written if f"{tree}/{file.path}" not in linked]
        await self._files.copy([(object_of(file.sha256), f"{tree}/{file.path}") for file in rest], done)
        return sum(file.length for file in rest)

    async def _write_proof(self, slot: Slot, signed: SignedRelease) -> tuple[dict[str, str], int]:
        """Write what differs of the proof, and remove what no longer belongs to it. Return its digests, and the bytes that were sent."""
        tree, new = _tree(slot.name), {path: hashlib.sha256(data).hexdigest() for path, data in signed.proof.items()}
        is_unsure = bool(slot.doubtful)  # the last delivery may have been cut while it wrote the proof
        changed = {f"{tree}/{path}": signed.proof[path] for path in new if is_unsure or slot.proof.get(path) != new[path]}
        await self._files.write(changed)
        await self._files.remove([f"{tree}/{path}" for path in sorted(slot.proof.keys() - new.keys())])
        return new, sum(map(len, changed.values()))

    async def repair(self, signed: SignedRelease, paths: Iterable[str], object_of: Callable[[str], Path]) -> Published:
        """Write files anew where readers see them. They become doubtful in the other slot: a hard link may have carried the damage there."""
        shown = await self._current_slot()
        if shown is None:
            raise TargetError(f"{self.name}: nothing was published there so far / まだ何も公開されていません")
        files, damaged = signed.release.by_path, sorted(set(paths))
        other = await self._slot(_other(shown))
        await self._write_record(replace(other, damaged=other.damaged | set(damaged)))
        good = [files[path] for path in damaged if path in files]
        await self._files.copy([(object_of(file.sha256), f"{_tree(shown)}/{file.path}") for file in good], lambda: None)
        proof = {f"{_tree(shown)}/{path}": signed.proof[path] for path in damaged if path in signed.proof}
        await self._files.write(proof)
        strange = [path for path in damaged if path not in files and path not in signed.proof]
        await self._files.remove([f"{_tree(shown)}/{path}" for path in strange])
        return Published(signed.release.number, len(good) + len(proof), len(strange), sum(file.length for file in good))

    async def renew(self, proof: dict[str, bytes]) -> None:
        """Write files of the proof where readers see them."""
        shown = await self._current_slot()
        if shown is not None:
            await self._files.write({f"{_tree(shown)}/{path}": data for path, data in proof.items()})

    async def close(self) -> None:
        """Give up the connection."""
        await self._files.close()

    async def _current_slot(self) -> str | None:
        destination = await self._files.read_link(CURRENT)
        name = (destination or "").rstrip("/").rpartition("/")[2]
        return name if name in SLOTS else None

    async def _slot(self, name: str) -> Slot:
        """Read what a slot holds. A tree without a record that fits is unknown: it is removed, and made anew."""
        record = _parse_record(await self._files.read(f"slots/{name}.json"))
        release = await self._read_release(name)
        if record is not None and (record["number"] == 0 or (release and release.number == record["number"])):
            known = release if record["number"] else None
            return Slot(name, known, record["proof"], frozenset(record["pending"]), frozenset(record["damaged"]))
        await self._files.remove_tree(_tree(name))
        return Slot(name)

    async def _read_release(self, slot: str) -> Release | None:
        data = await self._files.read(f"{_tree(slot)}/{manifest.PATH}")
        with suppress(PublisherError):
            return manifest.parse(data) if data else None
        return None

    async def _write_record(self, slot: Slot) -> None:
        record = {
            "number": slot.release.number if slot.release else 0,
            "proof": dict(slot.proof),
            "pending": sorted(slot.pending),
            "damaged": sorted(slot.damaged),
        }
        await self._files.write({f"slots/{slot.name}.json": json.dumps(record, ensure_ascii=False).encode()})


def stamp(file: Path) -> Stamp:
    """Return the stamp that a copy of ``file`` has on a mirror."""
    status = file.stat()
    return status.st_size, int(status.st_mtime)


def _parse_record(data: bytes | None) -> Any:
    """Return the record if it is one, or None."""
    with suppress(ValueError, TypeError, AttributeError, KeyError):
        record = json.loads(data or b"")
        if (
            isinstance(record["number"], int)
            and isinstance(record["proof"], dict)
            and isinstance(record["pending"] + record["damaged"], list)
        ):
            return record
    return None


def _counter(progress: Progress, total: int) -> Callable[[], None]:
    count = 0

    def done() -> None:
        nonlocal count
        count += 1
        progress(count, total)

    return done


def _other(slot: str) -> str:
    return SLOTS[1] if slot == SLOTS[0] else SLOTS[0]


def _tree(slot: str) -> str:
    return f"slots/{slot}"


def _content(files: Mapping[str, ReleasedFile], path: str) -> str | None:
    return files[path].sha256 if path in files else None


def _trusted(slot: Slot | None) -> dict[str, str]:
    """Return digest → path of the files in a slot that are what its manifest says."""
    if slot is None or slot.release is None:
        return {}
    return {file.sha256: f"{_tree(slot.name)}/{file.path}" for file in slot.release.files if file.path not in slot.doubtful}
