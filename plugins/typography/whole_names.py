"""Names that no line may break: those of the editors' table of readings, which `plugins.builder` reads and hands over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from plugins.context import Key


class WholeNames:
    """Joins phrases that BudouX cuts inside of a name: 仙石東北|ライン, 千賀の|浦. Two of them are never equal: a filter's cache holds the names of its build."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        longest_first = sorted((name for name in names if len(name) > 1), key=lambda name: (-len(name), name))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def join(self, phrases: Sequence[str]) -> list[str]:
        """Return ``phrases`` without the cuts that lie in a name. Joined, they are the same text."""
        text = "".join(phrases)
        spans = [match.span() for match in self._pattern.finditer(text)] if self._pattern else []
        joined, position = list[str](), 0
        for phrase in phrases:
            if any(start < position < end for start, end in spans):
                joined[-1] += phrase
            else:
                joined.append(phrase)
            position += len(phrase)
        return joined


NO_NAMES = WholeNames()
WHOLE_NAMES = Key[WholeNames]("names that no line may break", __name__)
