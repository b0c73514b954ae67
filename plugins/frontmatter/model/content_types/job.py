"""Job postings."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from plugins.frontmatter.model.fields import Day, Line
from plugins.frontmatter.model.meta import Dated


class Job(Dated):
    """A job posting. It is taken down when the day of its deadline is over."""

    key: ClassVar[str] = "job"
    word: ClassVar[str] = "求人"
    date_word: ClassVar[str] = "掲載"
    shows_age: ClassVar[bool] = False

    employer: Line
    place: Line
    employment: Literal["正社員", "契約社員", "パート", "任期付職員", "季節雇用"]
    pay: Line
    deadline: Day

    @property
    def ends(self) -> dt.datetime | None:
        """Midnight after the deadline, or the explicit end if that is earlier."""
        midnight = dt.datetime.combine(self.deadline + dt.timedelta(days=1), dt.time(), self.date.tzinfo)
        return min(midnight, self.expires) if self.expires else midnight
