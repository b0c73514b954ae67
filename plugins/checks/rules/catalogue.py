"""Every rule on sources, by its code, and its explanation for editors (`todoke check --explain T101`)."""

from __future__ import annotations

from plugins.checks.rules import announced, characters, dates, images, links, markdown, notices, pasted, structure
from plugins.checks.rules.rule import Level, Rule
from plugins.diagnostics import RuleDescription

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in sorted(
        (
            *(*characters.RULES, *dates.RULES, *structure.RULES, *images.RULES, *links.RULES),
            *(*markdown.RULES, *pasted.RULES, *notices.RULES, *announced.RULES),
        ),
        key=lambda rule: rule.code,
    )
}

_LEVELS: dict[Level, str] = {"off": "調べません off", "warn": "注意 warning", "error": "エラー error"}


def describe(rule: Rule) -> RuleDescription:
    """Return what SARIF says of the rule."""
    return RuleDescription(rule.code, rule.ja, rule.en, rule.why_ja, rule.why_en, rule.source, rule.bad, rule.good)


def explain(description: RuleDescription) -> str:
    """Return name, reason, source and examples of a rule that cannot be switched off, for the terminal."""
    rows = [
        f"{description.code}  {description.ja} / {description.en}",
        f"わけ Reason: {description.why_ja} / {description.why_en}",
    ]
    rows += [f"もと Source: {description.source}"] if description.source else []
    rows += [f"よくない例 Bad:\n{_indented(description.bad)}"] if description.bad else []
    rows += [f"よい例 Good:\n{_indented(description.good)}"] if description.good else []
    return "\n".join(rows)


def explain_check(rule: Rule, level: Level) -> str:
    """Return what `explain` does, with the level of the rule and with what --fix does."""
    repair = "todoke check --fix で直せます can be repaired" if rule.fixes else "人が直します repaired by hand"
    name, *rows = explain(describe(rule)).split("\n")
    return "\n".join((name, f"いまの扱い Level: {_LEVELS[level]}（publications.toml [checks]）", f"直し方 Repair: {repair}", *rows))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
