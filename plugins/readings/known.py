"""Readings that need no guess: the editors' table, the municipalities, days of the month, and numbers of people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from plugins.frontmatter.model.registry import Place
from plugins.readings.table import ReadingTable

# The days of the month with a reading of their own; all others are read as a number and にち.
_DAYS = dict(enumerate("ついたち ふつか みっか よっか いつか むいか なのか ようか ここのか とおか".split(), 1)) | {
    14: "じゅうよっか",
    20: "はつか",
    24: "にじゅうよっか",
}
_PEOPLE = {1: "ひとり", 2: "ふたり"}
# Not 3日間 (a length), nor 2日目 (an ordinal), nor where 日 or 人 begins another word: 日本, 日曜, 日程, 人口, 人間.
_COUNTED = re.compile(r"(?<![0-9])([0-9]{1,2})(日(?![間目本曜程])|人(?!口|間))")


@dataclass(frozen=True, order=True)
class Reading:
    """Characters ``start`` to ``end`` of a text are read ``kana`` (hiragana)."""

    start: int
    end: int
    kana: str


@dataclass(frozen=True)
class KnownReadings:
    """``sure`` are those of the editors' table. ``names`` are those of municipalities, which count only where a word ends: 石巻市, but not in 石巻市長."""

    sure: dict[str, str]
    names: dict[str, str]

    def known(self, text: str, ends: Iterable[int]) -> list[Reading]:
        """Return the known readings in ``text``, in order and without overlap. ``ends`` are the positions where the analyser ends a word."""
        readings = [*_occurrences(text, self.sure), *_counted(text)]
        word_ends = frozenset(ends)
        readings += [reading for reading in _occurrences(text, self.names) if reading.end in word_ends]
        return _without_overlap(readings)


def known_readings(table: ReadingTable, places: Iterable[Place]) -> KnownReadings:
    """Separate the editors' own readings from those of the municipalities, which the table holds too."""
    names = {place.name: place.reading for place in places}
    return KnownReadings({word: kana for word, kana in table.names.items() if word not in names}, names)


def _occurrences(text: str, words: dict[str, str]) -> Iterator[Reading]:
    for surface, kana in words.items():
        start = text.find(surface)
        while start >= 0:
            yield Reading(start, start + len(surface), kana)
            start = text.find(surface, start + len(surface))


def _counted(text: str) -> Iterator[Reading]:
    """Yield とおか for ``10日``, にち for the 日 of ``26日`` (the analyser may say か), and ふたり for ``2人``."""
    for match in _COUNTED.finditer(text):
        special = _PEOPLE if match[2] == "人" else _DAYS
        if kana := special.get(int(match[1])):
            yield Reading(match.start(), match.end(), kana)
        elif match[2] == "日":
            yield Reading(match.start(2), match.end(), "にち")


def _without_overlap(readings: list[Reading]) -> list[Reading]:
    """Of readings that overlap keep the longest, and of equally long ones the first."""
    kept: list[Reading] = []
    for reading in sorted(readings, key=lambda r: (r.start - r.end, r.start)):
        if all(reading.end <= other.start or reading.start >= other.end for other in kept):
            kept.append(reading)
    return sorted(kept)
