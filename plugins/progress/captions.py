"""The message of a chart in one sentence. It is the caption, and the text alternative of the image (WCAG 2.2, 1.1.1). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from plugins.progress.totals import Level
from plugins.progress.works import STATES
from plugins.typography.dates import number


def bars(levels: Sequence[Level], year: int, counter: str) -> str:
    """Return how many bars are full, and which is the shortest. ``counter`` is the noun that is counted: 分野 or 市町村."""
    full = sum(level.percent == 100 for level in levels)
    opening = f"{year}年度末の完成の割合です。"
    if len(levels) == 1:
        return f"{opening}{levels[0].name}は{levels[0].percent}％です。"
    if full == len(levels):
        return f"{opening}{len(levels)}{counter}のすべてが100％になりました。"
    lowest = min(levels, key=lambda level: level.percent)
    return f"{opening}{len(levels)}{counter}のうち{full}{counter}が100％です。最も低いのは{lowest.name}の{lowest.percent}％です。"


def line(levels: Sequence[Level], subject: str) -> str:
    """Return the first and the last percentage of a line, and its direction. ``subject`` is what the line measures."""
    first, last = levels[0], levels[-1]
    if len(levels) == 1:
        return f"{subject}は、{first.year}年度末に{first.percent}％でした。"
    span = f"{first.year}年度末の{first.percent}％から、{last.year}年度末の{last.percent}％"
    if first.percent == last.percent:
        return f"{subject}は、{span}まで変わっていません。"
    return f"{subject}は、{span}へ{'上がりました' if last.percent > first.percent else '下がりました'}。"


def states(counts: Iterable[Counter[str]], year: int) -> str:
    """Return how many works are in each state. ``counts`` has one counter for each field."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    parts = "、".join(f"{state}が{total[state]}" for state in STATES)
    return f"{year}年度末、{number(total.total())}の事業のうち、{parts}です。"
