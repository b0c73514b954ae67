"""Code inside a line: where it ends (CommonMark 0.31.2, 6.1). The time grows with the length of the text, whatever stands in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

_EMPTY = re.compile(r"\n[ \t]*(?=\n)")
_RUN = re.compile(r"`+")


class CodeSpans:
    """Finds the end of each code span in ``text``: the next run of as many backticks, before an empty line."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs: dict[int, list[int]] = defaultdict(list)
        for match in _RUN.finditer(text) if "`" in text else ():
            self._runs[len(match[0])].append(match.start())
        self._breaks = [match.start() for match in _EMPTY.finditer(text)] + [len(text)] if self._runs else []

    def after(self, run: re.Match[str]) -> int | None:
        """Return the offset after the span that ``run`` opens; None if it opens none."""
        starts = self._runs[len(run[0])]
        index = bisect_right(starts, run.start())
        if index == len(starts):
            return None
        ends_at = self._breaks[bisect_right(self._breaks, run.start())]
        return starts[index] + len(run[0]) if starts[index] < ends_at else None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield where each span starts and ends."""
        at = 0
        while match := _RUN.search(self._text, at):
            end = self.after(match)
            if end:
                yield match.start(), end
            at = end or match.end()
