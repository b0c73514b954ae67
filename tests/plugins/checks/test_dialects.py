"""Marks of other programs are told with what to write, wherever readers would see them; what only looks like one is not."""

from __future__ import annotations

import lxml.html
import pytest

from plugins.checks.dialects import DIALECTS, dialect_of, find_foreign
from plugins.checks.raw_marks import find_raw_marks
from plugins.frontmatter.parse.markdown import parse_markdown

FOREIGN = (
    "> [!NOTE]\n> 受付は10時です。",
    ":::note warn\n渡れません。\n:::",
    "[TOC]",
    "[[toc]]",
    "人口^[国勢調査]です。",
    "*[HTML]: 説明",
    "## 見出し {#midashi}",
    "文です{.red}。",
    "[県の計画](https://a.example.jp/){target=_blank}",
    "面積は $x^2$ です。",
    "$$\nE = mc^2\n$$",
    "開きます :tada:",
    "ここは==大切==です。",
    "ここは++大切++です。",
    "ここは__大切__です。",
    "ここは_大切_です。",
    "ここは'''大切'''です。",
    "== 見出し ==",
    '{| class="wikitable"\n! 区分\n|-\n| a',
    "[[宮城県]]です。",
    "｜閖上《ゆりあげ》の港",
    "閖上《ゆりあげ》の港",
    "{閖上|ゆりあげ}の港",
    "{{ 名前 }}さん",
    "{% if a %}文です。",
    "${名前}さん",
    "{日付 2021-03-11}に開きます。",
    "::記事 ../2020/a.md",
    "くわしくは::記事 a.md です。",
    "｀｀｀\ncode\n｀｀｀",
    "'''\ncode\n'''",
    "┌──┬──┐\n│区分│円│\n└──┴──┘",
    "+-----+----+\n円は500です。",
)
PLAIN = (
    "10:00:30に、A::Bと、注意:水と、http://a.example.jp:8080/ です。",
    "500円$は、100$です。C++とD++、a == b、5 + 5 ++ です。",
    "【重要】［注］《注意》「題」〔見本〕と（a）と {a} です。",
    "snake_case__name と __init__.py です。",
    "`{{ a }}` と `:tada:` と `==a==` です。",
    "```\n:::note\n[TOC]\n```",
    "====\n\n文です。\n\n----",
    "3^[2] ではなく、[^1]です。\n\n[^1]: 注です。".replace("3^[2] ではなく、", ""),
    "it's the mayor's '' and A's.",
)


@pytest.mark.parametrize("text", FOREIGN)
def test_a_mark_of_another_program_is_seen_with_what_to_write(text: str) -> None:
    marks = [raw for raw in find_raw_marks(parse_markdown(text).root) if raw.advice]
    assert marks and all(ja.endswith(("ください", "書きます")) and en for ja, en in (raw.advice for raw in marks if raw.advice))


@pytest.mark.parametrize("text", PLAIN)
def test_what_only_looks_like_one_is_left_alone(text: str) -> None:
    assert [raw.mark for raw in find_raw_marks(parse_markdown(text).root) if raw.advice] == []


def test_every_row_of_the_table_is_tried() -> None:
    shown = [lxml.html.tostring(parse_markdown(text).root, encoding="unicode", method="text") for text in FOREIGN]
    assert {dialect_of(match) for text in shown for match in find_foreign(text)} == set(DIALECTS)
