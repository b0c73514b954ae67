"""Dates, times, postal codes and telephone numbers stay on one line; nothing else of a document changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.typography.unbroken import keep_whole


@pytest.mark.parametrize(
    "words",
    [
        "2018年3月24日",
        "2018年3月24日（土曜日）",
        "3月24日（土）",
        "令和3年3月11日",
        "平成30年2月",
        "２０１８年３月２４日",
        "11時",
        "午後2時30分",
        "13:05",
        "〒980-8570",
        "0120-279-338",
        "022(000)0101",
        "24日",
    ],
)
def test_a_date_a_time_a_postal_code_and_a_telephone_number_are_kept_on_one_line(words: str) -> None:
    assert keep_whole(f"<body><p>前{words}、後</p>") == f'<body><p>前<span class="k" style="white-space:nowrap">{words}</span>、後</p>'


@pytest.mark.parametrize("words", ["3時間", "5日間", "第47号", "22,095戸", "1日目", "9か月", "10-20-30"])
def test_a_span_of_time_and_a_count_may_break(words: str) -> None:
    assert keep_whole(f"<body><p>{words}</p>") == f"<body><p>{words}</p>"


def test_a_break_between_phrases_inside_a_date_goes() -> None:
    assert (
        keep_whole('<body><h1>2018年<wbr>2月<wbr aria-hidden="true">28日<wbr>です</h1>')
        == '<body><h1><span class="k" style="white-space:nowrap">2018年2月28日</span><wbr>です</h1>'
    )


@pytest.mark.parametrize("part", ['<p title="3月1日">', "<!-- 3月1日 -->", "<pre>3月1日</pre>"])
def test_tags_comments_and_what_is_laid_out_already_stay(part: str) -> None:
    assert keep_whole(f"<title>3月1日</title><body>{part}") == f"<title>3月1日</title><body>{part}"


@given(st.lists(st.sampled_from([*"0123456789年月日時分:-〒（土） 前", "<wbr>", "<p>", "</p>"]), max_size=60).map("".join))
def test_no_word_is_lost_or_changed(words: str) -> None:
    html = f"<body>{words}"
    kept = keep_whole(html)
    assert re.sub("<[^>]*>", "", kept) == re.sub("<[^>]*>", "", html)
