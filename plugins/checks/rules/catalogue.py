"""Every rule on sources, by its code, and what an editor reads about one (`todoke check --explain T101`)."""

from __future__ import annotations

from plugins.checks.rules import characters, dates, images, links, structure
from plugins.checks.rules.rule import Level, Rule

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in sorted(
        (*characters.RULES, *dates.RULES, *structure.RULES, *images.RULES, *links.RULES),
        key=lambda rule: rule.code,
    )
}

WORDS: dict[Level, str] = {"off": "調べません off", "warn": "注意 warning", "error": "エラー error"}


def explanation(rule: Rule, level: Level) -> str:
    """Return the rule with its reason, an example of both, and what --fix does, for the terminal."""
    repair = "todoke check --fix で直せます can be repaired" if rule.fixes else "人が直します mended by hand"
    rows = (
        f"{rule.code}  {rule.ja} / {rule.en}",
        f"いまの扱い Level: {WORDS[level]}（publications.toml [checks]）",
        f"わけ Reason: {rule.why_ja} / {rule.why_en}",
        f"もと Source: {rule.source}",
        f"直し方 Repair: {repair}",
        f"よくない例 Bad:\n{_indented(rule.bad)}",
        f"よい例 Good:\n{_indented(rule.good)}",
    )
    return "\n".join(rows)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
