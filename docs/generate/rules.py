"""The reference of the rules of ``todoke check``, from the rules themselves. Editors read it, so it is Japanese."""

from __future__ import annotations

from docs.generate.tables import table
from plugins.checks.rules.catalogue import RULES

LEVELS = {"error": "止まる", "warn": "注意", "off": "調べない"}


def rules_page() -> str:
    """Return Markdown: a table of all rules, then each with its reason, its source and an example."""
    rows = ((rule.code, rule.ja, LEVELS[rule.level], "○" if rule.fixes else "") for rule in RULES.values())
    sections = [table(("番号", "調べること", "扱い", "`--fix`"), rows)]
    for rule in RULES.values():
        examples = f"よくない例：\n\n```text\n{rule.bad}\n```\n\nよい例：\n\n```text\n{rule.good}\n```\n"
        sections.append(f"## {rule.code} {rule.ja}\n\n{rule.why_ja}\n\n{rule.en}: {rule.why_en}\n\nもと：{rule.source}\n\n{examples}")
    return "\n".join(sections)
