"""Inline SVG, drawn at build time. Readable in black and white: outline, fill and hatching differ, and every value is written.

Units are those of a view box 360 wide, so that letters stay readable at 320 CSS pixels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup, escape

from plugins.progress.totals import Level
from plugins.progress.works import STATES

WIDTH = 360
_LABEL, _ROW, _BAR = 76, 30, 16
_TRACK = WIDTH - _LABEL - 52
_HEIGHT, _LEFT, _TOP, _BASE = 214, 40, 28, 180
_LABEL_ROOM = 44


def _frame(key: str, alternative: str, height: int, inner: Sequence[str]) -> Markup:
    """An image for assistive technology, named by ``alternative``; ``key`` is unique on its page."""
    body = Markup("".join(inner))  # noqa: S704 - our own numbers, and words that `_text` has escaped
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-labelledby="{}" focusable="false"><title id="{}">{}</title>{}</svg>'
    ).format(WIDTH, height, WIDTH, height, f"t-{key}", f"t-{key}", alternative, body)


def _text(x: float, y: float, words: str, anchor: str = "start", *, strong: bool = False) -> str:
    weight = ' font-weight="700"' if strong else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def bars(key: str, levels: Sequence[Level], alternative: str) -> Markup:
    """Horizontal bars from 0 to 100 percent, one for each level, with marks at each quarter."""
    inner = []
    for number, level in enumerate(levels):
        top = number * _ROW + (_ROW - _BAR) // 2
        length = _TRACK * level.percent / 100
        quarters = "".join(f"M{_LABEL + _TRACK * part / 4:g} {top}v{_BAR}" for part in (1, 2, 3))
        inner += [
            _text(0, top + _BAR - 3, level.name),
            f'<rect class="done" x="{_LABEL}" y="{top}" width="{length:g}" height="{_BAR}"/><path class="grid" d="{quarters}"/>',
            f'<rect class="all" x="{_LABEL}" y="{top}" width="{_TRACK}" height="{_BAR}"/>',
            _text(WIDTH, top + _BAR - 3, f"{level.percent}％", "end", strong=True),
        ]
    return _frame(key, alternative, len(levels) * _ROW, inner)


def line(key: str, levels: Sequence[Level], alternative: str) -> Markup:
    """A line over fiscal years from 0 to 100 percent. Years keep their distance; every point is marked."""
    points = [(_x(level.year, levels), _y(level.percent)) for level in levels]
    inner = []
    for percent in (0, 50, 100):
        inner += [f'<path class="grid" d="M{_LEFT} {_y(percent):g}H{WIDTH}"/>', _text(_LEFT - 5, _y(percent) + 5, f"{percent}", "end")]
    inner.append(f'<polyline class="trend" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>')
    inner += [f'<circle class="point" cx="{x:g}" cy="{y:g}" r="4.5"/>' for x, y in points]
    for at in _with_room([x for x, _ in points]):
        (x, y), level = points[at], levels[at]
        inner += [
            _text(x, y - 10, f"{level.percent}％", "middle", strong=True),
            _text(x, _BASE + 22, f"{level.year}", "middle"),
        ]
    return _frame(key, alternative, _HEIGHT, inner)


def _with_room(positions: Sequence[float]) -> list[int]:
    """Which points get a label: the last, and going back from it every one that has room. The table says them all."""
    chosen = [len(positions) - 1]
    for at in range(len(positions) - 2, -1, -1):
        if positions[chosen[0]] - positions[at] >= _LABEL_ROOM:
            chosen.insert(0, at)
    return chosen


def _x(year: int, levels: Sequence[Level]) -> float:
    """The first year lies at the left, the last at the right, with room for half a label on both sides."""
    first, last = levels[0].year, levels[-1].year
    left, right = _LEFT + 24, WIDTH - 24
    return (left + right) / 2 if first == last else round(left + (right - left) * (year - first) / (last - first), 1)


def _y(percent: int) -> float:
    return round(_BASE - (_BASE - _TOP) * percent / 100, 1)


def states(key: str, counts: Sequence[tuple[str, Counter[str]]], alternative: str) -> Markup:
    """Stacked bars of works by state: filled, hatched, empty. A bar is as long as its number of works."""
    longest = max(sum(count.values()) for _, count in counts)
    hatch = '<pattern id="h-{0}" width="6" height="6" patternUnits="userSpaceOnUse"><path class="hatch" d="M0 6 6 0M-1 1 1-1M5 7 7 5"/></pattern>'
    inner = [hatch.format(key), *_legend(key)]
    for number, (name, count) in enumerate(counts, 1):
        top, x = number * _ROW + (_ROW - _BAR) // 2, float(_LABEL)
        inner.append(_text(0, top + _BAR - 3, name))
        for state in STATES:
            length = (_TRACK * count[state] / longest) if longest else 0
            inner.append(_part(key, state, (round(x, 1), top), round(length, 1)))
            x += length
        inner.append(_text(WIDTH, top + _BAR - 3, str(sum(count.values())), "end", strong=True))
    return _frame(key, alternative, (len(counts) + 1) * _ROW, inner)


def _part(key: str, state: str, at: tuple[float, float], length: float) -> str:
    """One piece of a stacked bar; nothing where there is nothing."""
    if not length:
        return ""
    look = {"完成": 'class="done all"', "工事中": f'class="all" style="fill:url(#h-{key})"', "着手前": 'class="all"'}[state]
    return f'<rect {look} x="{at[0]:g}" y="{at[1]:g}" width="{length:g}" height="{_BAR}"/>'


def _legend(key: str) -> list[str]:
    inner = []
    for number, state in enumerate(STATES):
        x = _LABEL + number * 82
        inner += [_part(key, state, (x, 5), 18), _text(x + 23, 18, state)]
    return inner
