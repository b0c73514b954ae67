"""Requests and answers of SFTP as bytes (draft-ietf-secsh-filexfer-02, version 3, with OpenSSH's extensions). Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass

INIT, VERSION, OPEN, CLOSE, WRITE, LSTAT, FSETSTAT, EXTENDED = 1, 2, 3, 4, 6, 7, 10, 200
STATUS, HANDLE, ATTRS, EXTENDED_REPLY = 101, 102, 105, 201
RENAME, COPY, LIMITS = b"posix-rename@openssh.com", b"copy-data", b"limits@openssh.com"

PIECE = 32_768
"""Bytes of one WRITE, which every server takes (section 3)."""

_READ, _CREATE = 0x01, 0x02 | 0x08 | 0x20
"""WRITE, CREAT and EXCL: nothing that is there already is written into."""

_WITH_SIZE, _WITH_OWNER, _WITH_MODE, _WITH_TIMES = 1, 2, 4, 8


class BrokenAnswer(Exception):
    """The server does not speak SFTP."""


@dataclass(frozen=True)
class Attributes:
    """What a server says of a file; -1 for what it leaves out."""

    mode: int
    length: int
    time: int


def string(data: bytes) -> bytes:
    """Return a string as the protocol has it (RFC 4251 section 5)."""
    return struct.pack(">I", len(data)) + data


def packet(kind: int, number: int, body: bytes) -> bytes:
    """Return a request."""
    return struct.pack(">IBI", len(body) + 5, kind, number) + body


def create(path: bytes) -> bytes:
    """Return the body of an OPEN of a file that is not there yet."""
    return string(path) + struct.pack(">III", _CREATE, _WITH_MODE, 0o644)


def read(path: bytes) -> bytes:
    """Return the body of an OPEN of a file that is there."""
    return string(path) + struct.pack(">II", _READ, 0)


def writes(handle: bytes, offset: int, data: bytes) -> list[bytes]:
    """Return the bodies of the WRITEs of ``data``."""
    return [string(handle) + struct.pack(">Q", offset + at) + string(data[at : at + PIECE]) for at in range(0, len(data), PIECE)]


def copy_data(source: bytes, start: int, length: int, target: bytes, offset: int) -> bytes:
    """Return the body of the request that copies between two handles; ``length`` 0 would mean: to the end."""
    return string(COPY) + string(source) + struct.pack(">QQ", start, length) + string(target) + struct.pack(">Q", offset)


def set_time(handle: bytes, time: int) -> bytes:
    """Return the body of an FSETSTAT."""
    return string(handle) + struct.pack(">III", _WITH_TIMES, time, time)


def rename(source: bytes, target: bytes) -> bytes:
    """Return the body of a rename that takes the place of an older file."""
    return string(RENAME) + string(source) + string(target)


def attributes(body: bytes) -> Attributes:
    """Return those of an answer ATTRS, without its number (section 5). Raises `BrokenAnswer`."""
    try:
        (flags,), at, length, mode, time = struct.unpack_from(">I", body), 4, -1, -1, -1
        if flags & _WITH_SIZE:
            (length,), at = struct.unpack_from(">Q", body, at), at + 8
        if flags & _WITH_OWNER:
            at += 8
        if flags & _WITH_MODE:
            (mode,), at = struct.unpack_from(">I", body, at), at + 4
        if flags & _WITH_TIMES:
            (time,) = struct.unpack_from(">I", body, at + 4)
    except struct.error as error:
        raise BrokenAnswer("attributes that are no attributes") from error
    return Attributes(mode, length, time)


def take_answers(buffer: bytearray) -> list[tuple[int, bytes]]:
    """Return kind and body of each answer that is whole, and take them out of ``buffer``. Raises `BrokenAnswer`."""
    answers, at, end = [], 0, len(buffer)
    while end - at >= 5:
        length, kind = struct.unpack_from(">IB", buffer, at)
        if not 1 <= length <= 300_000:
            raise BrokenAnswer("no SFTP there")
        if end - at < 4 + length:
            break
        answers.append((kind, bytes(buffer[at + 5 : at + 4 + length])))
        at += 4 + length
    del buffer[:at]
    return answers
