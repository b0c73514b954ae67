"""What a file is: the media types of pictures by their ending, formats by their first bytes, the encoding of a Japanese text, what Git left in it. Pure.

Python's own table of types differs from machine to machine, and the same input gives the same bytes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

PICTURES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
"""IANA's registry of media types."""


def picture_type(path: str) -> str:
    """Return the media type of the picture at ``path``; empty for an ending that is none of a picture."""
    return PICTURES.get(path.rpartition(".")[2].lower(), "")


_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"hevx": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC", b"avif": "AVIF", b"avis": "AVIF"}  # fmt: skip
"""Brands of the first box of a file (ISO/IEC 14496-12, 4.3; 23008-12, 10)."""

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
    (b"8BPS", "Photoshop"),
    (b"%!PS", "PostScript"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Word・Excel"),  # the containers of Office until 2003 (MS-CFB 2.2)
    (b"{\\rtf", "リッチテキスト"),
)
_MEMBERS = ((b"word/", "Word"), (b"xl/", "Excel"), (b"ppt/", "PowerPoint"), (b"mimetypeapplication/vnd.oasis", "OpenDocument"))
"""Names inside of a ZIP file (ECMA-376 part 2)."""
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body)\b", re.IGNORECASE)


def file_format(data: bytes) -> str:
    """Return the name of the format of a file with these bytes, as people call it; empty for one that is not known."""
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "動画（MP4など）")
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"PK\x03\x04"):
        return next((name for member, name in _MEMBERS if member in data), "Word・Excel・ZIP")
    if _HTML.match(data.removeprefix(b"\xef\xbb\xbf")[:1000]):
        return "HTML"
    return next((name for beginning, name in _BEGINNINGS if data.startswith(beginning)), "")


_OTHER_ENCODINGS = (("Shift_JIS", "cp932"), ("EUC-JP", "euc_jp"))


def other_encoding(data: bytes) -> tuple[str, str] | None:
    """Return in which encoding ``data``, which is not UTF-8, was most likely saved, and its text; None if nobody can tell.

    Many texts can be read both as Shift_JIS and as EUC-JP: that reading is right which has more kana and fewer half-width ones.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _read("UTF-16", "utf-16", data)
    if b"\x1b$" in data:
        return _read("ISO-2022-JP", "iso2022_jp", data)
    readings = [reading for name, codec in _OTHER_ENCODINGS if (reading := _read(name, codec, data))]
    return max(readings, key=lambda reading: _likeliness(reading[1]), default=None)


def _read(name: str, codec: str, data: bytes) -> tuple[str, str] | None:
    try:
        return name, data.decode(codec)
    except UnicodeDecodeError:
        return None


def _likeliness(text: str) -> int:
    return len(re.findall("[\u3041-\u30ff、。]", text)) - 2 * len(re.findall("[\uff61-\uff9f]", text))


CONFLICT_WORDS = (
    "Gitが一つにできなかったところです。「<<<<<<<」から「>>>>>>>」までのうち、残すほうだけを残し、「<<<<<<<」「=======」「>>>>>>>」の行を消してください",
    "Git could not merge this: keep the side that is right, and delete the lines <<<<<<<, ======= and >>>>>>>",
)


class Conflict(NamedTuple):
    """A place that Git could not merge: its first line, the line between its two sides, its last line, from 0."""

    first: int
    divider: int
    last: int


def find_conflicts(text: str) -> list[Conflict]:
    """Return each place that Git could not merge, the first line first; one may lie in another, if a file with such marks was merged again. Line ends are LF."""
    conflicts = list[Conflict]()
    upper = list[int]()  # first lines of those that have no divider so far
    lower = list[tuple[int, int]]()  # first line and divider of those that have no end so far
    for number, line in enumerate(text.split("\n") if "<<<<<<< " in text else ()):
        if line.startswith("<<<<<<< "):
            upper.append(number)
        elif line == "=======" and upper and (not lower or upper[-1] > lower[-1][1]):
            lower.append((upper.pop(), number))
        elif line.startswith(">>>>>>> ") and lower:
            first, divider = lower.pop()
            while upper and upper[-1] > divider:  # half a conflict in the lower side
                upper.pop()
            conflicts.append(Conflict(first, divider, number))
    return sorted(conflicts)
