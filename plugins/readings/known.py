"""Readings that are known and not guessed: the table of place names, the municipalities, days of the month, people counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from plugins.frontmatter.model.registry import Place
from plugins.readings.table import ReadingTable as Table

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
class KnownReadings:
    """``sure`` are the editors' own; ``names`` hold only where a word ends: 石巻市, but not in 石巻市長."""

    sure: dict[str, str]
    names: dict[str, str]

    def known(self, text: str, ends: Iterable[int]) -> list[Reading]:
        """Return what is known in ``text``, in order, none over another. ``ends`` are the places where the analyser ends a word."""
        found = [*_places(text, self.sure), *_counted(text)]
        stops = frozenset(ends)
        found += [reading for reading in _places(text, self.names) if reading.end in stops]
        return _apart(found)


def known_readings(table: Table, places: Iterable[Place]) -> KnownReadings:
    """Return the editors' own readings, and apart from them those of municipalities."""
    names = {place.name: place.reading for place in places}
    return KnownReadings({word: kana for word, kana in table.names.items() if word not in names}, names)


def _places(text: str, words: dict[str, str]) -> Iterator[Reading]:
    for surface, kana in words.items():
        at = text.find(surface)
        while at >= 0:
            yield Reading(at, at + len(surface), kana)
            at = text.find(surface, at + len(surface))


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
