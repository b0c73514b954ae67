"""Readings that are known and not guessed: the table of place names, the municipalities, days of the month, people counted."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from plugins.frontmatter.faults import ContentFaults, Fault
from plugins.frontmatter.registry import Place

TABLE = "data/readings.csv"
"""Below ``content/``: columns ``surface`` and ``reading``."""

_HIRAGANA = re.compile(r"[ぁ-ゖー]+")
_DAYS = dict(enumerate("ついたち ふつか みっか よっか いつか むいか なのか ようか ここのか とおか".split(), 1)) | {
    14: "じゅうよっか",
    20: "はつか",
    24: "にじゅうよっか",
}
_PEOPLE = {1: "ひとり", 2: "ふたり"}
_COUNTED = re.compile(r"(?<![0-9])([0-9]{1,2})(日(?![間目本曜程])|人(?!口|間))")


@dataclass(frozen=True, order=True)
class Reading:
    """Characters ``start`` to ``end`` of a text are read ``kana`` (hiragana)."""

    start: int
    end: int
    kana: str


@dataclass(frozen=True)
class Readings:
    """``sure`` are the editors' own; ``names`` hold only where a word ends: 石巻市, but not in 石巻市長."""

    sure: dict[str, str]
    names: dict[str, str]

    def known(self, text: str, ends: Iterable[int]) -> list[Reading]:
        """Return what is known in ``text``, in order, none over another. ``ends`` are the places where the analyser ends a word."""
        found = [*_places(text, self.sure), *_counted(text)]
        stops = frozenset(ends)
        found += [reading for reading in _places(text, self.names) if reading.end in stops]
        return _apart(found)


def read_readings(content: Path, places: Iterable[Place]) -> Readings:
    """Read the table, which may be missing. Raises `ContentFaults` with every row that is no reading."""
    file, sure, faults = content / TABLE, dict[str, str](), list[Fault]()
    rows = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()) if file.is_file() else []
    for line, row in enumerate(rows, 2):
        surface, reading = (row.get("surface") or "").strip(), (row.get("reading") or "").strip()
        if surface and _HIRAGANA.fullmatch(reading):
            sure[surface] = reading
        else:
            faults.append(_fault(content, line, surface, reading))
    if faults:
        raise ContentFaults(faults)
    return Readings(sure, {place.name: place.reading for place in places})


def _fault(content: Path, line: int, surface: str, reading: str) -> Fault:
    return Fault(
        PurePosixPath(content.name) / TABLE,
        line,
        f"「{surface}」の読み「{reading}」が読めません。「閖上,ゆりあげ」のように、ひらがなで書いてください",
        f"{reading!r} is no reading of {surface!r}: write hiragana, as in 閖上,ゆりあげ",
    )


def _places(text: str, words: dict[str, str]) -> Iterator[Reading]:
    for surface, kana in words.items():
        for found in re.finditer(re.escape(surface), text):
            yield Reading(found.start(), found.end(), kana)


def _counted(text: str) -> Iterator[Reading]:
    """``3月10日`` is とおか, ``3月26日`` にち (the analyser may say か), ``2人`` ふたり."""
    for found in _COUNTED.finditer(text):
        words = _PEOPLE if found[2] == "人" else _DAYS
        if kana := words.get(int(found[1])):
            yield Reading(found.start(), found.end(), kana)
        elif found[2] == "日":
            yield Reading(found.start(2), found.end(), "にち")


def _apart(found: list[Reading]) -> list[Reading]:
    """The longest of those that lie over one another, from left to right."""
    kept: list[Reading] = []
    for reading in sorted(found, key=lambda r: (r.start - r.end, r.start)):
        if all(reading.end <= other.start or reading.start >= other.end for other in kept):
            kept.append(reading)
    return sorted(kept)
