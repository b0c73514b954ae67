"""Rules on notices and on やさしい日本語 warn, and never hold a notice up."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from plugins.builder.checkout.source_check import check_sources
from plugins.checks.inspection import apply_rules
from plugins.checks.levels import Levels
from plugins.checks.rules.catalogue import RULES
from plugins.checks.rules.manuscript import manuscript
from plugins.checks.rules.school_kanji import GRADES
from tests.plugins.frontmatter.model.test_notices import record
from tests.samples.tiny import NOW, TinySite

LEVELS: Levels = {code: "error" if rule.code > "T5" else "off" for code, rule in RULES.items()}


def broken(easy: str) -> list[str]:
    text = f"---\ntitle: 題\nlevel: 4\neasy:\n{easy}---\n本文です。\n"
    return [f"{found.rule}:{found.line}" for found in apply_rules(manuscript(PurePosixPath("content/notices/a.md"), text), LEVELS)]


@pytest.mark.parametrize(
    ("easy", "expected"),
    [
        ("  title: 避難（ひなん）して ください\n", []),
        ("  title: 避難して ください\n", ["T506:5", "T507:5"]),
        ("  action:\n    - 高い ところへ 行ってください。\n    - 水を 持つこと\n", ["T505:7", "T507:7"]),
        ("  action: 行かないで\n", []),
        ('  what: "あ、い、う、え。"\n', ["T504:5"]),
        (f"  what: {'あ' * 41}。あ。\n", ["T503:5"]),
        ("  areas: ライフラインと インターネット\n", ["T508:5"]),
        ("  what: トイレは 外です。バスは 来ません。\n", []),
        ("  title: 【訓練】です（見本）\n", []),
    ],
)
def test_what_people_who_learn_japanese_do_not_understand_is_told_with_its_line(easy: str, expected: list[str]) -> None:
    assert broken(easy) == expected


def test_the_rules_warn_only_even_where_they_are_errors(tiny: TinySite) -> None:
    tiny.write(
        "notices/2021/a.md",
        record(title="石巻市の牡鹿地区と女川町のがけや沢に近いところの皆さまへ避難指示", what="土砂災害警戒情報が出ました"),
    )
    toml = tiny.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8") + '[checks]\nT501 = "error"\nT502 = "error"\n', "utf-8")
    report = check_sources(tiny.content, toml, NOW)
    assert list(report.errors) == [] and [each.rule for each in report.warnings] == ["T501", "T502"]


def test_the_lists_of_the_school_have_the_numbers_of_the_ministry() -> None:
    assert {grade: len(kanji) for grade, kanji in GRADES.items()} == {2: 240, 3: 440}
