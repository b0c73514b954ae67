"""Every code that the code gives a diagnostic is described, and every description belongs to a code in use."""

from __future__ import annotations

import re
from pathlib import Path

from plugins.builder.rules import read_descriptions

TABLES = ("rules.py", "descriptions.py")
CODE = re.compile(r'"([A-Z][1-9]\d\d)"')


def codes_in_use() -> set[str]:
    """Collect the codes outside the tables of descriptions; a description in another file names its code once more than it is used."""
    files = [path for path in Path("plugins").rglob("*.py") if path.name not in TABLES or path.parent.name == "builder"]
    return {code for path in files for code in CODE.findall(path.read_text(encoding="utf-8"))}


def test_every_code_is_described_and_every_description_is_used() -> None:
    assert codes_in_use() == set(read_descriptions())


def test_a_description_says_name_and_reason_in_both_languages() -> None:
    for code, rule in read_descriptions().items():
        assert re.fullmatch(r"[A-Z][1-9]\d\d", code)
        for text in (rule.ja, rule.en, rule.why_ja, rule.why_en):
            assert text.strip() == text and text, code
        assert re.search("[\u3041-\u9fff]", rule.ja + rule.why_ja) and re.search("[a-z]", rule.why_en), code
