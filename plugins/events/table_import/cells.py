"""Text and coordinates as they come in open-data tables, made readable. Pure."""

from __future__ import annotations

import re
import unicodedata

from plugins.events.table_import.notes import Note

_HALF_KANA = re.compile(r"[\uff61-\uff9f]+")
_SQUARE = re.compile(r"[\u3200-\u33ff\u2474-\u249b]")  # ㈱ ㎡ ⑴: parts of the machine-dependent rows of cp932
_CIRCLED = re.compile(r"[\u2460-\u2473]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffd]")

LATITUDES, LONGITUDES = (20.0, 46.0), (122.0, 154.0)
"""Japan, in degrees (the ends of its islands, rounded outwards)."""


def text(value: str) -> tuple[str, list[Note]]:
    """Return ``value`` in one style: half-width kana widened, machine-dependent signs written out, invisible characters gone."""
    clean = _CONTROL.sub("", value)
    clean = _HALF_KANA.sub(lambda found: unicodedata.normalize("NFKC", found[0]), clean)
    clean = _CIRCLED.sub(lambda found: f"({unicodedata.normalize('NFKC', found[0])})", clean)
    clean = _SQUARE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), clean)
    clean = re.sub(r"[ \t\u3000]+", lambda found: "　" if "　" in found[0] else " ", clean).strip(" 　\t\r\n")
    if clean == value.strip(" 　\t\r\n"):
        return clean, []
    return clean, [
        Note("半角カナや機種依存文字、見えない文字を直しました", "half-width kana, machine-dependent or invisible characters put right")
    ]


def line(value: str) -> tuple[str, list[Note]]:
    """Return ``value`` as one line of `text`."""
    clean, notes = text(value)
    joined = re.sub(r"\s*[\r\n]+\s*", " ", clean)
    if joined != clean:
        notes = [*notes, Note("途中の改行を空白にしました", "line breaks became spaces")]
    return joined, notes


def digits(value: str) -> str:
    """Return ``value`` with full-width letters, digits and signs made half-width."""
    return unicodedata.normalize("NFKC", value).strip()


def coordinates(latitude: str, longitude: str) -> tuple[tuple[float, float] | None, list[Note]]:
    """Return latitude and longitude in degrees; swapped ones are put right, what cannot be in Japan is left out."""
    if not latitude.strip() and not longitude.strip():
        return None, []
    try:
        north, east = float(digits(latitude)), float(digits(longitude))
    except ValueError:
        return None, [Note(f"緯度「{latitude}」と経度「{longitude}」が数ではないので、載せません", "coordinates are no numbers: left out")]
    if _within(north, LATITUDES) and _within(east, LONGITUDES):
        return (north, east), []
    if _within(east, LATITUDES) and _within(north, LONGITUDES):
        return (east, north), [Note(f"緯度と経度が逆でした。緯度{east:g}、経度{north:g}としました", "latitude and longitude were swapped")]
    return None, [Note(f"緯度{north:g}、経度{east:g}は日本の中にないので、載せません", "the place is not in Japan: coordinates left out")]


def _within(value: float, span: tuple[float, float]) -> bool:
    return span[0] <= value <= span[1]
