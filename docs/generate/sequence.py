"""Sequence diagrams as SVG, from a text with one message a line.

Graphviz draws graphs, not sequences; Mermaid would need Node.js and a browser for one picture. The text format is explained in
``docs/diagrams/delivery.seq``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

COLUMN, ROW, TOP, MARGIN = 190, 34, 56, 95
_MESSAGE = re.compile(r"(?P<source>[^:>]+?)\s*->\s*(?P<target>[^:]+):\s*(?P<text>.+)")
_STYLE = "text{font:13px 'Noto Sans CJK JP',sans-serif;fill:#1b2430}.actor{font-weight:700}.part{fill:#55606e;font-size:12px}"


def sequence_svg(source: str, title: str) -> str:
    """Return the diagram. ``title`` is its name for those who do not see it.

    Raises ValueError for a line that names an actor who is not in the line ``actors:``.
    """
    lines = [line for line in source.splitlines() if line.strip() and not line.startswith("#")]
    actors = [name.strip() for name in lines[0].removeprefix("actors:").split(",")]
    places = {name: MARGIN + number * COLUMN for number, name in enumerate(actors)}
    width, height = 2 * MARGIN + (len(actors) - 1) * COLUMN, TOP + ROW * len(lines)
    body = "".join((*_lifelines(places, height), *_rows(lines[1:], places, width)))
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    marker = '<marker id="tip" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto"><path d="M0 0 9 4 0 8Z" fill="#55606e"/></marker>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'{head}<defs>{marker}</defs><rect width="{width}" height="{height}" fill="#fff"/>{body}</svg>\n'


def _lifelines(places: dict[str, int], height: int) -> Iterator[str]:
    for name, x in places.items():
        yield f'<path d="M{x} 38V{height - 12}" stroke="#b6bec9" stroke-dasharray="4 4"/>'
        yield f'<rect x="{x - 62}" y="10" width="124" height="28" rx="6" fill="#dceefb" stroke="#55606e"/>{_text(x, 29, name, "middle", "actor")}'


def _rows(lines: Sequence[str], places: dict[str, int], width: int) -> Iterator[str]:
    for number, line in enumerate(lines):
        y = TOP + ROW * number + 22
        if line.startswith("-- "):
            yield f'<path d="M12 {y - 5}H{width - 12}" stroke="#e0e4ea"/><rect x="10" y="{y - 15}" width="70" height="20" fill="#fff"/>'
            yield _text(14, y, line[3:], "start", "part")
        elif match := _MESSAGE.fullmatch(line):
            yield from _arrow(_place(match["source"], places), _place(match["target"], places), y, match["text"])
        else:
            actor, _, text = line.partition(":")
            yield from _step(_place(actor, places), y, text.strip())


def _arrow(start: int, end: int, y: int, text: str) -> Iterator[str]:
    yield f'<path d="M{start} {y}H{end}" stroke="#55606e" stroke-width="1.4" marker-end="url(#tip)"/>'
    yield _text((start + end) / 2, y - 6, text, "middle")


def _step(x: int, y: int, text: str) -> Iterator[str]:
    yield f'<circle cx="{x}" cy="{y - 5}" r="4" fill="#55606e"/>'
    yield _text(x + 10, y, text, "start")


def _place(actor: str, places: dict[str, int]) -> int:
    if actor.strip() not in places:
        raise ValueError(f"no actor {actor.strip()!r}: use one of {', '.join(places)}")
    return places[actor.strip()]


def _text(x: float, y: float, text: str, anchor: str, css: str = "") -> str:
    halo = ' paint-order="stroke" stroke="#fff" stroke-width="4"' if css != "actor" else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="{css}"{halo}>{escape(text)}</text>'
