"""The clock of a build: where its moment comes from, and for how long the answers hold that it has given."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.clock import ALWAYS, JAPAN, TrackedClock, ValidityInterval, build_moment, compare_all, parse_interval, parse_moment

NOON = dt.datetime(2021, 3, 31, 12, tzinfo=JAPAN)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MOMENTS = st.datetimes(dt.datetime(2021, 3, 1), dt.datetime(2021, 5, 1)).map(lambda moment: moment.replace(tzinfo=JAPAN))
QUESTIONS: list[Callable[[dt.datetime, dt.datetime], object]] = [
    lambda now, other: now < other,
    lambda now, other: other <= now,
    lambda now, other: now == other,
    lambda now, other: max(now, other) == other,
    lambda now, _: now.date(),
    lambda now, _: (now.year, now.month, now.weekday()),
    lambda now, _: now.hour,
    lambda now, _: now.isoformat(),
    lambda now, _: f"{now:%d}",
    lambda now, other: now - other,
    lambda now, _: now + DAY,
]
SAME_ALL_YEAR = {"dst", "fold", "tzinfo", "tzname", "utcoffset"}
"""What depends on the zone alone where there is no summer time."""

CONSTRUCTORS = set(
    "combine fromisocalendar fromisoformat fromordinal fromtimestamp max min now resolution strptime today utcfromtimestamp utcnow".split()
)


def test_the_moment_of_a_build_is_source_date_epoch_in_the_time_of_japan() -> None:
    moment = build_moment({"SOURCE_DATE_EPOCH": "1617159600"})
    assert moment == NOON and moment.utcoffset() == 9 * HOUR


def test_without_source_date_epoch_the_moment_is_the_machines_clock_in_the_time_of_japan() -> None:
    before = dt.datetime.now(dt.UTC)
    moment = build_moment({"source_date_epoch": "1"})
    assert before <= moment <= dt.datetime.now(dt.UTC) and moment.utcoffset() == 9 * HOUR


@pytest.mark.parametrize("text", ["2021-03-31T12:00", "2021-03-31T03:00+00:00", "2021-03-31 12:00+09:00"])
def test_a_moment_in_text_is_japanese_time_unless_it_names_a_zone(text: str) -> None:
    moment = parse_moment(text)
    assert moment == NOON and moment.utcoffset() == 9 * HOUR


def test_an_unreadable_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="昨日"):
        parse_moment("昨日")


def test_an_interval_is_read_back_as_it_was_written() -> None:
    interval = ValidityInterval(NOON, NOON + HOUR)
    assert parse_interval(*interval.as_text()) == interval != ALWAYS
    assert parse_interval(*ALWAYS.as_text()) == ALWAYS


@given(MOMENTS, MOMENTS, MOMENTS, st.sampled_from(QUESTIONS))
def test_within_the_validity_interval_every_answer_is_the_same(
    now: dt.datetime, later: dt.datetime, other: dt.datetime, ask: Callable[[dt.datetime, dt.datetime], object]
) -> None:
    clock = TrackedClock.at(now)
    answer = ask(clock, other)
    assert answer == ask(now, other)
    if clock.validity.contains(later):
        assert ask(later, other) == answer


def test_every_public_member_of_datetime_that_depends_on_the_moment_is_tracked() -> None:
    public = {name for name in dir(dt.datetime) if not name.startswith("_")}
    assert public - set(vars(TrackedClock)) == SAME_ALL_YEAR | CONSTRUCTORS


@pytest.mark.parametrize(
    ("ask", "is_exact"),
    [
        (lambda now: now < NOON + 9 * DAY, False),
        (lambda now: now.date(), False),
        (lambda now: now.isoformat(), True),
    ],
)
def test_only_a_question_for_the_exact_time_expires_within_the_day(ask: Callable[[dt.datetime], object], is_exact: bool) -> None:
    clock = TrackedClock.at(NOON)
    ask(clock)
    assert clock.validity.contains(NOON)
    assert clock.validity.contains(NOON + 3 * HOUR) is not is_exact


def test_the_date_holds_from_midnight_to_midnight_in_japan() -> None:
    clock = TrackedClock.at(NOON)
    assert clock.date() == dt.date(2021, 3, 31)
    assert clock.validity == ValidityInterval(NOON - 12 * HOUR, NOON + 12 * HOUR)


def test_at_the_first_moment_of_a_day_it_is_not_yet_after_that_moment() -> None:
    clock, midnight = TrackedClock.at(NOON), NOON - 12 * HOUR
    assert clock.day == 31 and clock > midnight
    assert not clock.validity.contains(midnight) and clock.validity.contains(midnight + dt.timedelta(microseconds=1))


def test_the_interval_of_a_moment_holds_that_moment_alone() -> None:
    interval = ValidityInterval.of_moment(NOON)
    assert interval == ValidityInterval(NOON, NOON + dt.timedelta(microseconds=1))
    assert [interval.contains(NOON + dt.timedelta(microseconds=step)) for step in (-1, 0, 1)] == [False, True, False]


def test_the_interval_of_one_page_is_kept_apart_and_then_narrows_that_of_the_build() -> None:
    clock = TrackedClock.at(NOON)
    assert clock > NOON - DAY
    with clock.separate_interval() as interval_of_page:
        assert clock < NOON + DAY
        assert interval_of_page() == ValidityInterval(until=NOON + DAY)
    assert clock.validity == ValidityInterval(NOON - DAY + dt.timedelta(microseconds=1), NOON + DAY)


def test_in_another_process_the_clock_has_the_same_moment_and_the_same_hash() -> None:
    assert pickle.loads(pickle.dumps(TrackedClock.at(NOON))).plain == NOON
    assert hash(TrackedClock.at(NOON)) == hash(NOON)


def test_many_comparisons_at_once_narrow_the_interval_as_much_as_the_nearest_two() -> None:
    clock = TrackedClock.at(NOON)
    plain = compare_all(clock, [NOON + 3 * HOUR, NOON - 2 * HOUR, NOON + HOUR, NOON - 5 * HOUR])
    assert plain == NOON and type(plain) is dt.datetime
    assert clock.validity.since == NOON - 2 * HOUR + dt.timedelta(microseconds=1) and clock.validity.until == NOON + HOUR


def test_a_comparison_with_the_very_moment_holds_for_that_moment_alone() -> None:
    clock = TrackedClock.at(NOON)
    compare_all(clock, [NOON, NOON + HOUR])
    assert clock.validity.contains(NOON) and not clock.validity.contains(NOON + dt.timedelta(microseconds=1))


@pytest.mark.parametrize("moments", [[], [NOON - HOUR], [NOON + HOUR]])
def test_comparisons_with_one_side_leave_the_other_open(moments: list[dt.datetime]) -> None:
    clock = TrackedClock.at(NOON)
    compare_all(clock, moments)
    assert clock.validity.contains(NOON - 9 * HOUR) is (NOON - HOUR not in moments)
    assert clock.validity.contains(NOON + 9 * HOUR) is (NOON + HOUR not in moments)


def test_a_plain_moment_is_returned_as_it_is() -> None:
    assert compare_all(NOON, [NOON + HOUR]) is NOON


def test_a_reused_result_narrows_the_interval_to_its_own() -> None:
    clock = TrackedClock.at(NOON)
    clock.narrow(ALWAYS)
    assert clock.validity == ALWAYS
    clock.narrow(ValidityInterval(NOON - HOUR, NOON + HOUR))
    assert clock.validity == ValidityInterval(NOON - HOUR, NOON + HOUR)


def test_the_second_of_two_equal_hours_keeps_its_place() -> None:
    repeated = dt.datetime(2021, 11, 7, 1, 30, fold=1, tzinfo=JAPAN)
    assert TrackedClock.at(repeated).plain.fold == 1 and TrackedClock.at(repeated).fold == 1
