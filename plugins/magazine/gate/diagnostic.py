"""How a check of the gate reports: it names words of the issue, and gets a `Diagnostic` at the line that holds them."""

from __future__ import annotations

from typing import Protocol

from plugins.diagnostics import Diagnostic


class Report(Protocol):
    """Makes the diagnostics of one issue.

    ``words`` are looked for in the issue's Markdown, since the parts of a mail have no line numbers that an editor knows; empty words mean the
    first line of the body. ``rule`` is a code of `plugins.magazine.gate.rules`.
    """

    def __call__(self, words: str, ja: str, en: str, rule: str) -> Diagnostic:
        """Return the diagnostic, at its line."""
        ...
