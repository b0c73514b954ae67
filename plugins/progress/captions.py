"""What a chart shows, in a sentence: its caption and its text alternative."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from plugins.progress.totals import Level
from plugins.progress.works import STATES
from plugins.typography.dates import number


def bars(levels: Sequence[Level], year: int, counter: str) -> str:
    """Say how many of the bars are full, and which is the shortest. ``counter`` is the noun that is counted: 分野 or 市町."""
    full = sum(level.percent == 100 for level in levels)
    begin = f"{year}年度末の完成の割合です。"
    if len(levels) == 1:
        return f"{begin}{levels[0].name}は{levels[0].percent}％です。"
    if full == len(levels):
        return f"{begin}{len(levels)}{counter}のすべてが100％になりました。"
    lowest = min(levels, key=lambda level: level.percent)
    return f"{begin}{len(levels)}{counter}のうち{full}{counter}が100％です。最も低いのは{lowest.name}の{lowest.percent}％です。"


def line(levels: Sequence[Level], subject: str) -> str:
    """Say from where to where the line goes."""
    first, last = levels[0], levels[-1]
    if len(levels) == 1:
        return f"{subject}は、{first.year}年度末に{first.percent}％でした。"
    span = f"{first.year}年度末の{first.percent}％から、{last.year}年度末の{last.percent}％"
    if first.percent == last.percent:
        return f"{subject}は、{span}まで変わっていません。"
    return f"{subject}は、{span}へ{'上がりました' if last.percent > first.percent else '下がりました'}。"


def states(counts: Iterable[Counter[str]], year: int) -> str:
    """Say how many works are in each state."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    words = "、".join(f"{state}が{total[state]}" for state in STATES)
    return f"{year}年度末、{number(sum(total.values()))}の事業のうち、{words}です。"
