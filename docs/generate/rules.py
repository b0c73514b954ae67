"""The reference of the rules and of all other codes, from the rules themselves. Editors read it, so it is Japanese."""

from __future__ import annotations

from docs.generate.tables import example, literal, table
from plugins.builder.rules import read_descriptions
from plugins.checks.rules.catalogue import RULES

LEVELS = {"error": "止まる", "warn": "注意", "off": "調べない"}


def rules_page() -> str:
    """Return Markdown: a table of the rules on sources, each with its reason, its source and an example; then a table of all other codes."""
    rows = ((rule.code, literal(rule.ja), LEVELS[rule.level], "○" if rule.fixes else "") for rule in RULES.values())
    sections = [table(("番号", "調べること", "扱い", "`--fix`"), rows)]
    for rule in RULES.values():
        examples = f"よくない例：\n\n{example(rule.bad)}\n\nよい例：\n\n{example(rule.good)}\n"
        reasons = f"{literal(rule.why_ja)}\n\n{literal(f'{rule.en}: {rule.why_en}')}\n\nもと：{literal(rule.source)}"
        sections.append(f"## {rule.code} {literal(rule.ja)}\n\n{reasons}\n\n{examples}")
    sections.append(f"## ほかの番号\n\nどれも止まります（E2、D302、D303は知らせるだけです）。扱いは変えられません。\n\n{_other_codes()}")
    return "\n".join(sections)


def _other_codes() -> str:
    others = (rule for code, rule in read_descriptions().items() if code not in RULES)
    return table(("番号", "直すところ", "わけ"), ((rule.code, literal(rule.ja), literal(rule.why_ja)) for rule in others))
