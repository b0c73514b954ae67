"""The calendar of a month names holidays, tells days off from others, and marks today only where a clock can know it: in the reader's browser."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Browser

from plugins.events.months import Day


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2021-07-22", "海の日"),  # moved for the Olympics
        ("2020-10-12", ""),
        ("2019-05-02", "国民の休日"),
        ("2021-08-09", "振替休日"),
        ("2021-04-29", "昭和の日"),
        ("1966-05-04", ""),
        ("2021-04-17", ""),
    ],
)
def test_the_holidays_are_those_of_the_law_in_that_year(day: str, name: str) -> None:
    assert Day(dt.date.fromisoformat(day)).holiday == name


def test_saturdays_sundays_and_holidays_are_days_off() -> None:
    days = [dt.date(2021, 4, 26) + dt.timedelta(days=number) for number in range(7)]
    assert [Day(day).is_off for day in days] == [False, False, False, True, False, True, True]


@pytest.mark.parametrize(
    ("clock", "marked"), [("2021-04-16T14:59:59Z", "16"), ("2021-04-16T15:00:01Z", "17"), ("2021-07-01T00:00:00Z", None)]
)
def test_today_is_the_day_of_the_site_s_zone_by_the_reader_s_clock(clock: str, marked: str | None, browser: Browser, address: str) -> None:
    context = browser.new_context(timezone_id="America/New_York")
    page = context.new_page()
    page.clock.set_fixed_time(clock)
    page.goto(f"{address}/kouryu/calendar/2021/04/")
    today = page.locator("[aria-current=date]")
    assert [each.split("日")[0].strip()[:2] for each in today.all_inner_texts()] == ([marked] if marked else [])
    context.close()


def test_without_scripts_no_day_is_called_today(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/kouryu/calendar/2021/04/")
    assert page.locator(".calendar").is_visible() and page.locator("[aria-current=date]").count() == 0
    assert "昭和の日" in page.locator(".calendar").inner_text()
    context.close()
