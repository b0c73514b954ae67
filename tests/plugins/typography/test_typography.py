"""Dates, numbers and line breaks as Japanese readers expect them."""

from __future__ import annotations

import datetime as dt
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.frontmatter.model.registry import read_registry
from plugins.typography.dates import era_year, japanese_date, japanese_day, japanese_time, number, since, time_element
from plugins.typography.phrases import BREAK, breakable, columns, link_mailbox, phrases, wrap


def test_dates_are_written_with_year_month_and_day() -> None:
    assert japanese_date(dt.date(2015, 3, 21)) == "2015年3月21日"
    assert japanese_day(dt.date(2015, 3, 21)) == "2015年3月21日（土曜日）"
    assert japanese_time(dt.datetime(2011, 3, 11, 14, 46)) == "2011年3月11日14時46分"
    assert japanese_time(dt.datetime(2011, 3, 11, 9, 0)) == "2011年3月11日9時"


@pytest.mark.parametrize(
    ("day", "era"),
    [
        (dt.date(2019, 4, 30), "平成31年"),
        (dt.date(2019, 5, 1), "令和元年"),
        (dt.date(2021, 3, 11), "令和3年"),
        (dt.datetime(2011, 3, 11, 14, 46), "平成23年"),
        (dt.date(1989, 1, 7), "昭和64年"),
        (dt.date(1920, 1, 1), "1920年"),
    ],
)
def test_the_year_of_the_era_is_computed(day: dt.date, era: str) -> None:
    assert era_year(day) == era


def test_numbers_are_grouped_without_needless_decimals() -> None:
    assert [number(15361), number(107.91), number(82.4), number(0)] == ["15,361", "107.91", "82.4", "0"]


def test_headings_may_break_between_phrases_and_are_escaped() -> None:
    assert BREAK in breakable("石巻線が全線で運転を再開しました")
    assert breakable("<b>") == "&lt;b&gt;"


def test_a_mail_address_is_a_link_that_may_break_after_its_at_sign_and_is_escaped() -> None:
    assert link_mailbox("press@example.jp") == f'<a href="mailto:press@example.jp">press@{BREAK}example.jp</a>'
    assert link_mailbox("<b>") == '<a href="mailto:&lt;b&gt;">&lt;b&gt;</a>'


@given(st.text(alphabet="石巻線が全線で、運転を再開しましたa1。 ", max_size=80))
def test_phrases_lose_no_character(text: str) -> None:
    assert "".join(phrases(text)) == text


@given(st.text(alphabet="石巻線が全線で、運転を再開しましたab1。", max_size=120), st.integers(20, 80))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join(lines) == text
    assert all(columns(line) <= width for line in lines)


@pytest.mark.parametrize(
    ("text", "count"), [("宮城", 4), ("ミヤギ", 6), ("ﾐﾔｷﾞ", 4), ("abc", 3), ("※1", 3), ("か\u3099", 2), ("e\u0301", 1), ("a\nb", 2)]
)
def test_columns_are_counted_as_a_japanese_font_shows_them(text: str, count: int) -> None:
    assert columns(text) == count


def test_an_address_is_never_cut() -> None:
    address = "https://todoke.example.jp/fukko-press/2016/03/five-years-on-and-a-very-long-name-indeed/"
    assert address in wrap(f"詳しくは{address}をご覧ください", 30) or any(
        address in line for line in wrap(f"詳しくは{address}をご覧ください", 30)
    )


def test_a_number_stays_whole_and_a_wide_space_ends_a_phrase() -> None:
    assert any("2021年" in phrase for phrase in phrases("2021年3月の知らせ"))
    assert all(not phrase.endswith("二") for phrase in phrases("それから二十年を生きる"))
    assert "十年の手紙　" in "".join(phrases("十年の手紙　読んでくださった皆さまへ"))
    assert any(phrase.endswith("　") for phrase in phrases("十年の手紙　読んでくださった皆さまへ"))


@pytest.mark.parametrize("before", ["", "今年の", "県と", "道路が", "海沿いにある", "宮城県", "新しい"])
@pytest.mark.parametrize("after", ["", "の港", "で", "と石巻市", "が完成しました", "立小学校"])
def test_no_line_breaks_inside_the_name_of_a_municipality(before: str, after: str) -> None:
    names = read_registry(Path("publications.toml"), Path("content/data/municipalities.csv")).places
    assert len(names) == 35
    for name in names:
        cuts = set(accumulate(map(len, phrases(before + name + after))))
        assert not cuts & set(range(len(before) + 1, len(before) + len(name))), phrases(before + name + after)


def test_no_line_breaks_after_a_first_character_but_one_may_break_after_the_prefecture() -> None:
    assert phrases("とどけ みやぎ復興ポータル")[0] != "と"
    assert "「笑" not in phrases("まもなく開幕、「笑顔咲くたび 伊達な旅」")
    assert "宮城県" in phrases("宮城県名取市の港")[0]


def test_a_long_name_breaks_at_its_space() -> None:
    assert wrap("みやぎ復興プレス メールマガジン版", 32) == ["みやぎ復興プレス", "メールマガジン版"]


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (dt.date(2011, 3, 10), ""),
        (dt.date(2011, 3, 11), "震災から1か月以内"),
        (dt.date(2011, 4, 10), "震災から1か月以内"),
        (dt.date(2011, 4, 11), "震災から1か月"),
        (dt.date(2012, 3, 10), "震災から11か月"),
        (dt.date(2012, 3, 11), "震災から1年"),
        (dt.date(2021, 5, 10), "震災から10年1か月"),
    ],
)
def test_the_time_since_the_earthquake_is_counted_in_whole_months(day: dt.date, words: str) -> None:
    assert since(day) == words


def test_a_date_element_has_a_form_for_people_and_one_for_programs() -> None:
    moment = dt.datetime(2015, 3, 1, 9, 30, tzinfo=dt.UTC)
    assert time_element(moment) == time_element(moment.date()) == '<time datetime="2015-03-01">2015年3月1日</time>'
