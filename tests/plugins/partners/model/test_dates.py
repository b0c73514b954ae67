"""Dates as feeds write them: read whole, or missing; never another date."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.partners.model.dates import JAPAN, day_minute, moment, parse_date


def read(text: str) -> str | None:
    when = moment(parse_date(text))
    return None if when is None else day_minute(when)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-03-11T10:00:00+09:00", "2012-03-11 10:00"),
        ("2012-03-11T10:00:00Z", "2012-03-11 19:00"),
        ("2012-03-11T10:00:00.123456+0900", "2012-03-11 10:00"),
        ("Sun, 11 Mar 2012 10:00:00 GMT", "2012-03-11 19:00"),
        ("Sun, 11 Mar 2012 10:00:00 -0500", "2012-03-12 00:00"),
        ("Sun, 11 Mar 2012 10:00:00 +0900 (JST)", "2012-03-11 10:00"),
        ("11 March 12 10:00", "2012-03-11 10:00"),
        ("Sun Mar 11 10:00:00 2012", "2012-03-11 10:00"),
        ("2012-03-11T24:00:00+09:00", "2012-03-12 00:00"),
    ],
)
def test_a_date_of_a_standard_is_read(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("text", ["Sun, 11 Mar 2012 10:00:00 JST", "2012-03-11 10:00:00", "2012-03-11T10:00", "11 Mar 2012 10:00:00 HAMA"])
def test_a_date_without_a_known_zone_is_japan_time(text: str) -> None:
    assert read(text) == "2012-03-11 10:00"


@pytest.mark.parametrize(
    "text",
    [
        "2012年3月11日 10時",
        "2012年3月11日（日）午前10時00分",
        "２０１２年３月１１日　１０：００",
        "平成24年3月11日 10:00",
        "2012/03/11 10:00",
        "2012/3/11(日) 10:00:00",
        "2012.3.11 10:00",
        "日, 11 3月 2012 10:00:00 +0900",
        "2012-03-11 10:00 AM",
    ],
)
def test_a_date_in_a_japanese_form_is_read(text: str) -> None:
    assert read(text) == "2012-03-11 10:00"


def test_eras_begin_with_their_first_year_and_the_afternoon_at_noon() -> None:
    assert read("令和元年5月1日") == "2019-05-01 00:00"
    assert read("令和7年1月6日 午後3時05分") == "2025-01-06 15:05"
    assert (read("2025年1月6日 午前12時"), read("2025年1月6日 午後12時")) == ("2025-01-06 00:00", "2025-01-06 12:00")


@pytest.mark.parametrize(
    "text",
    """0000-00-00 0000-00-00T00:00:00 9999-12-31T23:59:59Z 0001-01-01T00:00:00+09:00 2025-13-01 2025-02-30 2025-01-06T25:00:00 2025-01-06T24:30
    2025年13月1日 令和7年2月30日 2012 2012-03 2025-W02-1 2025-006 1736121600 1/6 03/04/2025 昨日 午後13時 2025年1月6日午後13時 R7.1.6 1970-01-01T00:00:00Z 題""".split(),
)
def test_what_is_no_whole_possible_date_is_missing(text: str) -> None:
    assert read(text) is None


ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1990, 1, 2), datetime(2100, 1, 1), timezones=ZONES))
def test_every_moment_comes_back_from_every_form(when: datetime) -> None:
    when = when.replace(microsecond=0)
    here = when.astimezone(JAPAN)
    half, hour = ("午前", here.hour) if here.hour < 12 else ("午後", here.hour - 12)
    for text in (
        when.isoformat(),
        when.strftime("%a, %d %b %Y %H:%M:%S %z"),
        f"{here.year}年{here.month}月{here.day}日 {here.hour}時{here.minute}分{here.second}秒",
        f"{here.year}/{here.month}/{here.day} {half}{hour}:{here.minute:02}:{here.second:02}",
    ):
        assert moment(parse_date(text)) == when, text


@given(st.text(st.sampled_from("0123456789-/:年月日時分秒平成令和元 TZ+.,午前後JanFeb月火（）"), max_size=40))
def test_no_text_breaks_the_reader_and_none_gives_a_date_that_it_does_not_hold(text: str) -> None:
    when = moment(parse_date(text))
    assert when is None or when.year >= 1990
