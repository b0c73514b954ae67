"""Which rule is off, warns, or stops the build: the table ``[checks]`` of ``publications.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import get_args

from plugins.checks.rules.catalogue import RULES
from plugins.checks.rules.rule import Level
from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.toml_file import read_toml

Levels = Mapping[str, Level]
"""The level of every rule, by code."""


def read_levels(toml: Path) -> Levels:
    """Return each rule's own level, or what ``[checks]`` says instead. Raises `ContentErrors` for an unknown code or level."""
    table = read_toml(toml).get("checks", {})
    if not isinstance(table, dict):
        ja, en = "[checks] は「規則 = 扱い」の表です", "[checks] is a table of rules and levels"
        raise ContentErrors([Diagnostic(PurePosixPath(toml.name), 1, ja, en, "R104")])
    text = toml.read_text(encoding="utf-8-sig")
    if diagnostics := [diagnostic for code, level in table.items() if (diagnostic := _diagnostic(toml.name, text, code, level))]:
        raise ContentErrors(diagnostics)
    return {code: table.get(code, rule.level) for code, rule in RULES.items()}


def _diagnostic(name: str, text: str, code: str, level: object) -> Diagnostic | None:
    line = next((number for number, row in enumerate(text.split("\n"), 1) if row.replace('"', "").lstrip().startswith(code)), 1)
    if code not in RULES:
        near = get_close_matches(code, RULES, n=1) or ["T101"]
        return Diagnostic(
            PurePosixPath(name),
            line,
            f"[checks] 「{code}」という規則はありません。「{near[0]}」ではありませんか",
            f"[checks] no rule {code!r}: did you mean {near[0]!r}?",
            "R104",
        )
    if not isinstance(level, str) or level not in get_args(Level):
        return Diagnostic(
            PurePosixPath(name),
            line,
            f'[checks] {code} に書けるのは "off"、"warn"、"error" です（{level!r} ではなく）',
            f'[checks] {code} is "off", "warn" or "error", not {level!r}',
            "R104",
        )
    return None
