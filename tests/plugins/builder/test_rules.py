"""Every code that the code gives a diagnostic is described, and every description belongs to a code in use."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plugins.builder.options import BuildFailed
from plugins.builder.rules import failure_diagnostics, read_descriptions

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


@pytest.mark.parametrize(
    ("said", "file"),
    [
        ("/mail/press/45/: 本文が61.0kBあります / the article: 61.0 kB", "output/site/mail/press/45/index.html"),
        ("/: 絵も合わせたページが201.0kBあります / the portal: 201.0 kB", "output/site/index.html"),
        ("/theme/: スタイルシートが31.0kBあります / the stylesheets: 31.0 kB", "output/site/theme"),
        ("Pelican reported: no such template", "output"),
    ],
)
def test_a_build_that_fails_over_a_page_names_its_file(said: str, file: str) -> None:
    (diagnostic,) = failure_diagnostics(BuildFailed(said), Path("output"))
    assert str(diagnostic.path) == file
    assert file == "output" or not diagnostic.ja.startswith("/")
