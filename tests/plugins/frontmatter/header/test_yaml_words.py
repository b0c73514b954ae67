"""Front matter that is no YAML is told in words of our own, with the line that is wrong and what to write; the parser's words reach nobody."""

from __future__ import annotations

import re

import pytest

from plugins.frontmatter.header.yaml_block import FrontMatterError, parse_yaml

_TERMS = re.compile(r"mapping|scalar|token|block|flow|node|anchor(?!s and)|expected|indentation|document start|directive", re.IGNORECASE)
"""Words of libyaml."""


@pytest.mark.parametrize(
    ("text", "line", "ja"),
    [
        ("title：題", 1, "「title: 題」のように"),
        ("date: 2020-01-02\ntitle： 題", 2, "「title: 題」のように"),
        ("title:　題", 1, "「:」のあとの空白が全角です"),
        ("title:題", 1, "「title: 題」と書いてください"),
        ("title: 日時: 10時", 1, "title: '日時: 10時' と"),
        ('title: "県" の話', 1, "title: '\"県\" の話' と"),
        ("title: [重要] お知らせ", 1, "title: '[重要] お知らせ' と"),
        ("title: 'あ\ndate: 2020-01-02", 1, "title: 'あ' と"),
        ("title: 'it's'", 1, "title: 'it''s' と"),
        ("title: @県", 1, "title: '@県' と"),
        ("title: %増", 1, "title: '%増' と"),
        ("title: !重要", 1, "title: '!重要' と"),
        ("title: - あ", 1, "title: '- あ' と"),
        ('title: "C:\\build"', 1, "一重の引用符"),
        ('title: "C:\\windows"', 1, "title: 'C:\\windows' と"),
        ("title: 題\n\tdate: 2020-01-02", 2, "タブがあります"),
        ("title: 題\n次の行です\ndate: 2020-01-02", 2, "項目の名前がありません"),
        ("title: [あ, い\ndate: 2020-01-02", 1, "並びなら終わりまで"),
        ("title: 題\ntitle: 題", 2, "二度書かれています"),
        ("title: &a", 1, "「&」か「*」"),
        ("title: 題\n---\nb: c", 2, "別の文書"),
        ("- a\n- b", 1, "「項目: 内容」の形"),
    ],
)
def test_the_line_and_what_to_write_are_told(text: str, line: int, ja: str) -> None:
    with pytest.raises(FrontMatterError) as refused:
        parse_yaml(text)
    assert (refused.value.line, ja in refused.value.ja) == (line, True), refused.value.ja
    assert not _TERMS.search(refused.value.ja)


@pytest.mark.parametrize("title", ["県道：石巻", "「県」の話", "石巻　女川", "#1 の話", "10時：開場", "[県]（注）", "県 ＃1", "A&B", "あ: い".replace(": ", "："), "'県' の話"])  # fmt: skip
def test_a_title_is_taken_as_it_is_written_or_told(title: str) -> None:
    try:
        fields, _ = parse_yaml(f"title: {title}")
    except FrontMatterError as error:
        assert error.line == 1
    else:
        assert fields["title"] == title or title.startswith("#")
