"""EUC-JP and ISO-2022-JP as browsers read them (WHATWG Encoding, sections 12.1 and 12.2). Pure.

Their table of characters, index jis0208 (section 5), has the NEC row 13 (①, ㈱) and the IBM characters (髙, 﨑), which no codec of Python has for these
encodings. The same table is behind Windows-31J, which Python calls cp932; the two bytes of a character are only written otherwise.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

_AS_IN_WINDOWS = str.maketrans("〜‖−¢£¬", "～∥－￠￡￢")
"""Characters that Python maps as JIS does, and index jis0208 as Windows does."""

_ESCAPES = re.compile(rb"\x1b(\([BJI]|\$[@B]|\$\(D)")
_ASCII = b"(B"
_ROMAN = str.maketrans("\\~", "¥‾")


def decode_euc_jp(body: bytes, errors: str = "strict") -> str:
    """Return the text of ``body``. ``errors``: "strict" raises UnicodeDecodeError, "replace" puts U+FFFD."""
    return body.decode("euc_jp", "todoke-jis0208" if errors == "strict" else "todoke-jis0208-replace").translate(_AS_IN_WINDOWS)


def decode_iso_2022_jp(body: bytes, errors: str = "strict") -> str:
    """Return the text of ``body``. The end of a line ends two-byte characters, too (RFC 1468): many programs leave the escape out there."""
    return "".join(_segment(charset, data, errors) for charset, data in _segments(body))


def _segments(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield escape sequences (without ESC), each with the bytes that it applies to."""
    charset = _ASCII
    for number, part in enumerate(_ESCAPES.split(body)):
        if number % 2:
            charset = part
            continue
        first_line, end, rest = part.partition(b"\n")
        yield charset, first_line
        if end:
            charset = _ASCII
            yield charset, end + rest


def _segment(charset: bytes, data: bytes, errors: str) -> str:
    if charset.startswith(b"$"):
        prefix = b"\x8f" if charset == b"$(D" else b""  # JIS X 0212, which only older programs write
        pairs = (data[index : index + 2] for index in range(0, len(data), 2))
        return decode_euc_jp(b"".join(prefix + bytes(byte | 0x80 for byte in pair) for pair in pairs), errors)
    if charset == b"(I":
        return bytes(byte | 0x80 for byte in data).decode("shift_jis", errors)
    text = data.decode("ascii", errors)
    return text.translate(_ROMAN) if charset == b"(J" else text


def _row_and_cell(first: int, second: int) -> str:
    """Return the character of two EUC-JP bytes by way of Shift_JIS (WHATWG Encoding, section 12.3: the same pointer). Raises UnicodeDecodeError."""
    row, cell = first - 0xA1, second - 0xA1
    first = row // 2 + (0x81 if row < 62 else 0xC1)
    second = cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41)
    return bytes([first, second]).decode("cp932")


def _from_index_jis0208(error: UnicodeError, *, replace: bool) -> tuple[str, int]:
    """Decode what Python's table lacks: a handler of ``bytes.decode``."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    pair = error.object[error.start : error.start + 2]
    if len(pair) == 2 and all(0xA1 <= byte <= 0xFE for byte in pair):
        try:
            return _row_and_cell(*pair), error.start + 2
        except UnicodeDecodeError:
            pass
    if not replace:
        raise error
    return "\ufffd", error.start + 1


codecs.register_error("todoke-jis0208", lambda error: _from_index_jis0208(error, replace=False))
codecs.register_error("todoke-jis0208-replace", lambda error: _from_index_jis0208(error, replace=True))
