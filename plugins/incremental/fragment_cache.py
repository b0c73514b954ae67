"""Fragments that many pages share (navigation, foot, a row of a list): rendered once, and put into each page with the reads that were made for them.

``{{ fragment("fragments/row.html", document=document) }}`` gives what an ``include`` would give. But the template sees only its arguments and the names
that all pages share, so the same arguments give the same fragment on every page. A page that shows a fragment depends on all that the fragment read.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Protocol

from jinja2 import Environment, Template
from markupsafe import Markup

from plugins.clock import ALWAYS, TrackedClock, ValidityInterval
from plugins.incremental.dependency_recorder import DependencyRecorder, Read
from plugins.incremental.template_call import render

FRAGMENT = "fragment"
"""The name of the function in templates."""


@dataclass(frozen=True)
class Fragment:
    """The rendered text, with its reads, the interval in which it holds, and the files that were written with it.

    ``arguments`` are kept alive: the cache tells them apart by identity, and Python gives the identity of a dead object to a new one.
    """

    text: Markup
    reads: Mapping[Read, str]
    validity: ValidityInterval
    side_files: tuple[str, ...]
    arguments: tuple[Any, ...]


class FragmentContext(Protocol):
    """The part of a `RenderPlan` that fragments need. ``side_files`` were written with the current page so far."""

    recorder: DependencyRecorder
    clock: TrackedClock
    side_files: list[str]


class FragmentCache:
    """The fragments of one environment. ``shared`` are the variables of all pages. Without a ``plan`` nothing is kept."""

    def __init__(self, environment: Environment, shared: dict[str, Any], plan: FragmentContext | None) -> None:
        self._environment, self._shared, self.plan = environment, shared, plan
        self._fragments: dict[tuple[Any, ...], Fragment] = {}
        self._templates: dict[str, Template] = {}

    def __call__(self, name: str, /, **arguments: Any) -> Markup:
        """Return what the template ``name`` makes of ``arguments``. While no page is recorded, as in the preview's rerender, nothing is taken from the cache."""
        plan = self.plan
        if plan is None or plan.recorder.reads is None:
            return self._render(name, arguments)
        key = (name, *arguments, *[value if type(value) is str else id(value) for value in arguments.values()])
        fragment = self._fragments.get(key)
        if fragment is None:
            fragment = self._fragments[key] = self._make(name, arguments, plan)
        plan.recorder.add_reads(fragment.reads)
        plan.clock.narrow(fragment.validity)
        plan.side_files += fragment.side_files
        return fragment.text

    def forget(self, reads: Set[Read]) -> None:
        """Drop the fragments that were made from one of ``reads``: what these gave is another value now."""
        for key in [key for key, fragment in self._fragments.items() if not reads.isdisjoint(fragment.reads)]:
            del self._fragments[key]

    def go_on(self, shared: dict[str, Any], plan: FragmentContext, changed: Set[Read]) -> None:
        """Serve another build, in which the reads ``changed`` have other values.

        What spoke of a moment is dropped too, what wrote files, and what was made of anything but documents: each build groups these anew.
        """
        self._shared, self.plan = shared, plan
        self.forget(changed)
        self._fragments = {key: each for key, each in self._fragments.items() if _goes_on(each)}

    def _make(self, name: str, arguments: dict[str, Any], plan: FragmentContext) -> Fragment:
        outer, plan.side_files = plan.side_files, []
        try:
            with plan.recorder.separate_reads(self._shared) as reads, plan.clock.separate_interval() as interval:
                text = self._render(name, arguments)
                validity = interval()
            # `TrackedClock.narrow` skips `ALWAYS` by identity: an equal interval would be intersected for every page.
            return Fragment(text, reads, ALWAYS if validity == ALWAYS else validity, tuple(plan.side_files), tuple(arguments.values()))
        finally:
            plan.side_files = outer

    def _render(self, name: str, arguments: dict[str, Any]) -> Markup:
        if name not in self._templates:
            self._templates[name] = self._environment.get_template(name)
        return Markup(render(self._templates[name], self._shared, arguments))  # noqa: S704 - the template has escaped its values


_PLAIN = frozenset({str, bool, int, type(None)})
"""Types of arguments that say how a fragment shows something: of no build in particular."""


def _goes_on(fragment: Fragment) -> bool:
    lasting = all(type(argument) in _PLAIN or getattr(argument, "tracking_leaf", False) for argument in fragment.arguments)
    return lasting and fragment.validity is ALWAYS and not fragment.side_files
