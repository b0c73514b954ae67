"""What the gate asks of an issue's parts. One module, one subject; each yields a `GateDiagnostic` for everything that must be mended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GateDiagnostic:
    """One thing that must not go out. ``words`` is what to look for in the issue's Markdown; ``ja`` and ``en`` say what to write instead."""

    words: str
    ja: str
    en: str
