"""Sentences whose readings people have checked, and which of their words the program reads otherwise. Pure.

One sentence a line, with the reading after each run of kanji, as Aozora Bunko writes ruby: 閖上《ゆりあげ》の港《みなと》. ``｜`` says where the run begins if it does not
begin with its first kanji (4月《がつ》｜1日《ついたち》). ``／`` stands between readings that are both right (行《い／ゆ》き先). A line that begins with ``#`` is a remark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from plugins.readings.reading import Reading, hiragana, joined_spans

_RUBY = re.compile(r"(?:｜(?P<marked>[^《》｜]+)|(?P<run>[\u3400-\u9fff\uf900-\ufaff々〆〇ヶ]+))《(?P<kana>[ぁ-ゖー／]+)》")


@dataclass(frozen=True)
class CheckedWord:
    """Characters ``start`` to ``end`` of the sentence may be read as any of ``accepted``."""

    start: int
    end: int
    accepted: tuple[str, ...]


@dataclass(frozen=True)
class CheckedSentence:
    """``line`` is that of the file, from 1."""

    text: str
    words: tuple[CheckedWord, ...]
    line: int


@dataclass(frozen=True)
class WrongWord:
    """A part of the sentence that is read ``kana``; ``expected`` is empty for kanji that nobody has checked. ``words`` is how many checked words it holds."""

    sentence: CheckedSentence
    start: int
    end: int
    kana: str
    expected: tuple[str, ...]
    words: int


def checked_sentences(text: str) -> list[CheckedSentence]:
    """Read a file of checked sentences. Raises `ValueError` with the line of a bracket that follows no kanji."""
    lines = enumerate(text.splitlines(), 1)
    return [_sentence(line, number) for number, line in lines if line.strip() and not line.startswith("#")]


def _sentence(line: str, number: int) -> CheckedSentence:
    text, words, position = "", list[CheckedWord](), 0
    for match in _RUBY.finditer(line):
        text += line[position : match.start()]
        base = match["marked"] or match["run"]
        words.append(CheckedWord(len(text), len(text) + len(base), tuple(match["kana"].split("／"))))
        text, position = text + base, match.end()
    text += line[position:]
    if left := re.search("[《》｜]", text):
        raise ValueError(f"line {number}: {left[0]} without kanji and kana around it: {text[max(0, left.start() - 10) : left.end() + 10]}")
    return CheckedSentence(text, tuple(words), number)


def wrong_words(sentence: CheckedSentence, read: Sequence[Reading]) -> list[WrongWord]:
    """Return the parts of ``sentence`` that the program has ``read`` otherwise.

    Words are compared where both sides begin and end together: if one side has 大震災 and the other 大 and 震災, these are one part.
    """
    spans = [(word.start, word.end) for word in sentence.words] + [(reading.start, reading.end) for reading in read]
    parts = ((start, end, *_compare(sentence, read, start, end)) for start, end in joined_spans(spans))
    return [
        WrongWord(sentence, start, end, kana, expected, sum(start <= word.start < end for word in sentence.words))
        for start, end, kana, expected in parts
        if kana not in expected
    ]


def _compare(sentence: CheckedSentence, read: Sequence[Reading], start: int, end: int) -> tuple[str, tuple[str, ...]]:
    ours = [(r.start, r.end, (r.kana,)) for r in read if start <= r.start < end]
    theirs = [(w.start, w.end, w.accepted) for w in sentence.words if start <= w.start < end]
    (kana,) = _kana_between(sentence.text, ours, start, end)
    return kana, _kana_between(sentence.text, theirs, start, end) if theirs else ()


def _kana_between(text: str, words: Iterable[tuple[int, int, tuple[str, ...]]], start: int, end: int) -> tuple[str, ...]:
    """Return the part from ``start`` to ``end`` with readings for its words, in every way that is accepted."""
    choices, position = list[tuple[str, ...]](), start
    for first, last, kana in sorted(words):
        choices += [(hiragana(text[position:first]),), kana]
        position = last
    return tuple("".join(parts) for parts in product(*choices, (hiragana(text[position:end]),)))
