"""The moment of a build notices what it is asked, and no more."""

from __future__ import annotations

import datetime as dt
import pickle
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.clock import ALWAYS, TrackedClock, ValidityInterval, parse_interval

JAPAN = ZoneInfo("Asia/Tokyo")
NOON = dt.datetime(2021, 3, 31, 12, tzinfo=JAPAN)
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
    lambda now, _: now + dt.timedelta(days=1),
]


@given(MOMENTS, MOMENTS, MOMENTS, st.sampled_from(QUESTIONS))
def test_within_the_bounds_every_answer_is_the_same(
    now: dt.datetime, later: dt.datetime, other: dt.datetime, ask: Callable[[dt.datetime, dt.datetime], object]
) -> None:
    present = TrackedClock.at(now)
    answer = ask(present, other)
    assert answer == ask(now, other)
    if present.bounds.hold(later):
        assert ask(later, other) == answer


@pytest.mark.parametrize(
    ("ask", "narrow"),
    [
        (lambda now: now < NOON + dt.timedelta(days=9), False),
        (lambda now: now.date(), False),
        (lambda now: now.isoformat(), True),
    ],
)
def test_a_question_with_a_long_answer_holds_for_long(ask: Callable[[dt.datetime], object], narrow: bool) -> None:
    present = TrackedClock.at(NOON)
    ask(present)
    assert present.bounds.hold(NOON)
    assert present.bounds.hold(NOON + dt.timedelta(hours=3)) is not narrow


def test_a_page_has_bounds_of_its_own_that_count_for_the_whole() -> None:
    present = TrackedClock.at(NOON)
    assert present > NOON - dt.timedelta(days=1)
    with present.asked_anew() as asked:
        assert present < NOON + dt.timedelta(days=1)
        assert asked() == ValidityInterval(until=NOON + dt.timedelta(days=1))
    assert present.bounds == ValidityInterval(NOON - dt.timedelta(days=1) + dt.timedelta(microseconds=1), NOON + dt.timedelta(days=1))


def test_it_travels_and_is_told() -> None:
    assert pickle.loads(pickle.dumps(TrackedClock.at(NOON))).plain == NOON
    assert parse_interval(*ALWAYS.spoken()) == ALWAYS
    assert hash(TrackedClock.at(NOON)) == hash(NOON)
