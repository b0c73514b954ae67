"""Readings that need no guess: the editors' table, the municipalities, numbers with their counters, days of the week, and words that are often misread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from plugins.frontmatter.model.registry import Place
from plugins.readings.counters import counted
from plugins.readings.reading import Reading
from plugins.readings.table import NIHON, ReadingTable
from plugins.readings.weekdays import weekdays
from plugins.readings.words import WordFinder, WordReading, misread_words


@dataclass(frozen=True)
class Cuts:
    """Where the analyser cuts a text. ``loose`` has also the positions inside a word that its dictionary does not have: anything may begin there."""

    ends: frozenset[int]
    loose: frozenset[int]

    @classmethod
    def between(cls, words: Iterable[Reading]) -> Cuts:
        """Return the cuts between ``words``, of which those without kana are not in the dictionary."""
        ends, loose = {0}, {0}
        for word in words:
            ends.add(word.end)
            loose.update((word.start, word.end) if word.kana else range(word.start, word.end + 1))
        return cls(frozenset(ends), frozenset(loose))

    def may_be_word(self, start: int, end: int) -> bool:
        """Whether a name at these characters may be one: not 山下 in 登山|下見, and not 北山 in 北山崎, which the dictionary knows as one word."""
        is_start, is_end = start in self.loose, end in self.loose
        return (is_start and is_end) or ((is_start or is_end) and any(place in self.loose for place in range(start + 1, end)))


@dataclass(frozen=True)
class KnownReadings:
    """``sure`` are those of the editors' table. ``names`` are those of municipalities, which count only where a word ends: 石巻市, but not in 石巻市長."""

    sure: Mapping[str, str]
    names: Mapping[str, str]

    def known(self, text: str, words: Sequence[Reading]) -> list[Reading]:
        """Return the known readings in ``text``, in order and without overlap. ``words`` are the analyser's."""
        cuts = Cuts.between(words)
        by_rank = (
            self._sure.readings(text, cuts.may_be_word),
            weekdays(text),
            misread_words().readings(text, cuts.may_be_word),
            counted(text, cuts.loose.__contains__),
            self._names.readings(text, lambda _, end: end in cuts.ends),
        )
        return _without_overlap([(rank, reading) for rank, readings in enumerate(by_rank) for reading in readings])

    @property
    def nihon(self) -> str:
        """How this site reads 日本: as a row of the editors' table says, or にほん."""
        return self.sure.get(NIHON, "にほん")

    @cached_property
    def _sure(self) -> WordFinder:
        return WordFinder(WordReading(name, kana) for name, kana in self.sure.items())

    @cached_property
    def _names(self) -> WordFinder:
        return WordFinder(WordReading(name, kana) for name, kana in self.names.items())


def known_readings(table: ReadingTable, places: Iterable[Place]) -> KnownReadings:
    """Separate the editors' own readings from those of the municipalities, which the table holds too."""
    names = {place.name: place.reading for place in places}
    return KnownReadings({word: kana for word, kana in table.names.items() if word not in names}, names)


def _without_overlap(ranked: list[tuple[int, Reading]]) -> list[Reading]:
    """Of readings that overlap keep the longest; of equally long ones that of the lower rank, and then the first."""
    kept: list[Reading] = []
    for _, reading in sorted(ranked, key=lambda pair: (pair[1].start - pair[1].end, pair[0], pair[1].start)):
        if all(reading.end <= other.start or reading.start >= other.end for other in kept):
            kept.append(reading)
    return sorted(kept)
