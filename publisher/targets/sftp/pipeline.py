"""Many small files by SFTP, with all requests on their way at once. It hides the order of requests and answers.

A general client waits for an answer before it sends the next request of a file, and spends half a millisecond of this machine on each. Here the requests of
a wave of files go out together:

1. OPEN for each file, while the wave before is still on its way. Of a file that is a new version of one that is there, that one is opened too.
2. WRITE, FSETSTAT, CLOSE and rename of each without waiting, since a server answers in order. What both versions have in common the server copies itself
   (``copy-data``, OpenSSH 9.0; draft-ietf-secsh-filexfer-extensions-00 section 7): of a page with a new banner a few hundred bytes cross the line.

An old version counts only if its length and time are what they should be; otherwise, and if the server does not know the extension, the whole file is sent.
"""

from __future__ import annotations

import asyncio
import os
import stat
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from publisher.targets.sftp import packets
from publisher.targets.sftp.difference import Difference, difference
from publisher.targets.sftp.packets import Attributes, BrokenAnswer

HANDLES = 96
"""Files that a server holds open at least, if it does not say how many: OpenSSH's older ones hold 100."""

MOST_HANDLES = 512
"""Never more, whatever a server says: so many hide 50 ms of distance."""

BLOCK = 65_536
"""Bytes that are given to the connection, or read from it, at once: each write is encrypted by itself."""

_NEW, _OLD, _ATTRIBUTES = range(3)
"""What a question of a wave is about."""


class PipelineError(Exception):
    """The server does not speak as it should, or refuses to open or to write a file."""


@dataclass(frozen=True)
class Earlier:
    """An earlier version of a file: its content ``here``, and the whole path ``there``."""

    here: Path
    there: str


@dataclass(frozen=True)
class Upload:
    """One file: its source here or its bytes, a whole path that nothing has there, and the target below the mirror's folder that it becomes."""

    source: Path | bytes
    temporary: str
    target: str
    earlier: Earlier | None = None


@dataclass
class _Wave:
    """Files that are opened together, by their number in it: handles of the new and the old version, and what the old one is. ``left`` answers are to come."""

    uploads: Sequence[Upload]
    new: dict[int, bytes] = field(default_factory=dict)
    old: dict[int, bytes] = field(default_factory=dict)
    attributes: dict[int, Attributes] = field(default_factory=dict)
    left: int = 0
    is_open: asyncio.Event = field(default_factory=asyncio.Event)


