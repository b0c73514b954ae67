"""Read an answer's body, expanding gzip, never past the caps: a small answer can hold gigabytes of zeros."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from .errors import FetchError

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
MEGABYTE = 1024 * 1024


class Inflater:
    """Expands a gzip stream (RFC 1952, several members allowed) piece by piece, at most ``cap`` bytes in all."""

    def __init__(self, cap: int) -> None:
        """Keep how many bytes may still come out."""
        self._left = cap
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)

    def expand(self, data: bytes) -> bytes:
        """Return what ``data`` expands to. Raises FetchError past the cap or when it is no gzip."""
        out = bytearray()
        while data:
            out += self._step(data)
            data = self._stream.unused_data
            if data:
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        return bytes(out)

    def _step(self, data: bytes) -> bytes:
        try:
            # One byte more than is left, so that reaching the cap and passing it can be told apart.
            piece = self._stream.decompress(data, self._left + 1)
        except zlib.error as error:
            raise FetchError(f"gzip が壊れています / broken gzip: {error}") from error
        self._left -= len(piece)
        if self._left < 0 or self._stream.unconsumed_tail:
            raise FetchError("展開すると大きすぎます / too large when expanded")
        return piece

    def finish(self) -> None:
        """Raise FetchError when the stream ended in the middle."""
        if not self._stream.eof:
            raise FetchError("gzip が途中で切れています / truncated gzip")


async def read_capped(chunks: AsyncIterator[bytes], cap: int) -> bytes:
    """Join ``chunks``. Raises FetchError as soon as they pass ``cap`` bytes."""
    out = bytearray()
    async for chunk in chunks:
        out += chunk
        if len(out) > cap:
            raise FetchError(f"大きすぎます / larger than {cap} bytes")
    return bytes(out)


def decoded(body: bytes, encoding: str, cap: int) -> bytes:
    """Undo the answer's Content-Encoding (RFC 9110, 8.4): gzip or none, since gzip is all we ask for."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        raise FetchError(f"頼んでいない圧縮です / unrequested content encoding: {encoding[:40]}")
    inflater = Inflater(cap)
    expanded = inflater.expand(body)
    inflater.finish()
    return expanded
