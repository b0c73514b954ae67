"""Pieces that many pages share (navigation, foot, a row of a list): rendered once, and put into each page with the reads that were made for them.

``{{ piece("pieces/row.html", document=document) }}`` gives what an ``include`` would, but the template sees only what is handed over and the names that
all pages share. So the same values give the same piece, whichever page asks. A page that shows a piece depends on all that the piece read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jinja2 import Environment, Template
from markupsafe import Markup

from plugins.clock import ALWAYS, TrackedClock, ValidityInterval
from plugins.incremental.dependency_recorder import DependencyRecorder, Read

PIECE = "piece"
"""The name under which templates call it."""


@dataclass(frozen=True)
class Fragment:
    """What was rendered; what was read for it, the moments for which it holds, the files that were written with it.

    ``values`` were handed over: they are told apart by identity, and must live as long as this.
    """

    text: Markup
    reads: Mapping[Read, str]
    bounds: ValidityInterval
    also: tuple[str, ...]
    values: tuple[Any, ...]


class FragmentContext(Protocol):
    """The build for which pages are rendered: who records, the moment, and the files that were written with the page so far."""

    recorder: DependencyRecorder
    present: TrackedClock
    also: list[str]


class FragmentCache:
    """The pieces of one environment. ``shared`` are the names that all pages share; without a ``build`` nothing is kept."""

    def __init__(self, environment: Environment, shared: dict[str, Any], build: FragmentContext | None) -> None:
        self._environment, self._shared, self._build = environment, shared, build
        self._kept: dict[tuple[Any, ...], Fragment] = {}
        self._templates: dict[str, Template] = {}

    def __call__(self, name: str, /, **values: Any) -> Markup:
        """Return the piece that the template ``name`` makes of ``values``. When no page is recorded, it is made anew each time."""
        build = self._build
        if build is None or build.recorder.reads is None:
            return self._render(name, values)
        key = (name, *values, *[value if type(value) is str else id(value) for value in values.values()])
        piece = self._kept.get(key)
        if piece is None:
            piece = self._kept[key] = self._make(name, values, build)
        build.recorder.join(piece.reads)
        build.present.narrow(piece.bounds)
        build.also += piece.also
        return piece.text

    def _make(self, name: str, values: dict[str, Any], build: FragmentContext) -> Fragment:
        before, build.also = build.also, []
        try:
            with build.recorder.apart(self._shared) as reads, build.present.separate_interval() as asked:
                text = self._render(name, values)
                bounds = asked()
            return Fragment(text, reads, ALWAYS if bounds == ALWAYS else bounds, tuple(build.also), tuple(values.values()))
        finally:
            build.also = before

    def _render(self, name: str, values: dict[str, Any]) -> Markup:
        if name not in self._templates:
            self._templates[name] = self._environment.get_template(name)
        return Markup(self._templates[name].render({**self._shared, **values}))  # noqa: S704 - made by a template that escapes
