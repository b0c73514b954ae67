"""A mirror with a file system: two folders, of which readers see one.

::

    current -> slots/a         what the web server serves; exchanged by one rename
    slots/a/  slots/b/         trees of two releases, complete with their proof
    slots/a.json               which release the tree holds, and which paths are not to be trusted; slots/a.proof.json: what its proof is
    incoming/                  files on their way; each gets its name when it is whole

A release is brought into the slot that nobody sees: only what differs from the release that this slot holds is written, and a file that the other slot
has already is linked to it. Before the first change the slot's record names every path that will be touched; so a cut at any moment is mended by the
next delivery, which writes those paths again. Then ``current`` is exchanged. A reader sees the old site or the new one.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from publisher.model import manifest
from publisher.model.errors import TargetError
from publisher.model.release import ReleasedFile, publishing_order
from publisher.release.store import SignedRelease
from publisher.targets.contents import fresh, require_sound
from publisher.targets.files import FileCopy, Files
from publisher.targets.inspection import distrust, expectation
from publisher.targets.slots import (
    SLOTS,
    Slot,
    file_copies,
    is_inside,
    mark,
    neighbours,
    other,
    read_release,
    read_slot,
    touched_paths,
    trusted_paths,
    write_slot,
)
from publisher.targets.target import Inspection, Known, Progress, Published, counter, nothing_known

CURRENT = "current"

MOST_IN_PLACE = 500
"""Files that an urgent delivery writes where readers see them. With more of them there would be seconds in which pages of two releases stand side by side."""


class TreeTarget:
    """A mirror on a file system."""

    def __init__(self, name: str, files: Files, known: Known = nothing_known) -> None:
        self.name = name
        self._files = files
        self._known = known
        self._fresh: Set[str] = frozenset()

    async def current(self) -> int | None:
        """Return the number of the release that readers see, or None."""
        name = await self._current_slot()
        if name is None:
            return None
        release = (await read_slot(self._files, name, self._known)).release or await read_release(self._files, f"slots/{name}")
        return release.number if release else None

    async def publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Bring the release into the slot that nobody sees, and exchange."""
        name = await self._current_slot()
        published_slot = seen = await read_slot(self._files, name, self._known) if name else None
        if seen and seen.release == signed.release:
            published_slot = await self._walked(seen, signed, object_of)
            if not published_slot.doubtful:
                return await self._complete_proof(published_slot, signed)
        recorded = await read_slot(self._files, other(name or await self._perhaps_seen()), self._known)
        hidden = await self._walked(recorded, signed, object_of)
        if not hidden.is_there:  # never the tree that readers see
            await self._files.remove_tree(hidden.tree)
        published = await self._bring(signed, hidden, published_slot, object_of, progress)
        await self._files.switch(CURRENT, hidden.tree)
        live_at = time.perf_counter()
        altered = hidden.damaged - recorded.damaged
        if seen and published_slot:
            altered |= (await self._leave(published_slot, signed, object_of)).damaged - seen.damaged
        return replace(published, mended=len(altered), afterwards=time.perf_counter() - live_at)

    async def publish_urgently(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Bring what changed to where readers see it, file by file in `publishing_order`; much of it by way of the other slot, as always.

        Neither tree is walked through, which takes a second for each 10,000 files: so ``walked`` stays as it is, and the next delivery looks at all that
        was touched since then, these files among them.
        """
        name = await self._current_slot()
        published_slot = await read_slot(self._files, name, self._known) if name else None
        self._fresh = fresh(signed, object_of, published_slot.release if published_slot else None)
        if published_slot is None or published_slot.release is None:
            return await self.publish(signed, object_of, progress)
        touched = touched_paths(published_slot, signed.release)
        if len(touched) > MOST_IN_PLACE:
            hidden = await read_slot(self._files, other(published_slot.name), self._known)
            if hidden.is_there and hidden.release is not None and len(touched_paths(hidden, signed.release)) < 2 * len(touched):
                published = await self._bring(signed, hidden, published_slot, object_of, progress, walked=hidden.walked)
                await self._files.switch(CURRENT, hidden.tree)
                return published
        return await self._bring_in_place(signed, published_slot, touched, object_of, progress)

    async def _bring_in_place(
        self, signed: SignedRelease, published_slot: Slot, touched: frozenset[str], object_of: Callable[[str], Path], progress: Progress
    ) -> Published:
        """Write what differs into the tree that readers see. Each file is the old one or the new one at every moment."""
        new = signed.release.by_path
        await write_slot(self._files, replace(published_slot, pending=touched))
        written = sorted(
            (new[path] for path in await self._outdated(touched & new.keys(), published_slot, new, object_of)), key=publishing_order
        )
        copies = file_copies(written, published_slot.tree, object_of, published_slot)
        sent = await self._send(copies, object_of, counter(progress, len(written)), is_seen=True)
        gone = sorted(touched - new.keys() - signed.proof.keys())
        await self._files.remove([f"{published_slot.tree}/{path}" for path in gone])
        proof_sent = await self._write_proof(published_slot, signed)
        await self._note(published_slot, signed, published_slot.walked)
        return Published(signed.release.number, len(written), len(gone), sent, proof_sent)

    async def _complete_proof(self, published_slot: Slot, signed: SignedRelease) -> Published:
        """Bring the files of the proof to a tree that has the release already."""
        proof_sent = await self._write_proof(published_slot, signed)
        if proof_sent:
            await self._note(published_slot, signed)
        return Published(signed.release.number, 0, 0, 0, proof_sent)

    async def _leave(self, slot: Slot, signed: SignedRelease, object_of: Callable[[str], Path]) -> Slot:
        """Walk through the tree that readers saw until now, and mark what differs: the next delivery writes it anew. Return the slot.

        What was linked from it was compared byte by byte, so readers need not wait for this. A failure leaves the old record; the next delivery, which
        walks through the tree in any case, meets it again.
        """
        if slot.is_there and self._files.is_near:
            with suppress(TargetError):
                moment = await self._files.moment()  # before the walk: what is altered during it counts as touched
                slot = replace(await self._walked(slot, signed, object_of), walked=moment)
                await write_slot(self._files, slot)
        return slot

    async def _walked(self, slot: Slot, signed: SignedRelease, object_of: Callable[[str], Path]) -> Slot:
        """Return a slot of this machine with what differs in it marked. By SFTP that is done on demand."""
        return await distrust(self._files, slot, signed, object_of) if self._files.is_near and slot.is_there else slot

    async def _bring(
        self,
        signed: SignedRelease,
        hidden: Slot,
        published_slot: Slot | None,
        object_of: Callable[[str], Path],
        progress: Progress,
        *,
        walked: int | None = None,
    ) -> Published:
        """Make the hidden slot hold the release. ``walked`` is the moment that is noted; None: now."""
        new, touched = signed.release.by_path, touched_paths(hidden, signed.release)
        await write_slot(self._files, replace(hidden, pending=touched))
        gone = sorted(touched - new.keys() - signed.proof.keys())
        await self._files.remove([f"{hidden.tree}/{path}" for path in gone])  # first: a new folder may have an old file's name
        written = [new[path] for path in sorted(await self._outdated(touched & new.keys(), hidden, new, object_of))]
        sent = await self._write_files(written, hidden.tree, published_slot, object_of, counter(progress, len(written)))
        proof_sent = await self._write_proof(hidden, signed)
        await self._note(hidden, signed, walked)
        return Published(signed.release.number, len(written), len(gone), sent, proof_sent)

    async def _note(self, slot: Slot, signed: SignedRelease, walked: int | None = None) -> None:
        """Write that the slot holds this release, and nothing of it is doubtful."""
        proof = {path: mark(path, data) for path, data in signed.proof.items()}
        sha256 = hashlib.sha256(signed.proof[manifest.PATH]).hexdigest()
        await write_slot(
            self._files,
            Slot(slot.name, signed.release, sha256, proof, walked=await self._files.moment() if walked is None else walked),
            with_proof=True,
        )

    async def _outdated(self, paths: Set[str], slot: Slot, new: Mapping[str, ReleasedFile], object_of: Callable[[str], Path]) -> Set[str]:
        """Return which of ``paths`` have to be written. Of a delivery that was cut, what has arrived is not sent again."""
        unsure = sorted(paths & slot.pending - slot.damaged)
        arrived = await self._sound([(f"{slot.tree}/{path}", new[path]) for path in unsure], object_of)
        return paths - {path for path in unsure if f"{slot.tree}/{path}" in arrived}

    async def _sound(self, files: Sequence[tuple[str, ReleasedFile]], object_of: Callable[[str], Path]) -> Set[str]:
        """Return which of these paths have the right length and time there; on a file system of this machine, the right content."""
        stamps = await self._files.stamps([path for path, _ in files])
        wanted = {path: expectation(file, object_of) for path, file in files}
        same = [path for path, _ in files if stamps.get(path) == (wanted[path].length, wanted[path].time)]
        if not self._files.is_near:
            return set(same)
        digests = await self._files.digests(same)
        return {path for path in same if digests.get(path) == wanted[path].sha256}

    async def _write_files(
        self,
        written: Sequence[ReleasedFile],
        tree: str,
        published_slot: Slot | None,
        object_of: Callable[[str], Path],
        done: Callable[[], None],
    ) -> int:
        """Link what the other slot has, and send the rest. Return the bytes that were sent."""
        there = trusted_paths(published_slot)
        candidates = [(there[file.sha256], file) for file in written if file.sha256 in there]
        sound = await self._sound(candidates, object_of)
        links = [(path, f"{tree}/{file.path}") for path, file in candidates if path in sound]
        failed = {target for _, target in await self._files.link(links, done)}
        linked = {target for _, target in links} - failed
        rest = [file for file in written if f"{tree}/{file.path}" not in linked]
        return await self._send(file_copies(rest, tree, object_of, published_slot), object_of, done, is_seen=False)

    async def _send(
        self, copies: Sequence[tuple[ReleasedFile, FileCopy]], object_of: Callable[[str], Path], done: Callable[[], None], *, is_seen: bool
    ) -> int:
        """Send files. Raises `TargetError` before the first if an object of the store is damaged: altered bytes go nowhere."""
        await asyncio.to_thread(require_sound, [file for file, _ in copies if file.sha256 not in self._fresh], object_of)
        await self._files.copy([copy for _, copy in copies], done, is_seen=is_seen)
        return sum(file.length for file, _ in copies)

    async def _write_proof(self, slot: Slot, signed: SignedRelease) -> int:
        """Write what differs of the proof, and remove what no longer belongs to it. Return the bytes that were sent."""
        is_unsure = bool(slot.pending)  # the last delivery may have been cut while it wrote the proof
        changed = {
            f"{slot.tree}/{path}": data
            for path, data in sorted(signed.proof.items(), key=lambda item: neighbours(item[0]))
            if is_unsure or path in slot.damaged or slot.proof.get(path) != mark(path, data)
        }
        await self._files.write(changed)
        await self._files.remove([f"{slot.tree}/{path}" for path in sorted(slot.proof.keys() - signed.proof.keys())])
        return sum(map(len, changed.values()))

    async def inspect(self, signed: SignedRelease, object_of: Callable[[str], Path], *, reads_all: bool) -> Inspection:
        """Compare both trees with their releases. What differs in the hidden one is marked: the next release writes it anew."""
        name = await self._current_slot()
        if name is None:
            raise TargetError(f"{self.name}: `{CURRENT}` shows no release of ours: todoke release / 公開版が見えていません")
        published_slot, hidden = [await read_slot(self._files, each, self._known) for each in (name, other(name))]
        if published_slot.release is None or published_slot.release.number != signed.release.number:
            number = published_slot.release.number if published_slot.release else "-"
            raise TargetError(f"{self.name}: shows release {number}, not {signed.release.number}: todoke release / 古い版です")
        looked_through = await distrust(self._files, published_slot, signed, object_of, reads_all=reads_all)
        hidden_found = hidden
        if hidden.is_there and hidden.release:
            hidden_found = await distrust(self._files, hidden, signed, object_of, reads_all=reads_all)
            if hidden_found.damaged != hidden.damaged:
                await write_slot(self._files, hidden_found)
        ours = signed.release.by_path.keys() | signed.proof.keys()
        return Inspection(
            signed.release.number,
            tuple(sorted(looked_through.damaged & ours)),
            tuple(sorted(looked_through.damaged - ours)),
            tuple(sorted(hidden_found.damaged - hidden.damaged)),
        )

    async def repair(self, signed: SignedRelease, paths: Iterable[str], object_of: Callable[[str], Path]) -> Published:
        """Write files anew where readers see them. They become doubtful in the other slot: a hard link may have carried the damage there."""
        published_slot = await self._current_slot()
        if published_slot is None:
            raise TargetError(f"{self.name}: nothing was published there so far / まだ何も公開されていません")
        files, damaged = signed.release.by_path, sorted(path for path in set(paths) if is_inside(path))
        hidden = await read_slot(self._files, other(published_slot), self._known)
        if hidden.is_there:
            await write_slot(self._files, replace(hidden, damaged=hidden.damaged | set(damaged)))
        strange = [path for path in damaged if path not in files and path not in signed.proof]
        await self._files.remove([f"slots/{published_slot}/{path}" for path in strange])
        good = [files[path] for path in damaged if path in files]
        sent = await self._send(file_copies(good, f"slots/{published_slot}", object_of, None), object_of, lambda: None, is_seen=True)
        proof = {f"slots/{published_slot}/{path}": signed.proof[path] for path in damaged if path in signed.proof}
        await self._files.write(proof)
        return Published(signed.release.number, len(good) + len(proof), len(strange), sent)

    async def renew(self, proof: dict[str, bytes]) -> None:
        """Write files of the proof where readers see them."""
        published_slot = await self._current_slot()
        if published_slot is not None:
            await self._files.write({f"slots/{published_slot}/{path}": data for path, data in proof.items()})

    async def close(self) -> None:
        """Give up the connection."""
        await self._files.close()

    def abort(self) -> None:
        """Give up the connection at once."""
        self._files.abort()

    async def _current_slot(self) -> str | None:
        """Return the slot that readers see. A link that leads anywhere else is not ours, whatever its last name is."""
        destination = (await self._files.read_link(CURRENT) or "").rstrip("/")
        name = destination.removeprefix("slots/")
        return name if name in SLOTS and name != destination else None

    async def _perhaps_seen(self) -> str:
        """Return the slot to which a link that we did not write may lead, as one with an absolute path does: it is not trusted, and not removed either."""
        name = (await self._files.read_link(CURRENT) or "").rstrip("/").rpartition("/")[2]
        return name if name in SLOTS else SLOTS[1]
