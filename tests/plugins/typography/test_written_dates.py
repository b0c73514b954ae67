"""Days as people write them become the form that front matter has; what is in no calendar is named."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.typography.written_dates import NoSuchMoment, iso


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("令和3年3月11日", "2021-03-11"),
        ("令和元年5月1日", "2019-05-01"),
        ("平成31年5月1日", "2019-05-01"),
        ("昭和８年３月３日", "1933-03-03"),
        ("R3.3.11", "2021-03-11"),
        ("Ｈ２７．３．２１", "2015-03-21"),
        ("2016/2/10", "2016-02-10"),
        ("2016.2.10", "2016-02-10"),
        ("2016年 2月 10日（水）", "2016-02-10"),
        ("2016年2月10日水曜日 13:05", "2016-02-10 13:05"),
        ("2016年2月11日(木・祝)", "2016-02-11"),
        ("2016/2/10 9:05", "2016-02-10 09:05"),
        ("2016年2月10日 午後3時半", "2016-02-10 15:30"),
        ("2016年2月10日10時30分", "2016-02-10 10:30"),
        ("2016/12/31 24:00", "2017-01-01 00:00"),
    ],
)
def test_a_day_is_read_in_every_form_that_people_write(text: str, written: str) -> None:
    assert iso(text) == written


@pytest.mark.parametrize(
    "text",
    ["2月10日", "2016/2", "201602100", "2016/2.10", "きのう", "", "2016年2月10日ごろ", "2016/2/10 朝", "1/2/3", "A3.3.11", "2016/2/10/3"],
)
def test_what_is_no_whole_day_is_not_guessed(text: str) -> None:
    assert iso(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2016/2/30", "暦にありません"),
        ("令和元年4月30日", "元号が始まる前"),
        ("2016年2月10日（火）", "水曜日です"),
        ("2016/2/10 25:00", "時刻はありません"),
        ("2016年13月1日", "暦にありません"),
        ("平成0年1月8日", "元号が始まる前"),
    ],
)
def test_a_day_that_is_in_no_calendar_is_named(text: str, reason: str) -> None:
    with pytest.raises(NoSuchMoment, match=reason):
        iso(text)


@given(
    st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)),
    st.sampled_from(["{0.year}/{0.month}/{0.day}", "{0.year}年{0.month}月{0.day}日", "{0:%Y.%m.%d}"]),
)
def test_every_day_of_the_calendar_is_read_as_itself(day: dt.date, form: str) -> None:
    assert iso(form.format(day)) == day.isoformat()


@given(st.text("0123456789年月日時分/.-:（）()水RH令和平成元午後前 　", max_size=24))
def test_whatever_is_read_is_a_moment_and_is_read_again_as_itself(text: str) -> None:
    try:
        written = iso(text)
    except NoSuchMoment:
        return
    if written is not None:
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2})?", written)
        assert iso(written) == written
