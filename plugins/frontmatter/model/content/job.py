"""Job postings, with the conditions that the law asks a posting to state."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic.networks import validate_email
from pydantic_core import PydanticCustomError

from plugins.frontmatter.model.fields import Day, Line, WebAddress, field_error
from plugins.frontmatter.model.meta import Dated
from plugins.frontmatter.model.notices import Phone, read_phone
from plugins.typography.dates import japanese_day

TERMS = {
    "duties": "仕事の内容",
    "duties_change": "仕事の内容が変わる範囲",
    "place_change": "働く場所が変わる範囲",
    "contract": "契約の期間",
    "renewal": "契約の更新",
    "probation": "試用期間",
    "hours": "働く時間",
    "breaks": "休憩",
    "overtime": "時間外の仕事",
    "overtime_pay": "固定残業代",
    "holidays": "休日",
    "insurance": "加入する保険",
    "smoking": "たばこの煙への対策",
    "employer_address": "雇い主の所在地",
}
"""The conditions in words, in the order in which a page shows them: key of the field → its name for readers."""


def _email(value: str) -> str:
    try:
        return validate_email(value)[1]
    except PydanticCustomError:
        raise field_error(
            f"「{value[:60]}」はメールアドレスではありません。「saiyo@example.jp」の形で、半角で書いてください",
            f"{value[:60]!r} is no e-mail address: write one such as saiyo@example.jp",
        ) from None


class Job(Dated):
    """A job posting. It is taken down when the day of its deadline is over."""

    key: ClassVar[str] = "job"
    word: ClassVar[str] = "求人"
    date_word: ClassVar[str] = "掲載"
    shows_age: ClassVar[bool] = False
    shown_elsewhere: ClassVar[frozenset[str]] = frozenset(TERMS)  # `terms` shows them

    employer: Line
    place: Line
    employment: Literal["正社員", "契約社員", "パート", "任期付職員", "季節雇用", "派遣社員"]
    pay: Line
    deadline: Day

    duties: Line | None = None
    duties_change: Line | None = None
    place_change: Line | None = None
    contract: Line | None = None
    renewal: Line | None = None
    probation: Line | None = None
    hours: Line | None = None
    breaks: Line | None = None
    overtime: Line | None = None
    overtime_pay: Line | None = None
    holidays: Line | None = None
    insurance: Line | None = None
    smoking: Line | None = None
    employer_address: Line | None = None
    number: int | None = Field(default=None, ge=1, le=9999)
    apply: Line | None = None
    apply_url: WebAddress | None = None
    apply_email: Annotated[Line, AfterValidator(_email)] | None = None
    phone: Annotated[Phone, BeforeValidator(read_phone)] | None = None

    @model_validator(mode="after")
    def can_be_answered(self) -> Job:
        """Refuse a posting that was over before it was published."""
        if self.deadline < self.date.date():
            raise field_error(
                "締め切り（deadline）が公開の日（date）より前です。どちらかの年や日を直してください",
                "the deadline lies before date: put one of them right",
                "deadline",
            )
        return self

    @property
    def ends(self) -> dt.datetime | None:
        """Midnight after the deadline, or the explicit end if that is earlier."""
        midnight = dt.datetime.combine(self.deadline + dt.timedelta(days=1), dt.time(), self.date.tzinfo)
        return min(midnight, self.expires) if self.expires else midnight

    @property
    def terms(self) -> tuple[tuple[str, str], ...]:
        """The conditions that the posting states, as name and words."""
        number = (("募集する人数", f"{self.number}人"),) if self.number else ()
        return (*number, *((label, value) for key, label in TERMS.items() if (value := getattr(self, key))))

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What a mail says of the posting; the page has all conditions."""
        answers = f"{self.phone.name or ''} {self.phone.number}".strip() if self.phone else ""
        facts = {
            "締め切り": japanese_day(self.deadline),
            "雇い主": self.employer,
            "働く場所": self.place,
            "雇用の形": f"{self.employment}{f'、{self.contract}' if self.contract else ''}",
            "給与": self.pay,
            "働く時間": self.hours,
            "休日": self.holidays,
            "応募": self.apply_url or answers or self.apply_email,
        }
        return tuple((label, value) for label, value in facts.items() if value)
