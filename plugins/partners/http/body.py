"""Read the body of a response and expand it piece by piece, never past the caps: a small response can hold gigabytes of zeros."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Protocol

import brotli

from plugins.partners.model.errors import FetchError

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
"""zlib's own flag: detect the header of gzip (RFC 1952) or zlib (RFC 1950)."""

MEGABYTE = 1024 * 1024
PIECE = 256 * 1024
"""Bytes that a decoder may put out at a time."""


class Decoder(Protocol):
    """Expands a stream. A new decoder must pass ``test_every_encoding_*`` in ``tests/plugins/partners/http/test_fetch.py``."""

    def expand(self, data: bytes) -> Iterator[bytes]:
        """Yield the expanded ``data`` in pieces of at most about PIECE bytes. Raises FetchError if it is broken."""

    def finish(self) -> None:
        """Raise FetchError if the stream ended in the middle."""


class IdentityDecoder:
    def expand(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        """Accept every end: without an encoding there is no mark of the end."""


class GzipDecoder:
    """A gzip stream (RFC 1952). Several members may follow one another (section 2.2)."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def expand(self, data: bytes) -> Iterator[bytes]:
        while data:
            try:
                yield self._stream.decompress(data, PIECE)
            except zlib.error as error:
                raise FetchError(f"gzip が壊れています / broken gzip: {error}") from error
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if self._stream.eof and data:
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def finish(self) -> None:
        if not self._stream.eof:
            raise FetchError("gzip が途中で切れています / truncated gzip")


class BrotliDecoder:
    """A brotli stream (RFC 7932)."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def expand(self, data: bytes) -> Iterator[bytes]:
        try:
            yield self._stream.process(data, output_buffer_limit=PIECE)
            while not self._stream.can_accept_more_data() and not self._stream.is_finished():
                yield self._stream.process(b"", output_buffer_limit=PIECE)
        except brotli.error as error:
            raise FetchError(f"brotli が壊れています / broken brotli: {error}") from error

    def finish(self) -> None:
        if not self._stream.is_finished():
            raise FetchError("brotli が途中で切れています / truncated brotli")


_DECODERS: dict[str, type[Decoder]] = {
    "": IdentityDecoder,
    "identity": IdentityDecoder,
    "gzip": GzipDecoder,
    "x-gzip": GzipDecoder,  # equal to gzip (RFC 9110, section 8.4.1.3)
    "br": BrotliDecoder,
}


def decoder(encoding: str) -> Decoder:
    """Return the decoder for a Content-Encoding (RFC 9110, section 8.4). Raises FetchError for one that was not asked for."""
    try:
        return _DECODERS[encoding.strip().lower()]()
    except KeyError:
        raise FetchError(f"頼んでいない圧縮です / unrequested content encoding: {encoding[:40]}") from None


class MemoryBudget:
    """Memory for one body: one megabyte without waiting, more only as one of the few large bodies of the whole run.

    With 24 feeds in work, 24 bodies of 15 MB would need 360 MB; the semaphore keeps it at two.
    """

    def __init__(self, large_bodies: asyncio.Semaphore) -> None:
        self._large_bodies = large_bodies
        self._holds_large = False

    async def reserve(self, size: int) -> None:
        """Wait until ``size`` bytes may be held."""
        if size > MEGABYTE and not self._holds_large:
            await self._large_bodies.acquire()
            self._holds_large = True

    async def __aenter__(self) -> MemoryBudget:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._holds_large:
            self._holds_large = False
            self._large_bodies.release()


async def read_body(chunks: AsyncIterator[bytes], encoding: str, max_bytes: int, max_expanded: int, budget: MemoryBudget) -> bytes:
    """Return the expanded body. Raises FetchError as soon as a cap is passed, or if the encoding is broken or unknown."""
    stream, body, received = decoder(encoding), bytearray(), 0
    async for chunk in chunks:
        received += len(chunk)
        if received > max_bytes:
            raise FetchError(f"大きすぎます / larger than {max_bytes} bytes")
        for piece in stream.expand(chunk):
            body += piece
            if len(body) > max_expanded:
                raise FetchError("展開すると大きすぎます / too large when expanded")
            await budget.reserve(len(body))
    stream.finish()
    return bytes(body)


async def read_parsable(chunks: AsyncIterator[bytes], encoding: str, max_bytes: int, budget: MemoryBudget) -> bytes:
    """Return the first ``max_bytes`` of the expanded body, as far as it can be expanded; the rest is not read.

    A body that is not in the encoding that it names, or in an unknown one, is returned as it was received: servers name gzip over plain text.
    """
    try:
        stream = decoder(encoding)
    except FetchError:
        stream = IdentityDecoder()
    body, received = bytearray(), bytearray()
    with suppress(FetchError):
        async for chunk in chunks:
            received += chunk[: max_bytes - len(received)]
            await budget.reserve(len(body) + len(received))
            for piece in stream.expand(chunk):
                body += piece
                if len(body) >= max_bytes:
                    return bytes(body[:max_bytes])
        return bytes(body)
    return bytes(body) or await _read_remaining(chunks, received, max_bytes)


async def _read_remaining(chunks: AsyncIterator[bytes], received: bytearray, max_bytes: int) -> bytes:
    async for chunk in chunks:
        received += chunk
        if len(received) >= max_bytes:
            break
    return bytes(received[:max_bytes])
