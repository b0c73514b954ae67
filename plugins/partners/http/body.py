"""Read an answer's body, expanding gzip and brotli piece by piece, never past the caps: a small answer can hold gigabytes of zeros."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Protocol

import brotli

from plugins.partners.model.errors import FetchError

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
MEGABYTE = 1024 * 1024
PIECE = 256 * 1024
"""Bytes that a decoder may put out at a time."""


class Decoder(Protocol):
    """Expands a stream; a new one must pass ``test_every_encoding_*`` in ``test_partners_fetch``."""

    def expand(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` expands to, in pieces of at most about PIECE bytes. Raises FetchError when it is broken."""

    def finish(self) -> None:
        """Raise FetchError when the stream ended in the middle."""


class IdentityDecoder:
    """No encoding."""

    def expand(self, data: bytes) -> Iterator[bytes]:
        """Yield ``data`` itself."""
        yield data

    def finish(self) -> None:
        """Every end is an end."""


class GzipDecoder:
    """A gzip stream (RFC 1952), several members allowed."""

    def __init__(self) -> None:
        """Begin the first member."""
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def expand(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` expands to."""
        while data:
            try:
                yield self._stream.decompress(data, PIECE)
            except zlib.error as error:
                raise FetchError(f"gzip が壊れています / broken gzip: {error}") from error
            data = self._stream.unconsumed_tail or self._stream.unused_data
            if self._stream.eof and data:
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def finish(self) -> None:
        """Ask for the end of the last member."""
        if not self._stream.eof:
            raise FetchError("gzip が途中で切れています / truncated gzip")


class BrotliDecoder:
    """A brotli stream (RFC 7932)."""

    def __init__(self) -> None:
        """Begin the stream."""
        self._stream = brotli.Decompressor()

    def expand(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` expands to."""
        try:
            yield self._stream.process(data, output_buffer_limit=PIECE)
            while not self._stream.can_accept_more_data() and not self._stream.is_finished():
                yield self._stream.process(b"", output_buffer_limit=PIECE)
        except brotli.error as error:
            raise FetchError(f"brotli が壊れています / broken brotli: {error}") from error

    def finish(self) -> None:
        """Ask for the end of the stream."""
        if not self._stream.is_finished():
            raise FetchError("brotli が途中で切れています / truncated brotli")


_DECODERS: dict[str, type[Decoder]] = {
    "": IdentityDecoder,
    "identity": IdentityDecoder,
    "gzip": GzipDecoder,
    "x-gzip": GzipDecoder,
    "br": BrotliDecoder,
}


def decoder(encoding: str) -> Decoder:
    """Return the decoder for a Content-Encoding (RFC 9110, 8.4). Raises FetchError for one that we did not ask for."""
    try:
        return _DECODERS[encoding.strip().lower()]()
    except KeyError:
        raise FetchError(f"頼んでいない圧縮です / unrequested content encoding: {encoding[:40]}") from None


class MemoryBudget:
    """Room in memory for one body: a megabyte freely, more only when it is one of a few large ones of the whole run."""

    def __init__(self, large: asyncio.Semaphore) -> None:
        """Keep the semaphore that counts the large bodies."""
        self._large = large
        self._held = False

    async def want(self, size: int) -> None:
        """Wait until ``size`` bytes may be held."""
        if size > MEGABYTE and not self._held:
            await self._large.acquire()
            self._held = True

    async def __aenter__(self) -> MemoryBudget:
        """Begin with nothing held."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Give the room back."""
        if self._held:
            self._held = False
            self._large.release()


async def read_body(chunks: AsyncIterator[bytes], encoding: str, max_bytes: int, max_expanded: int, space: MemoryBudget) -> bytes:
    """Return the expanded body. Raises FetchError as soon as a cap is passed, or when the encoding is broken or unknown."""
    reader, out, wire = decoder(encoding), bytearray(), 0
    async for chunk in chunks:
        wire += len(chunk)
        if wire > max_bytes:
            raise FetchError(f"大きすぎます / larger than {max_bytes} bytes")
        for piece in reader.expand(chunk):
            out += piece
            if len(out) > max_expanded:
                raise FetchError("展開すると大きすぎます / too large when expanded")
            await space.want(len(out))
    reader.finish()
    return bytes(out)
