"""The `relaxed` form of headers and bodies (RFC 6376 section 3.4): what a relay on the way may change without breaking a signature. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

CRLF = b"\r\n"
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_SPACES = re.compile(rb"[ \t]+")
_AT_LINE_END = re.compile(rb"[ \t]+(?=\r\n)")
_NEXT_HEADER = re.compile(rb"\r\n(?![ \t])")


def header(line: bytes) -> bytes:
    """One header with its folds, in relaxed form (section 3.4.2), ended by CRLF."""
    name, _, value = line.partition(b":")
    return name.strip().lower() + b":" + _SPACES.sub(b" ", _FOLD.sub(b"", value)).strip() + CRLF


def split_headers(block: bytes) -> list[bytes]:
    """The headers of a block, each with its folds and without its line end. The empty line after them may be there."""
    return [line for line in _NEXT_HEADER.split(block) if line]


def select(block: bytes, names: Sequence[str]) -> tuple[list[str], bytes]:
    """The names that are in the block, in its order and spelling, and these headers in relaxed form.

    :raises ValueError: one of them is there twice. Verifiers count from below (section 5.4.2); ours never has two.
    """
    wanted = {name.lower() for name in names}
    signed: list[tuple[str, bytes]] = []
    for line in split_headers(block):
        name = line.partition(b":")[0].decode("ascii").strip()
        if name.lower() in wanted:
            signed.append((name, header(line)))
    if len({name.lower() for name, _ in signed}) != len(signed):
        raise ValueError("a header that is to be signed is there twice")
    return [name for name, _ in signed], b"".join(text for _, text in signed)


def body(content: bytes) -> bytes:
    """A whole body in relaxed form (section 3.4.4)."""
    return b"".join(body_parts([content]))


def body_parts(parts: Iterable[bytes]) -> list[bytes]:
    """A body that was cut, in relaxed form; the places between the parts hold no space and are not empty.

    So a run of spaces or a line end never goes over a cut, and each part can be looked at alone. Only the last one ends in line ends to take off.
    """
    relaxed = [_SPACES.sub(b" ", _AT_LINE_END.sub(b"", part)) for part in parts]
    last = re.sub(rb"[ \t]*(?:\r\n)*\Z", b"", relaxed[-1])
    relaxed[-1] = last + CRLF if last or len(relaxed) > 1 else b""
    return relaxed
