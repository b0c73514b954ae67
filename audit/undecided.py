"""What axe-core could not decide, settled by checks of our own: contrast by pixels (`audit.contrast`), the size of targets by their boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from playwright.sync_api import Page

from audit.contrast import contrast_problems

_LEAST = 24
"""CSS pixels that a target has in both directions at least (WCAG 2.2, 2.5.8)."""

_SIZES = """selectors => selectors.map(selector => {
  const box = document.querySelector(selector)?.getBoundingClientRect();
  return [box?.width || 0, box?.height || 0];
})"""
# What style sheets ask of an element: its own markup, and tags, classes and styles of all around it, in this scheme and width.
_LOOKS = """selectors => selectors.map(selector => {
  const e = document.querySelector(selector), parts = [matchMedia('(prefers-color-scheme: dark)').matches, innerWidth, e && e.outerHTML];
  for (let at = e && e.parentElement; at; at = at.parentElement) parts.push(at.tagName, at.getAttribute('class'), at.getAttribute('style'));
  return JSON.stringify(parts);
})"""


@dataclass(frozen=True)
class Undecided:
    """An element on which axe could not decide. ``kind`` is axe's own word for the reason, ``target`` a CSS selector."""

    rule: str
    kind: str
    target: str


def settle(page: Page, undecided: Sequence[Undecided], known: set[str]) -> Iterator[tuple[Undecided, str]]:
    """Yield each element of the open page that has a problem, or that no check settles, and why.

    ``known`` are looks that were measured before and are enough; new ones are added. The same mark in the same place of many pages is measured once.
    """
    yield from ((element, "no check settles this rule") for element in undecided if element.rule not in _CHECKS)
    looks = page.evaluate(_LOOKS, [element.target for element in undecided])
    for rule, check in _CHECKS.items():
        new = [
            (element, look)
            for element, look in zip(undecided, looks, strict=True)
            if element.rule == rule and f"{rule} {look}" not in known
        ]
        problems = check(page, [element.target for element, _ in new]) if new else []
        for (element, look), problem in zip(new, problems, strict=True):
            if problem:
                yield element, problem
            else:
                known.add(f"{rule} {look}")


def _size_problems(page: Page, selectors: Sequence[str]) -> list[str]:
    """Return for each target why it is too small; an empty text if it is not. axe gives up on the size of a target whose text flows over its box."""
    sizes = page.evaluate(_SIZES, list(selectors))
    return ["" if min(size) >= _LEAST else f"target of {size[0]:.0f} × {size[1]:.0f} pixels" for size in sizes]


_CHECKS: dict[str, Callable[[Page, Sequence[str]], list[str]]] = {"color-contrast": contrast_problems, "target-size": _size_problems}
"""By the rule of axe."""
