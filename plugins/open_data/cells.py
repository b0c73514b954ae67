"""Repairs of text and coordinates in the cells of open-data tables. Pure.

NFKC (Unicode Standard Annex #15) joins too much for whole texts: it would also turn the full-width signs of good Japanese into half-width ones. So each
repair applies it to one group of characters only.
"""

from __future__ import annotations

import re
import unicodedata

from plugins.control_characters import is_blank
from plugins.open_data.notes import Note

_HALF_KANA = re.compile(r"[\uff61-\uff9f]+")  # runs, so that ｶﾞ becomes one ガ
_SQUARE = re.compile(r"[\u3200-\u33ff\u2474-\u249b]")  # ㈱ ㎡ ⑴: machine-dependent characters (rows of cp932 that JIS X 0208 leaves empty)
_CIRCLED = re.compile(r"[\u2460-\u2473]")  # ①: NFKC makes it a bare 1, so it gets brackets
# C0 and C1 control characters but tab and line breaks, zero-width and bidirectional marks, BOM, replacement character, what is no character.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufffd-\uffff]")

LATITUDES, LONGITUDES = (20.0, 46.0), (122.0, 154.0)
"""Japan in degrees: its outermost islands, rounded outwards."""


def text(value: str) -> tuple[str, list[Note]]:
    """Return ``value`` with full-width kana, without machine-dependent and invisible characters, and a note if that changed anything."""
    clean = _INVISIBLE.sub("", value)
    clean = _HALF_KANA.sub(lambda match: unicodedata.normalize("NFKC", match[0]), clean)
    clean = _CIRCLED.sub(lambda match: f"({unicodedata.normalize('NFKC', match[0])})", clean)
    clean = _SQUARE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), clean)
    clean = re.sub(r"[ \t\u3000]+", lambda match: "　" if "　" in match[0] else " ", clean).strip(" 　\t\r\n")
    clean = "" if is_blank(clean) else clean
    if clean == value.strip(" 　\t\r\n"):
        return clean, []
    return clean, [
        Note(
            "半角カナや機種依存文字、見えない文字を直しました",
            "half-width kana, machine-dependent or invisible characters put right",
            "E201",
        )
    ]


def line(value: str) -> tuple[str, list[Note]]:
    """Return ``value`` repaired as by `text`, in one line."""
    clean, notes = text(value)
    joined = re.sub(r"\s*[\r\n]+\s*", " ", clean)
    if joined != clean:
        notes = [*notes, Note("途中の改行を空白にしました", "line breaks became spaces", "E201")]
    return joined, notes


def digits(value: str) -> str:
    """Return ``value`` with half-width letters, digits and signs (NFKC), for cells that hold numbers, dates or codes."""
    return (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()


def coordinates(latitude: str, longitude: str) -> tuple[tuple[float, float] | None, list[Note]]:
    """Return latitude and longitude in degrees, swapped back if they were swapped; None if they are missing, no numbers, or outside of Japan."""
    if not latitude.strip() and not longitude.strip():
        return None, []
    try:
        north, east = float(digits(latitude)), float(digits(longitude))
    except ValueError:
        return None, [
            Note(f"緯度「{latitude}」と経度「{longitude}」が数ではないので、載せません", "coordinates are no numbers: left out", "E202")
        ]
    if _within(north, LATITUDES) and _within(east, LONGITUDES):
        return (north, east), []
    if _within(east, LATITUDES) and _within(north, LONGITUDES):
        return (east, north), [
            Note(f"緯度と経度が逆でした。緯度{east:g}、経度{north:g}としました", "latitude and longitude were swapped", "E202")
        ]
    return None, [
        Note(f"緯度{north:g}、経度{east:g}は日本の中にないので、載せません", "the place is not in Japan: coordinates left out", "E202")
    ]


def web_address(value: str) -> tuple[str, list[Note]]:
    """Return an address with its scheme; empty for what is none, which would be a dead link."""
    value = value.strip()
    if not value or re.fullmatch(r"https?://[^\s<>\"]+", value):
        return value, []
    if re.fullmatch(r"(www\.)?[a-z0-9.-]+\.(jp|com|net|org|info)(/[^\s<>\"]*)?", value, re.IGNORECASE):
        return f"https://{value}", [Note(f"「{value}」の頭に https:// を付けました", f"https:// put before {value!r}", "E205")]
    return "", [Note(f"「{value}」はアドレスではないので、載せません", f"{value!r} is no address: left out", "E205")]


def _within(value: float, span: tuple[float, float]) -> bool:
    return span[0] <= value <= span[1]
