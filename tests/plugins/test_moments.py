"""Where a build's moment comes from, and many questions asked of it at once."""

from __future__ import annotations

import datetime as dt

import pytest

from plugins.clock import ALWAYS, JAPAN, TrackedClock, ValidityInterval, build_moment, compare_all, parse_interval, parse_moment

NOON = dt.datetime(2021, 3, 31, 12, tzinfo=JAPAN)
HOUR = dt.timedelta(hours=1)


def test_the_moment_of_a_build_is_source_date_epoch_in_the_time_of_japan() -> None:
    moment = build_moment({"SOURCE_DATE_EPOCH": "1617159600"})
    assert moment == NOON and moment.utcoffset() == 9 * HOUR


def test_without_source_date_epoch_it_is_the_clock_of_the_machine_in_the_time_of_japan() -> None:
    before = dt.datetime.now(dt.UTC)
    moment = build_moment({"source_date_epoch": "1"})
    assert before <= moment <= dt.datetime.now(dt.UTC) and moment.utcoffset() == 9 * HOUR


@pytest.mark.parametrize("text", ["2021-03-31T12:00", "2021-03-31T03:00+00:00", "2021-03-31 12:00+09:00"])
def test_a_written_moment_is_japanese_time_unless_it_names_a_zone(text: str) -> None:
    moment = parse_moment(text)
    assert moment == NOON and moment.utcoffset() == 9 * HOUR


def test_an_unreadable_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="昨日"):
        parse_moment("昨日")


def test_an_interval_is_read_back_as_it_was_written() -> None:
    interval = ValidityInterval(NOON, NOON + HOUR)
    assert parse_interval(*interval.spoken()) == interval != ALWAYS


def test_many_comparisons_at_once_bound_the_clock_as_closely_as_the_nearest_two() -> None:
    clock = TrackedClock.at(NOON)
    plain = compare_all(clock, [NOON + 3 * HOUR, NOON - 2 * HOUR, NOON + HOUR, NOON - 5 * HOUR])
    assert plain == NOON and type(plain) is dt.datetime
    assert clock.bounds.since == NOON - 2 * HOUR + dt.timedelta(microseconds=1) and clock.bounds.until == NOON + HOUR


def test_a_comparison_with_the_very_moment_holds_for_that_moment_alone() -> None:
    clock = TrackedClock.at(NOON)
    compare_all(clock, [NOON, NOON + HOUR])
    assert clock.bounds.hold(NOON) and not clock.bounds.hold(NOON + dt.timedelta(microseconds=1))


@pytest.mark.parametrize("moments", [[], [NOON - HOUR], [NOON + HOUR]])
def test_comparisons_with_one_side_leave_the_other_open(moments: list[dt.datetime]) -> None:
    clock = TrackedClock.at(NOON)
    compare_all(clock, moments)
    assert clock.bounds.hold(NOON - 9 * HOUR) is (NOON - HOUR not in moments)
    assert clock.bounds.hold(NOON + 9 * HOUR) is (NOON + HOUR not in moments)


def test_a_plain_moment_is_returned_as_it_is() -> None:
    assert compare_all(NOON, [NOON + HOUR]) is NOON


def test_what_is_taken_over_narrows_the_clock_to_its_own_interval() -> None:
    clock = TrackedClock.at(NOON)
    clock.narrow(ALWAYS)
    assert clock.bounds == ALWAYS
    clock.narrow(ValidityInterval(NOON - HOUR, NOON + HOUR))
    assert clock.bounds == ValidityInterval(NOON - HOUR, NOON + HOUR)


def test_the_second_of_two_equal_hours_keeps_its_place() -> None:
    zone = dt.datetime(2021, 11, 7, 1, 30, fold=1, tzinfo=JAPAN)
    assert TrackedClock.at(zone).plain.fold == 1 and TrackedClock.at(zone).fold == 1
