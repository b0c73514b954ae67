"""A mirror in an S3-compatible store: objects with a path each, and no folder that could be exchanged.

So the order does what the exchange does elsewhere: files that pages use, pages from the deepest to the front page, feeds and sitemaps, then the proof with
``timestamp.json`` last, which is the pointer: a verifier and a cache ask it first. What is gone is removed a day later, when no page that a browser or a
cache still holds leads there.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import obstore
from obstore.store import S3Store

from publisher.model import manifest
from publisher.model.errors import PublisherError, TargetError
from publisher.model.media import media_type
from publisher.model.release import WELL_KNOWN, Release, ReleasedFile, changes, publishing_order
from publisher.release.store import SignedRelease
from publisher.targets.at_once import for_each
from publisher.targets.s3_state import RECORD, State, bytes_of, is_same, md5, md5_of, parse_state, proof_rank, render_state
from publisher.targets.slots import mark
from publisher.targets.target import CHALLENGES, Inspection, Known, Progress, Published, nothing_known

AT_ONCE = 32
"""Requests that are on their way at once."""

KEPT = dt.timedelta(days=1)
"""How long a removed file stays: a page in somebody's browser or in a cache may lead there."""


class S3Target:
    """``store`` is a bucket, with a prefix if there is one."""

    def __init__(self, name: str, store: S3Store, clock: Callable[[], dt.datetime], known: Known = nothing_known) -> None:
        self.name = name
        self._store = store
        self._clock = clock
        self._known = known

    async def current(self) -> int | None:
        """Return the number of the release that readers see, or None."""
        release = await self._published_release(await self._state())
        return release.number if release else None

    async def publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Write what differs in `publishing_order`, then the proof; then mend what was altered, and remove what has been gone for a day.

        Readers see the release before its objects are compared: a store needs seconds to list 20,000 of them. What is strange stays: the bucket may hold
        other things; `inspect` names it.
        """
        return await self._publish(signed, object_of, progress, compares=True)

    async def publish_urgently(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Write what differs, and compare and remove nothing: the next delivery does."""
        return await self._publish(signed, object_of, progress, compares=False)

    async def _publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress, *, compares: bool) -> Published:
        state = await self._state()
        shown = await self._published_release(state)
        files, difference = signed.release.by_path, changes(shown, signed.release)
        written = {*difference.written, *(files[path] for path in state.pending & files.keys())}
        now, proof = self._clock(), {path: mark(path, data) for path, data in signed.proof.items()}
        gone = {path: at for path, at in state.gone.items() if path not in files and path not in proof}
        left_over = (*difference.removed, *state.pending, *(state.proof.keys() - proof.keys()))
        gone |= {path: now.isoformat() for path in left_over if path not in files and path not in proof and path not in gone}
        begun = await self._keep(replace(state, pending=frozenset(file.path for file in written), gone=gone))
        left = [file for file in written if file.path not in state.pending or not await self._has(file.path, object_of(file.sha256))]
        await self._put_files(sorted(left, key=publishing_order), object_of, progress)
        fresh = {path: data for path, data in signed.proof.items() if state.pending or state.proof.get(path) != proof[path]}
        proof_length = await self._put_proof(fresh)
        live_at = time.perf_counter()
        sha256 = hashlib.sha256(signed.proof[manifest.PATH]).hexdigest()
        shows = State(signed.release.number, sha256, proof, gone=gone, compared=state.compared)
        await self._keep(shows)
        if not compares:
            return Published(signed.release.number, len(left), 0, sum(file.length for file in left), proof_length)
        altered = await self._mend(signed, shown.files if shown else (), replace(state, pending=frozenset()), object_of)
        removed = await self._remove_old(gone, now)
        compared = state.compared if altered is None else begun
        await self._keep(replace(shows, gone={path: at for path, at in gone.items() if path not in removed}, compared=compared))
        mended = [files[path] for path in altered or () if path in files]
        return Published(
            signed.release.number,
            len(left) + len(mended),
            sum(not path.startswith(WELL_KNOWN) for path in removed),
            sum(file.length for file in (*left, *mended)),
            proof_length,
            len(mended),
            time.perf_counter() - live_at,
        )

    async def _mend(
        self, signed: SignedRelease, before: Iterable[ReleasedFile], state: State, object_of: Callable[[str], Path]
    ) -> set[str] | None:
        """Write anew what was altered since ``state`` was compared, of the files that this delivery has left alone. Return the paths; None: the store cannot be listed."""
        try:
            there = await self._list()
        except TargetError:  # the release is public all the same; `inspect` finds what was altered
            return None
        same = [file for file in before if signed.release.by_path.get(file.path) == file]
        altered = set(await self._altered(same, state, there, object_of))
        altered |= {path for path, data in signed.proof.items() if path not in there or not is_same(there[path], data)}
        await self.repair(signed, altered, object_of)
        return altered

    async def inspect(self, signed: SignedRelease, object_of: Callable[[str], Path], *, reads_all: bool) -> Inspection:
        """Compare all objects with the release by length and MD5, which the store lists; with ``reads_all`` also by SHA-256, media type and cache rule."""
        state, there = await asyncio.gather(self._state(), self._list())
        shown = await self._published_release(state)
        if shown is None or shown.number != signed.release.number:
            number = shown.number if shown else "-"
            raise TargetError(f"{self.name}: shows release {number}, not {signed.release.number}: todoke release / 古い版です")
        altered = set(await self._altered(signed.release.files, replace(state, compared=None), there, object_of))
        altered |= {path for path, data in signed.proof.items() if path not in there or not is_same(there[path], data)}
        if reads_all:
            altered |= await self._read_all([file for file in signed.release.files if file.path not in altered])
        ours = {*signed.release.by_path, *signed.proof, *state.gone, *state.pending, RECORD}
        strange = sorted(path for path in there if path not in ours and not path.startswith(CHALLENGES))
        return Inspection(signed.release.number, tuple(sorted(altered)), tuple(strange))

    async def _altered(
        self, files: Iterable[ReleasedFile], state: State, there: Mapping[str, Any], object_of: Callable[[str], Path]
    ) -> list[str]:
        """Return which objects are missing or altered. What the store itself says it has had since before they were compared is believed if its length is
        right.
        """

        def find() -> list[str]:
            sound = []
            for file in files:
                meta = there.get(file.path)
                if file.path in state.pending:
                    continue
                is_old = meta is not None and state.compared is not None and meta["last_modified"] < state.compared
                if meta is None or meta["size"] != file.length or (not is_old and md5_of(meta) != md5(object_of(file.sha256))):
                    sound.append(file.path)
            return sound

        return await asyncio.to_thread(find)

    async def _read_all(self, files: Sequence[ReleasedFile]) -> set[str]:
        altered = set()

        async def read_one(file: ReleasedFile) -> None:
            answer = await obstore.get_async(self._store, file.path)
            attributes, data = answer.attributes, bytes(await answer.bytes_async())
            headers = (attributes.get("Content-Type"), attributes.get("Cache-Control"))
            if hashlib.sha256(data).hexdigest() != file.sha256 or headers != (file.media_type, file.cache_control):
                altered.add(file.path)

        try:
            await for_each(files, read_one, AT_ONCE)
        except (FileNotFoundError, obstore.exceptions.BaseError) as error:
            raise self._failure(RECORD, error) from error
        return altered

    async def repair(self, signed: SignedRelease, paths: Iterable[str], object_of: Callable[[str], Path]) -> Published:
        """Write the files at ``paths`` anew, and remove those that the release does not have."""
        files, damaged = signed.release.by_path, sorted(set(paths) - {RECORD})
        good = [files[path] for path in damaged if path in files]
        await self._put_files(sorted(good, key=publishing_order), object_of, lambda *_: None)
        proof = {path: signed.proof[path] for path in damaged if path in signed.proof}
        await self._put_proof(proof)
        strange = [path for path in damaged if path not in files and path not in signed.proof]
        await self._delete(strange)
        return Published(signed.release.number, len(good) + len(proof), len(strange), sum(file.length for file in good))

    async def renew(self, proof: dict[str, bytes]) -> None:
        """Replace files of the proof."""
        await self._put_proof(proof)

    async def close(self) -> None:
        """Nothing is held."""

    def abort(self) -> None:
        """Nothing is held."""

    async def _published_release(self, state: State) -> Release | None:
        """Return the release of the last delivery that ended; this machine knows most of them by their manifest, and reads none of it from the store."""
        if state.number and (ours := self._known(state.number, state.manifest)):
            return ours
        data = await self._get(manifest.PATH)
        with suppress(PublisherError):
            if data is not None:
                lists = dict[str, bytes | None]()

                async def read_one(path: str) -> None:
                    lists[path] = await self._get(path)

                await for_each(manifest.list_paths(data), read_one, AT_ONCE)
                return manifest.parse(data, lists.get)
        return None

    async def _state(self) -> State:
        with suppress(FileNotFoundError):
            return parse_state(bytes(await (await self._ask(RECORD)).bytes_async()))
        return State()

    async def _keep(self, state: State) -> dt.datetime:
        """Write the record; return when, by the clock of the store."""
        await self._put(RECORD, render_state(state), "application/json", "no-store")
        moment: dt.datetime = (await self._ask(RECORD)).meta["last_modified"]
        return moment

    async def _list(self) -> dict[str, Any]:
        """Return length, ETag and time of every object."""
        try:
            return {meta["path"]: meta async for page in obstore.list(self._store, chunk_size=1000) for meta in page}
        except FileNotFoundError:
            return {}
        except obstore.exceptions.BaseError as error:
            raise self._failure("", error) from error

    async def _has(self, path: str, file: Path) -> bool:
        """Whether the store has this content already: of a delivery that was cut, what has arrived is not sent again. The ETag of a whole object is its MD5."""
        try:
            there = await obstore.head_async(self._store, path)
        except FileNotFoundError:
            return False
        except obstore.exceptions.BaseError as error:
            raise self._failure(path, error) from error
        return md5_of(there) == await asyncio.to_thread(md5, file)

    async def _put_files(self, files: Sequence[ReleasedFile], object_of: Callable[[str], Path], progress: Progress) -> None:
        """Write ``files``: all of one rank and depth before any of the next, since what others link to must be there before."""
        count = 0

        async def put_one(file: ReleasedFile) -> None:
            nonlocal count
            source = object_of(file.sha256)
            data = await asyncio.to_thread(bytes_of, source)
            if hashlib.sha256(data).hexdigest() != file.sha256:  # altered bytes go nowhere
                raise TargetError(
                    f"{source}: the stored content of {file.path} is missing or damaged: todoke release --force / 保管した内容が壊れています"
                )
            await self._put(file.path, data, file.media_type, file.cache_control)
            count += 1
            progress(count, len(files))

        for _, rank in groupby(files, key=lambda file: publishing_order(file)[:2]):
            await for_each(list(rank), put_one, AT_ONCE)

    async def _put_proof(self, proof: Mapping[str, bytes]) -> int:
        """Write the files of the proof: what others name first, then what names them, the pointer last. Return the bytes."""
        for rank in range(3):
            part = [(path, data) for path, data in proof.items() if proof_rank(path) == rank]
            await for_each(part, lambda item: self._put(item[0], item[1], media_type(item[0]), "no-cache"), AT_ONCE)
        return sum(map(len, proof.values()))

    async def _remove_old(self, gone: Mapping[str, str], now: dt.datetime) -> set[str]:
        old = {path for path, at in gone.items() if now - dt.datetime.fromisoformat(at) >= KEPT}
        await self._delete(sorted(old))
        return old

    async def _get(self, path: str) -> bytes | None:
        with suppress(FileNotFoundError):
            return bytes(await (await self._ask(path)).bytes_async())
        return None

    async def _ask(self, path: str) -> Any:
        """Return the answer for an object. Raises `FileNotFoundError`, `TargetError`."""
        try:
            return await obstore.get_async(self._store, path)
        except obstore.exceptions.BaseError as error:
            raise self._failure(path, error) from error

    async def _put(self, path: str, data: bytes, content_type: str, cache_control: str) -> None:
        attributes = {"Content-Type": content_type, "Cache-Control": cache_control, "sha256": hashlib.sha256(data).hexdigest()}
        try:
            await obstore.put_async(self._store, path, data, attributes=attributes, use_multipart=False)
        except (FileNotFoundError, obstore.exceptions.BaseError) as error:  # the first: there is no such bucket
            raise self._failure(path, error) from error

    async def _delete(self, paths: Sequence[str]) -> None:
        if not paths:
            return
        try:
            await obstore.delete_async(self._store, list(paths))
        except FileNotFoundError:
            return
        except obstore.exceptions.BaseError as error:
            raise self._failure(paths[0], error) from error

    def _failure(self, path: str, error: Exception) -> TargetError:
        words = " ".join(str(error).split())[:300]
        return TargetError(f"{self.name}: {path}: {words} / S3 の保管場所に書けません")
