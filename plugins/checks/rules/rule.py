"""The types of a rule and of its hits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from plugins.checks.rules.manuscript import Manuscript

Level = Literal["off", "warn", "error"]


@dataclass(frozen=True)
class Hit:
    """One place where a rule is broken: offsets into the manuscript, what is wrong and what to write, in both languages.

    ``replacement`` is the text to put in the place of ``start:end`` where that cannot change the meaning; None where a person decides.
    """

    start: int
    end: int
    ja: str
    en: str
    replacement: str | None = None


@dataclass(frozen=True)
class Rule:
    """One rule. To add one, write a `Rule` in the module of its subject; `tests/plugins/checks/rules/test_rules.py` runs it on its ``bad`` and ``good``.

    ``level`` holds unless ``publications.toml`` says otherwise. ``ja`` and ``en`` name the rule, ``why_ja`` and ``why_en`` give the reason.
    ``source`` cites the standard. If ``fixes`` is true, `todoke check --fix` can repair it, and the repair turns ``bad`` into ``good``.
    """

    code: str
    level: Level
    ja: str
    en: str
    why_ja: str
    why_en: str
    source: str
    bad: str
    good: str
    find: Callable[[Manuscript], Iterable[Hit]]
    fixes: bool = False
