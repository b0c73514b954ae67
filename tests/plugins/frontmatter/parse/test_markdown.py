"""Markdown: the short cuts for plain Japanese text give the same HTML as Python-Markdown without them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown import Markdown

from plugins.frontmatter.parse.markdown import PlainTextExtension, forbidden_elements, parse_markdown

_EXTENSIONS = ["tables", "footnotes", "sane_lists", "def_list"]
_FRAGMENTS = ["本文", "駅", "**", "*", "_", "`", "[", "]", "(a.md)", "!", "<", "b>", "&", "amp;", "\\", "  \n", "\n", "\n\n", "## ", "# ", "#", "- ", "1. ", "| ", "|---|", "[^1]", ": ", " ", "://", "@"]  # fmt: skip


@given(st.lists(st.sampled_from(_FRAGMENTS), max_size=40).map("".join))
def test_the_short_cuts_change_nothing_in_the_html(text: str) -> None:
    expected = Markdown(extensions=_EXTENSIONS, output_format="html").convert(text)
    assert Markdown(extensions=[*_EXTENSIONS, PlainTextExtension()], output_format="html").convert(text) == expected


def test_line_ends_of_a_paragraph_are_kept_where_the_site_asks_for_it() -> None:
    text = "日時は3月21日、\n会場は石巻市です。\n\n- 水と\n  毛布"
    assert parse_markdown(text).html.startswith("<p>日時は3月21日、会場は石巻市です。</p>")
    kept = parse_markdown(text, breaks=True).html
    assert kept.startswith("<p>日時は3月21日、<br>") and "<li>水と<br>毛布</li>" in kept


def test_the_side_of_a_column_is_a_class_and_a_box_of_a_list_a_sign_with_a_name() -> None:
    html = parse_markdown("|a|b|c|\n|--:|:-:|:--|\n|1|2|3|\n\n- [ ] 水\n- [x] 毛布").html
    assert '<td class="right">1</td>' in html and '<td class="center">2</td>' in html and "<td>3</td>" in html
    assert '<span class="task" role="img" aria-label="まだ">☐</span> 水' in html and 'aria-label="済み">☑</span> 毛布' in html
    assert forbidden_elements(parse_markdown(html)) == []


def test_the_first_paragraph_as_a_summary_leaves_out_what_is_struck_out() -> None:
    assert parse_markdown("締め切りは~~3月10日~~20日です。").lead == "締め切りは20日です。"


def test_two_tables_under_one_heading_have_names_of_their_own() -> None:
    body = "## 窓口\n\n| あ |\n|---|\n| 1 |\n\n次です。\n\n| い |\n|---|\n| 2 |\n\n## 電話\n\n| う |\n|---|\n| 3 |\n"
    names = [box.get("aria-label") for box in parse_markdown(body).root.iter("div") if box.get("role") == "region"]
    assert names == ["表：窓口", "表：窓口（2）", "表：電話"]


@pytest.mark.parametrize(
    ("rows", "headers"),
    [
        ("| 道路 | 3 |\n| 橋 | 4 |", ["道路", "橋"]),
        ("| 2019年 | 3 |\n| 2020年 | 4 |", ["2019年", "2020年"]),
        ("| 1 | 道路 |\n| 2 | 橋 |", []),
        ("| 道路 | 3 |\n| 道路 | 4 |", []),
        ("| 道路 | 3 |\n| | 4 |", []),
    ],
)
def test_first_cells_that_name_their_rows_are_headers_of_the_rows(rows: str, headers: list[str]) -> None:
    html = parse_markdown(f"| 名前 | 数 |\n|---|---|\n{rows}\n").html
    assert re.findall(r'<th scope="row">([^<]*)</th>', html) == headers
