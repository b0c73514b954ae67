"""A mirror in an S3-compatible store: objects with a path each, and no folder that could be exchanged.

So the order does what the exchange does elsewhere: files that pages use, pages from the deepest to the front page, feeds and sitemaps, then the proof with
``timestamp.json`` last, which is the pointer: a verifier and a cache ask it first. What is gone is removed a day later, when no page that a browser or a
cache still holds leads there.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import obstore
from obstore.store import S3Store

from publisher.model import manifest
from publisher.model.errors import PublisherError, TargetError
from publisher.model.media import media_type
from publisher.model.release import Release, ReleasedFile, changes, publishing_order
from publisher.release.store import SignedRelease
from publisher.targets.target import Progress, Published

AT_ONCE = 32
"""Requests that are on their way at once."""

KEPT = dt.timedelta(days=1)
"""How long a removed file stays: a page in somebody's browser or in a cache may lead there."""

RECORD = ".todoke/state.json"
"""What was being written, and what is to be removed when. It lies in the store itself, so that any publishing machine can go on."""

_POINTER = "timestamp.json"


class S3Target:
    """``store`` is a bucket, with a prefix if there is one."""

    def __init__(self, name: str, store: S3Store, clock: Callable[[], dt.datetime]) -> None:
        self.name = name
        self._store = store
        self._clock = clock

    async def current(self) -> int | None:
        """Return the number of the release that readers see, or None."""
        release = await self._shown()
        return release.number if release else None

    async def publish(self, signed: SignedRelease, object_of: Callable[[str], Path], progress: Progress) -> Published:
        """Write what differs in `publishing_order`, then the proof; then remove what has been gone for a day."""
        shown, record = await self._shown(), await self._record()
        difference = changes(shown, signed.release)
        files, unsure = signed.release.by_path, set(record["pending"])
        written = {*difference.written, *(files[path] for path in unsure & files.keys())}
        now = self._clock()
        gone = {path: at for path, at in record["gone"].items() if path not in files}
        gone |= {path: now.isoformat() for path in (*difference.removed, *unsure) if path not in files and path not in gone}
        await self._keep_record([file.path for file in written], gone)
        left = [file for file in written if file.path not in unsure or not await self._has(file.path, object_of(file.sha256))]
        await self._put_files(sorted(left, key=publishing_order), object_of, progress)
        await self._put_proof(signed.proof)
        removed = await self._remove_old(gone, now)
        await self._keep_record([], {path: at for path, at in gone.items() if path not in removed})
        return Published(signed.release.number, len(left), len(removed), sum(file.length for file in left))

    async def repair(self, signed: SignedRelease, paths: Iterable[str], object_of: Callable[[str], Path]) -> Published:
        """Write the files at ``paths`` anew, and remove those that the release does not have."""
        files, damaged = signed.release.by_path, sorted(set(paths))
        good = [files[path] for path in damaged if path in files]
        await self._put_files(good, object_of, lambda *_: None)
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

    async def _shown(self) -> Release | None:
        data = await self._get(manifest.PATH)
        with suppress(PublisherError):
            return manifest.parse(data) if data else None
        return None

    async def _record(self) -> dict[str, Any]:
        with suppress(ValueError, KeyError, TypeError):
            record = json.loads(await self._get(RECORD) or b"")
            return {"pending": list(record["pending"]), "gone": dict(record["gone"])}
        return {"pending": [], "gone": {}}

    async def _keep_record(self, pending: Sequence[str], gone: Mapping[str, str]) -> None:
        record = {"pending": sorted(pending), "gone": dict(sorted(gone.items()))}
        await self._put(RECORD, json.dumps(record, ensure_ascii=False).encode(), "application/json", "no-store")

    async def _has(self, path: str, file: Path) -> bool:
        """Whether the store has this content already: of a delivery that was cut, what has arrived is not sent again. The ETag of a whole object is its MD5."""
        try:
            there = await obstore.head_async(self._store, path)
        except FileNotFoundError:
            return False
        except obstore.exceptions.BaseError as error:
            raise self._failure(path, error) from error
        return (there["e_tag"] or "").strip('"') == await asyncio.to_thread(_md5, file)

    async def _put_files(self, files: Sequence[ReleasedFile], object_of: Callable[[str], Path], progress: Progress) -> None:
        """Write ``files``: all of one rank and depth before any of the next, since what others link to must be there before."""
        count = 0

        async def put_one(file: ReleasedFile) -> None:
            nonlocal count
            data = await asyncio.to_thread(object_of(file.sha256).read_bytes)
            await self._put(file.path, data, file.media_type, file.cache_control)
            count += 1
            progress(count, len(files))

        for _, rank in groupby(files, key=lambda file: publishing_order(file)[:2]):
            await self._each(list(rank), put_one)

    async def _put_proof(self, proof: Mapping[str, bytes]) -> None:
        """Write the files of the proof, the pointer last."""
        for is_pointer in (False, True):
            part = [(path, data) for path, data in proof.items() if path.endswith(_POINTER) is is_pointer]
            await self._each(part, lambda item: self._put(item[0], item[1], media_type(item[0]), "no-cache"))

    async def _remove_old(self, gone: Mapping[str, str], now: dt.datetime) -> set[str]:
        old = {path for path, at in gone.items() if now - dt.datetime.fromisoformat(at) >= KEPT}
        await self._delete(sorted(old))
        return old

    async def _each(self, items: Sequence[Any], act: Callable[[Any], Any]) -> None:
        waiting = iter(items)

        async def work() -> None:
            for item in waiting:
                await act(item)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(work())
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _get(self, path: str) -> bytes | None:
        try:
            answer = await obstore.get_async(self._store, path)
            return bytes(await answer.bytes_async())
        except FileNotFoundError:
            return None
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


def _md5(file: Path) -> str:
    return hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
