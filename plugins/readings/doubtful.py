"""Words that two analysers read differently, and that no table and no rule settles. Pure but for the analysers' dictionaries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from plugins.readings.analyser import has_kanji, known_and_guessed
from plugins.readings.known import KnownReadings
from plugins.readings.reading import Reading, joined_spans, kana_between
from plugins.readings.second_analyser import read_again

_CONTEXT = 8
"""Characters of the text that are shown on each side of a word."""


@dataclass(frozen=True)
class Line:
    """One line of a source, without its markup; ``number`` is from 1."""

    path: PurePosixPath
    number: int
    text: str


@dataclass(frozen=True)
class Place:
    """Where a word stands, with what stands around it."""

    path: PurePosixPath
    line: int
    context: str


@dataclass(frozen=True)
class DoubtfulWord:
    """``word`` is read ``ours`` in the furigana edition, and ``theirs`` by the second analyser; ``ours`` is empty for a word that Sudachi does not know."""

    word: str
    ours: str
    theirs: str
    places: tuple[Place, ...]


def doubtful_words(lines: Iterable[Line], readings: KnownReadings) -> list[DoubtfulWord]:
    """Return the doubtful words of ``lines``, those with the most places first."""
    found = defaultdict[tuple[str, str, str], list[Place]](list)
    for line in lines:
        if has_kanji(line.text):
            for key, place in _doubts(line, readings):
                found[key].append(place)
    words = [DoubtfulWord(*key, tuple(places)) for key, places in found.items()]
    return sorted(words, key=lambda word: (-len(word.places), word.word, word.theirs))


def _doubts(line: Line, readings: KnownReadings) -> Iterator[tuple[tuple[str, str, str], Place]]:
    known, guessed = known_and_guessed(line.text, readings)
    ours, theirs = [*known, *guessed], read_again(line.text)
    settled = {place for reading in known for place in range(reading.start, reading.end)}
    for start, end in joined_spans([(reading.start, reading.end) for reading in (*ours, *theirs)]):
        word = line.text[start:end]
        if not has_kanji(word) or re.search(r"[0-9０-９]", word) or settled.intersection(range(start, end)):
            continue
        one, other = (_kana(line.text, each, start, end) for each in (ours, theirs))
        if other and one != other:
            context = f"{line.text[max(0, start - _CONTEXT) : start]}【{word}】{line.text[end : end + _CONTEXT]}"
            yield (word, one, other), Place(line.path, line.number, context)


def _kana(text: str, words: list[Reading], start: int, end: int) -> str:
    """Return how the part is read; empty if a word of it with kanji has no reading."""
    within = [word for word in words if start <= word.start < end]
    if any(not word.kana and has_kanji(text[word.start : word.end]) for word in within):
        return ""
    return kana_between(text, [(word.start, word.end, word.kana) for word in within if has_kanji(text[word.start : word.end])], start, end)
