"""A bucket of an S3-compatible store as a storage. A file is created once by ``PUT`` with ``If-None-Match: *`` (RFC 9110 section 13.1.2)."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from storage.model import StorageError
from storage.settings import S3Storage


class BucketStorage:
    """`storage.model.Storage` in a bucket."""

    def __init__(self, settings: S3Storage) -> None:
        self.name = settings.name
        self._store = S3Store(
            settings.bucket,
            prefix=settings.prefix or None,
            endpoint=settings.endpoint,
            region=settings.region,
            access_key_id=settings.access_key_id,
            secret_access_key=settings.secret,
            virtual_hosted_style_request=settings.endpoint is None,
            conditional_put="etag",
            client_options={"allow_http": settings.is_plain_http, "timeout": "60s"},
            retry_config={"max_retries": 3},
        )

    async def create(self, path: str, data: bytes) -> bool:
        """Put it, if there is none of that path."""
        with self._failures():
            try:
                await obstore.put_async(self._store, path, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    async def read(self, path: str) -> bytes | None:
        """Return a small object."""
        with self._failures():
            try:
                answer = await obstore.get_async(self._store, path)
                return bytes(await answer.bytes_async())
            except FileNotFoundError:
                return None

    async def names(self, folder: str, after: str = "") -> list[str]:
        """List the objects behind ``after`` (ListObjectsV2, ``start-after``)."""
        return sorted(path for path in await self._list(folder, after) if path > after)

    async def sizes(self, folder: str) -> dict[str, int]:
        """Return the bytes of each object."""
        return await self._list(folder, "")

    async def upload(self, source: Path, path: str) -> None:
        """Put it in parts; the store shows it when all are there."""
        with self._failures():
            await obstore.put_async(self._store, path, source)

    async def download(self, path: str, target: Path) -> None:
        """Get it, a piece at a time."""
        with self._failures():
            answer = await obstore.get_async(self._store, path)
            with target.open("wb") as file:
                async for piece in answer.stream():
                    file.write(piece)

    async def remove(self, path: str) -> None:
        """Delete it."""
        with self._failures():
            await _unless_missing(obstore.delete_async(self._store, path))

    async def close(self) -> None:
        """The library closes its connections by itself."""

    async def _list(self, folder: str, after: str) -> dict[str, int]:
        sizes: dict[str, int] = {}
        with self._failures():
            async for page in obstore.list(self._store, f"{folder}/", offset=f"{folder}/{after}" if after else None):
                sizes |= {str(each["path"]).removeprefix(f"{folder}/"): int(each["size"]) for each in page}
        return sizes

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            words = " ".join(str(error).split())[:300]
            raise StorageError(f"{self.name}: {words} / 保管先につながらないか、断られました") from error


async def _unless_missing(question: Awaitable[None]) -> None:
    try:
        await question
    except FileNotFoundError:
        return
