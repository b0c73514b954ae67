"""The hold of one person, on a clock that the test moves."""

from __future__ import annotations

import asyncio

import pytest

from emergency.hold import SECONDS, hold


class Clock:
    """Stands still but while somebody pauses. ``ends_at`` is when Ctrl-C is pressed."""

    def __init__(self, ends_at: float = float("inf")) -> None:
        self.now, self.shown, self._ends_at = 100.0, list[int](), ends_at

    async def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self._ends_at:
            raise KeyboardInterrupt

    def hold(self, seconds: float = SECONDS) -> None:
        asyncio.run(hold(seconds, self.shown.append, lambda: self.now, self.pause))


def test_a_hold_lasts_a_minute_and_counts_down_every_second() -> None:
    clock = Clock()
    clock.hold()
    assert clock.now == pytest.approx(160.0)
    assert clock.shown == [*range(60, -1, -1)]


def test_ctrl_c_in_the_last_second_ends_it_and_the_end_is_never_shown() -> None:
    clock = Clock(ends_at=159.5)
    with pytest.raises(KeyboardInterrupt):
        clock.hold()
    assert clock.shown[-1] == 1


def test_a_clock_that_jumps_skips_numbers_and_shows_none_twice() -> None:
    clock = Clock()

    async def jump(seconds: float) -> None:
        clock.now += seconds + 7.5

    asyncio.run(hold(20, clock.shown.append, lambda: clock.now, jump))
    assert clock.shown == sorted(set(clock.shown), reverse=True) and clock.shown[0] == 20 and clock.shown[-1] == 0
