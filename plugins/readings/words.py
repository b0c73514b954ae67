"""Finds words with a known reading in a text, some of them only beside certain others: 人気 is ひとけ before のない, and にんき elsewhere.

``words.csv`` beside this file has words of the language that analysers misread. The names of a site are the editors': ``content/data/readings.csv``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from plugins.readings.package_tables import package_rows
from plugins.readings.reading import Reading

_FARTHEST = 16
"""Characters before and after a word that its conditions can see."""


_VOICED = frozenset("がぎぐげござじずぜぞだぢづでどばびぶべぼ")
_VERB = re.compile("(?<=[い-ろ])ま(?:す|し|せ)")
"""What makes a verb of the word before it, which then keeps its own sound beside another word."""


@dataclass(frozen=True)
class WordReading:
    """``surface`` is read ``kana`` where the text before it ends with ``before``, and the text after it begins with ``after`` (patterns; empty: whatever)."""

    surface: str
    kana: str
    before: str = ""
    after: str = ""

    def holds(self, text: str, start: int) -> bool:
        """Return whether the conditions hold for the word at ``start``."""
        end = start + len(self.surface)
        if self.before and not _compiled(self.before).search(text[max(0, start - _FARTHEST) : start]):
            return False
        if self.before and self.kana[0] in _VOICED and _VERB.match(text, end):
            return False  # 野菜作り is づくり, and 野菜作ります is not
        return not self.after or _compiled(self.after).match(text[end : end + _FARTHEST]) is not None


class WordFinder:
    """Finds the words of one table. Of rows for the same word the first whose conditions hold counts."""

    def __init__(self, words: Iterable[WordReading]) -> None:
        self._by_first = defaultdict[str, list[WordReading]](list)
        for word in words:
            self._by_first[word.surface[0]].append(word)
        self._firsts = re.compile(f"[{re.escape(''.join(self._by_first))}]") if self._by_first else None

    def readings(self, text: str, is_word: Callable[[int, int], bool]) -> Iterator[Reading]:
        """Yield the readings of the words in ``text``, which may overlap. ``is_word``: whether the characters from one position to another may be a word."""
        for match in self._firsts.finditer(text) if self._firsts else ():
            start, done = match.start(), set[str]()
            for word in self._by_first[match[0]]:
                if word.surface not in done and text.startswith(word.surface, start) and word.holds(text, start):
                    done.add(word.surface)
                    end = start + len(word.surface)
                    if is_word(start, end):
                        yield Reading(start, end, word.kana)


@cache
def word_examples() -> dict[str, tuple[str, str]]:
    """Return an example for each row of ``words.csv``, with the word and its reading: for the tests."""
    return {row["例"]: (row["表記"], row["読み"]) for row in package_rows("words.csv")}


@cache
def misread_words() -> WordFinder:
    """Return the words of ``words.csv``."""
    return WordFinder(
        WordReading(row["表記"], row["読み"], row["前"] and f"(?:{row['前']})$", row["後"] and f"(?:{row['後']})")
        for row in package_rows("words.csv")
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a condition when it is first asked for: all of them take as long as a twentieth of an edit, and a document needs a few."""
    return re.compile(pattern)
