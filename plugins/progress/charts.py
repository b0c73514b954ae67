"""Charts as inline SVG, drawn at build time.

A chart needs no colour: outline, fill and hatching differ (WCAG 2.2, 1.4.1), and every value stands beside its bar. Lengths are units of a view box that is
360 wide; at a window of 320 CSS pixels it shrinks by a ninth, and its letters stay readable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup, escape

from plugins.progress.totals import Level
from plugins.progress.works import STATES
from plugins.typography.phrases import columns, wrap

WIDTH = 360

_LABELS, _ROW, _BAR = (76, 152), 34, 16
"""Bars: the least and the greatest width of the labels at the left, the height of a row, and of the bar in it."""
_VALUE = 52
"""The units at the right that hold the value; a bar of 100 percent has what is left between."""
_COLUMN = 7
"""Units of one column of text: 14 for a Japanese character, 7 for a letter or digit."""

_HEIGHT, _LEFT, _TOP, _BASE = 214, 40, 28, 180
"""A line: the height of the image, the left end of the axis, and the heights of 100 and of 0 percent."""
_LABEL_SPACING = 44
"""The least distance of two labels under a line, so that neighbours do not touch."""


def _frame(key: str, alternative: str, height: int, elements: Sequence[str]) -> Markup:
    """One image for assistive technology, named by ``alternative``. The ids are made of ``key``, which must be unique on the page."""
    # A full-width space draws nothing. Browsers without drawings show the labels only, and w3m joins them across any other space.
    body = Markup("\n<text>　</text>".join(elements))  # noqa: S704 - our own numbers, and texts that `_text` has escaped
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-labelledby="{}" focusable="false"><title id="{}">{}</title>\n{}</svg>'
    ).format(WIDTH, height, WIDTH, height, f"t-{key}", f"t-{key}", alternative, body)


def _text(x: float, y: float, content: str, anchor: str = "start", *, strong: bool = False) -> str:
    weight = ' font-weight="700"' if strong else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{weight}>{escape(content)}</text>'


def _label_width(names: Sequence[str]) -> int:
    """Return how wide the labels are: as the longest name, within `_LABELS`."""
    return max(_LABELS[0], min(_LABELS[1], max(map(columns, names), default=0) * _COLUMN + 8))


def _label(y: float, name: str, width: int) -> str:
    """One name on one line, or on two of smaller letters where one is too short; the end of a still longer name is left out: the table has all of it."""
    if columns(name) * _COLUMN <= width:
        return _text(0, y, name)
    lines = wrap(name, (width - 4) // 6)
    rest = "…" if len(lines) > 2 else ""
    upper, lower = lines[0], "".join(lines[1:2])
    return f'<text font-size="12"><tspan x="0" y="{y - 8:g}">{escape(upper)}</tspan><tspan x="0" y="{y + 6:g}">{escape(lower[:-1] + rest if rest else lower)}</tspan></text>'


def bars(key: str, levels: Sequence[Level], alternative: str) -> Markup:
    """Draw a horizontal bar from 0 to 100 percent for each level, with a mark at each quarter."""
    left = _label_width([level.name for level in levels])
    elements, track = [], WIDTH - left - _VALUE
    for index, level in enumerate(levels):
        top = index * _ROW + (_ROW - _BAR) // 2
        length = track * level.percent / 100
        quarters = "".join(f"M{left + track * quarter / 4:g} {top}v{_BAR}" for quarter in (1, 2, 3))
        elements += [
            _label(top + _BAR - 3, level.name, left),
            f'<rect class="done" x="{left}" y="{top}" width="{length:g}" height="{_BAR}"/><path class="grid" d="{quarters}"/>',
            f'<rect class="all" x="{left}" y="{top}" width="{track}" height="{_BAR}"/>',
            _text(WIDTH, top + _BAR - 3, f"{level.percent}％", "end", strong=True),
        ]
    return _frame(key, alternative, len(levels) * _ROW, elements)


def line(key: str, levels: Sequence[Level], alternative: str) -> Markup:
    """Draw percentages over fiscal years. A year without a row leaves its space, so that the slope does not mislead; every point is marked."""
    points = [(_x(level.year, levels), _y(level.percent)) for level in levels]
    elements = []
    for percent in (0, 50, 100):
        elements += [f'<path class="grid" d="M{_LEFT} {_y(percent):g}H{WIDTH}"/>', _text(_LEFT - 5, _y(percent) + 5, f"{percent}", "end")]
    elements.append(f'<polyline class="trend" points="{" ".join(f"{x:g},{y:g}" for x, y in points)}"/>')
    elements += [f'<circle class="point" cx="{x:g}" cy="{y:g}" r="4.5"/>' for x, y in points]
    for index in _labelled([x for x, _ in points]):
        (x, y), level = points[index], levels[index]
        elements += [
            _text(x, y - 10, f"{level.percent}％", "middle", strong=True),
            _text(x, _BASE + 22, f"{level.year}", "middle"),
        ]
    return _frame(key, alternative, _HEIGHT, elements)


def _labelled(positions: Sequence[float]) -> list[int]:
    """The indices of the points that get a label: the last one, and back from it each that has the space. The table has the other values."""
    labelled = [len(positions) - 1]
    for index in range(len(positions) - 2, -1, -1):
        if positions[labelled[0]] - positions[index] >= _LABEL_SPACING:
            labelled.insert(0, index)
    return labelled


def _x(year: int, levels: Sequence[Level]) -> float:
    """The position of a year: the first at the left, the last at the right, 24 units from the ends for half a label. A single year lies in the middle."""
    first, last = levels[0].year, levels[-1].year
    left, right = _LEFT + 24, WIDTH - 24
    return (left + right) / 2 if first == last else round(left + (right - left) * (year - first) / (last - first), 1)


def _y(percent: int) -> float:
    return round(_BASE - (_BASE - _TOP) * percent / 100, 1)


def states(key: str, counts: Sequence[tuple[str, Counter[str]]], alternative: str) -> Markup:
    """Draw a stacked bar for each pair of a name and its counts: filled, hatched, empty. The longest bar is the one with the most works."""
    longest = max(sum(count.values()) for _, count in counts)
    hatch = '<pattern id="h-{0}" width="6" height="6" patternUnits="userSpaceOnUse"><path class="hatch" d="M0 6 6 0M-1 1 1-1M5 7 7 5"/></pattern>'
    left = _label_width([name for name, _ in counts])
    elements, track = [hatch.format(key), *_legend(key)], WIDTH - left - _VALUE
    for row, (name, count) in enumerate(counts, 1):
        top, x = row * _ROW + (_ROW - _BAR) // 2, float(left)
        elements.append(_label(top + _BAR - 3, name, left))
        for state in STATES:
            length = (track * count[state] / longest) if longest else 0
            elements.append(_segment(key, state, (round(x, 1), top), round(length, 1)))
            x += length
        elements.append(_text(WIDTH, top + _BAR - 3, str(sum(count.values())), "end", strong=True))
    return _frame(key, alternative, (len(counts) + 1) * _ROW, elements)


def _segment(key: str, state: str, origin: tuple[float, float], length: float) -> str:
    """One state in a stacked bar, from its upper left corner ``origin``; no element for a length of 0."""
    if not length:
        return ""
    style = {"完成": 'class="done all"', "工事中": f'class="all" style="fill:url(#h-{key})"', "着手前": 'class="all"'}[state]
    return f'<rect {style} x="{origin[0]:g}" y="{origin[1]:g}" width="{length:g}" height="{_BAR}"/>'


def _legend(key: str) -> list[str]:
    elements = []
    for index, state in enumerate(STATES):
        x = _LABELS[0] + index * 82
        elements += [_segment(key, state, (x, 5), 18), _text(x + 23, 18, state)]
    return elements