class SftpPipeline:
    """One channel of a connection, for one series of uploads."""

    def __init__(self, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes], place: Callable[[str], str]) -> None:
        self._reader, self._writer, self._place = reader, writer, place
        self._number = self._left = 0
        self._asked: dict[int, tuple[_Wave, int, int]] = {}
        self._renames: dict[int, Upload] = {}
        self._is_complete = self._can_copy = False
        self._handles, self._failure = HANDLES, ""
        self._buffer, self._request = bytearray(), bytearray()

    async def upload(self, uploads: Sequence[Upload], done: Callable[[], None]) -> list[Upload]:
        """Send all of them; return those that are there whole and could not be renamed, because a folder is missing or in the way. Raises `PipelineError`."""
        await self._begin()
        refused: list[Upload] = []
        reading = asyncio.create_task(self._read_answers(done, refused))
        size = self._handles // 4  # two waves at once, and up to two handles for each file
        waves = [_Wave(uploads[start : start + size]) for start in range(0, len(uploads), size)]
        try:
            for wave, following in zip([None, *waves], [*waves, None], strict=True):
                if following:
                    await self._open(following)
                if wave:
                    await self._opened(wave, reading)
                    await self._send(wave)
            self._is_complete = True
            if self._left:
                await reading
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading
        if self._failure or self._left:
            raise PipelineError(self._failure or "the connection has ended")
        return refused

    async def _begin(self) -> None:
        """Agree on the version, and ask for what the server can."""
        self._writer.write(struct.pack(">IBI", 5, packets.INIT, 3))
        kind, answer = await self._answer()
        if kind != packets.VERSION or packets.RENAME not in answer:
            raise PipelineError("no SFTP of OpenSSH there")
        self._can_copy = packets.COPY in answer
        if packets.LIMITS in answer:
            self._writer.write(packets.packet(packets.EXTENDED, 0, packets.string(packets.LIMITS)))
            kind, answer = await self._answer()
            most = struct.unpack_from(">Q", answer, 28)[0] if kind == packets.EXTENDED_REPLY and len(answer) >= 36 else 0
            self._handles = min(MOST_HANDLES, most - 8) if most > HANDLES else HANDLES

    async def _answer(self) -> tuple[int, bytes]:
        """Return one answer, when nothing else is asked."""
        while not (answers := packets.take_answers(self._buffer)):
            data = await self._reader.read(BLOCK)
            if not data:
                raise PipelineError("the connection has ended")
            self._buffer += data
        return answers[0]

    async def _open(self, wave: _Wave) -> None:
        """Ask for the handles of a wave."""
        for index, upload in enumerate(wave.uploads):
            self._ask(packets.OPEN, packets.create(upload.temporary.encode()), (wave, index, _NEW))
            if upload.earlier and self._can_copy:
                path = upload.earlier.there.encode()
                self._ask(packets.LSTAT, packets.string(path), (wave, index, _ATTRIBUTES))
                self._ask(packets.OPEN, packets.read(path), (wave, index, _OLD))
        await self._flush()

    def _ask(self, kind: int, body: bytes, about: tuple[_Wave, int, int]) -> None:
        self._asked[self._add(kind, body)] = about
        about[0].left += 1

    def _add(self, kind: int, body: bytes) -> int:
        """Add a request to the next write, and return its number."""
        self._number += 1
        self._left += 1
        self._request += packets.packet(kind, self._number, body)
        return self._number

    async def _flush(self) -> None:
        self._writer.write(bytes(self._request))
        self._request.clear()
        await self._writer.drain()

    async def _opened(self, wave: _Wave, reading: asyncio.Task[None]) -> None:
        """Wait for the handles of a wave. Raises `PipelineError` if they do not come."""
        opened = asyncio.create_task(wave.is_open.wait())
        either: set[asyncio.Future[Any]] = {opened, reading}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            opened.cancel()
            raise PipelineError(self._failure or "the connection has ended")

    async def _send(self, wave: _Wave) -> None:
        """Send everything else of a wave."""
        for index, upload in enumerate(wave.uploads):
            self._add_file(upload, wave.new[index], wave.old.get(index), wave.attributes.get(index))
            if len(self._request) >= BLOCK:
                await self._flush()
        await self._flush()

    def _add_file(self, upload: Upload, new: bytes, old: bytes | None, attributes: Attributes | None) -> None:
        data, time = (upload.source, None) if isinstance(upload.source, bytes) else _read(upload.source)
        rest = _difference_to(upload.earlier, attributes, data) if old and upload.earlier else None
        if old and rest and attributes:
            start = attributes.length - rest.end
            self._add_copy(old, 0, rest.begin, new, 0)
            self._add_copy(old, start, rest.end, new, len(data) - rest.end)
        middle = rest.middle if rest else data
        for body in packets.writes(new, rest.begin if rest else 0, middle):
            self._add(packets.WRITE, body)
        if time is not None:
            self._add(packets.FSETSTAT, packets.set_time(new, time))
        for handle in (new, old):
            if handle:
                self._add(packets.CLOSE, packets.string(handle))
        paths = upload.temporary.encode(), self._place(upload.target).encode()
        self._renames[self._add(packets.EXTENDED, packets.rename(*paths))] = upload

    def _add_copy(self, source: bytes, start: int, length: int, target: bytes, offset: int) -> None:
        if length:
            self._add(packets.EXTENDED, packets.copy_data(source, start, length, target, offset))

    async def _read_answers(self, done: Callable[[], None], refused: list[Upload]) -> None:
        """Take each answer. Ends with the last one, or at the first that is a failure."""
        with suppress(asyncssh.Error, OSError):
            while not self._failure and (self._left or not self._is_complete):
                data = await self._reader.read(BLOCK)
                if not data:
                    return
                self._buffer += data
                self._take_answers(done, refused)

    def _take_answers(self, done: Callable[[], None], refused: list[Upload]) -> None:
        try:
            for kind, body in packets.take_answers(self._buffer):
                (number,) = struct.unpack_from(">I", body)
                self._left -= 1
                if number in self._asked:
                    self._on_opened(kind, body, *self._asked.pop(number))
                elif kind == packets.STATUS:
                    self._on_status(number, body, done, refused)
                else:
                    self._failure = f"an answer of kind {kind}"
        except (BrokenAnswer, struct.error) as error:
            self._failure = str(error)

    def _on_opened(self, kind: int, body: bytes, wave: _Wave, index: int, about: int) -> None:
        """Note a handle, or what an old version is. Without the new handle nothing can be done; an old version may be missing."""
        if kind == packets.HANDLE:
            (wave.new if about == _NEW else wave.old)[index] = body[8:]
        elif kind == packets.ATTRS:
            wave.attributes[index] = packets.attributes(body[4:])
        elif about == _NEW:
            self._failure = _words(body)
            return
        wave.left -= 1
        if not wave.left:
            wave.is_open.set()

    def _on_status(self, number: int, body: bytes, done: Callable[[], None], refused: list[Upload]) -> None:
        (code,) = struct.unpack_from(">I", body, 4)
        upload = self._renames.pop(number, None)
        if upload is not None:
            if code:
                refused.append(upload)
            done()
        elif code:
            self._failure = _words(body)


def _words(status: bytes) -> str:
    (length,) = struct.unpack_from(">I", status, 8)
    return status[12 : 12 + length].decode("utf-8", "replace")


def _read(file: Path) -> tuple[bytes, int]:
    """Return content and time of a file."""
    with open(file, "rb", buffering=0) as stream:  # noqa: PTH123 - 10,000 times, while people wait
        return stream.readall(), int(os.fstat(stream.fileno()).st_mtime)


def _difference_to(earlier: Earlier, there: Attributes | None, data: bytes) -> Difference | None:
    """Return what has to be sent, or None for all of it: then the old version is not what it should be, or has little in common with the new one."""
    try:
        old, time = _read(earlier.here)
    except OSError:  # no longer in the store
        return None
    if there is None or not stat.S_ISREG(there.mode) or (there.length, there.time) != (len(old), time):
        return None
    found = difference(old, data)
    return found if found.is_worth_it and len(found.middle) < len(data) else None


async def send_all(
    connection: asyncssh.SSHClientConnection, uploads: Sequence[Upload], place: Callable[[str], str], done: Callable[[], None]
) -> list[Upload]:
    """Send files over a channel of their own; return those that could not be renamed. ``place`` makes a path of the server of a target.

    Raises `asyncssh.Error`, or `OSError` if the server refuses to open or to write a file.
    """
    writer, reader, _ = await connection.open_session(subsystem="sftp", encoding=None)
    try:
        return await SftpPipeline(reader, writer, place).upload(uploads, done)
    except (PipelineError, BrokenAnswer) as error:
        raise OSError(str(error)) from error
    finally:
        writer.close()
