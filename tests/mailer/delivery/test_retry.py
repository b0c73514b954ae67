"""What a reply means and when a delivery is tried again: the whole table, without a server."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery import retry
from mailer.delivery.retry import Decision
from mailer.model.issue import ListClass
from mailer.model.outcome import Outcome, Phase
from mailer.model.retry_policy import NEWSLETTER, retry_policy
from mailer.model.state import RESULTS, DeliveryState, check_transition
from tests.samples.mail.mail_bundles import NOW

SOON = Decision(DeliveryState.DEFERRED, NOW + timedelta(minutes=15))


@pytest.mark.parametrize(
    ("phase", "code", "expected"),
    [
        (Phase.BODY, 250, Decision(DeliveryState.SENT)),
        (Phase.BODY, 252, Decision(DeliveryState.SENT)),
        (Phase.BODY, 421, SOON),
        (Phase.BODY, 452, SOON),
        (Phase.BODY, 554, Decision(DeliveryState.FAILED)),
        (Phase.BODY, None, Decision(DeliveryState.UNKNOWN)),
        (Phase.BODY, -1, Decision(DeliveryState.UNKNOWN)),
        (Phase.BODY, 354, Decision(DeliveryState.UNKNOWN)),
        (Phase.DATA, None, SOON),
        (Phase.DATA, 250, SOON),
        (Phase.DATA, 554, Decision(DeliveryState.FAILED)),
        (Phase.RCPT, 450, SOON),
        (Phase.RCPT, 550, Decision(DeliveryState.FAILED)),
        (Phase.RCPT, None, SOON),
        (Phase.MAIL, 451, SOON),
        (Phase.MAIL, 550, SOON),
        (Phase.MAIL, None, SOON),
    ],
)
def test_a_first_try(phase: Phase, code: int | None, expected: Decision) -> None:
    assert retry.decide(Outcome(phase, code, ""), attempt=1, first_tried=NOW, now=NOW) == expected


def test_waits_double_up_to_a_day() -> None:
    assert [retry.retry_delay(n) / timedelta(minutes=1) for n in (1, 2, 3, 7, 8, 99)] == [15, 30, 60, 960, 1440, 1440]


@pytest.mark.parametrize(("days", "state"), [(4.99, DeliveryState.DEFERRED), (5, DeliveryState.FAILED)])
def test_after_five_days_it_is_given_up(days: float, state: DeliveryState) -> None:
    later = NOW + timedelta(days=days)
    assert retry.decide(Outcome(Phase.RCPT, 450, ""), attempt=9, first_tried=NOW, now=later).state is state


@pytest.mark.parametrize(
    ("tries", "state"), [(NEWSLETTER.least_tries - 1, DeliveryState.DEFERRED), (NEWSLETTER.least_tries, DeliveryState.FAILED)]
)
def test_after_five_days_it_is_given_up_only_if_there_were_five_tries(tries: int, state: DeliveryState) -> None:
    later = NOW + timedelta(days=5)
    assert retry.decide(Outcome(Phase.RCPT, 450, ""), attempt=tries, first_tried=NOW, now=later).state is state


@given(st.sampled_from(Phase), st.none() | st.integers(-1, 999), st.integers(1, 1000), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_every_decision_is_a_step_of_the_table_and_only_a_2xx_after_the_body_is_sent(
    phase: Phase, code: int | None, attempt: int, age: timedelta
) -> None:
    decision = retry.decide(Outcome(phase, code, ""), attempt=attempt, first_tried=NOW, now=NOW + age)
    assert decision.state in RESULTS
    check_transition(DeliveryState.CLAIMED, decision.state)
    assert (decision.state is DeliveryState.SENT) == (phase is Phase.BODY and code is not None and 200 <= code < 300)
    assert (decision.not_before is not None) == (decision.state is DeliveryState.DEFERRED)
    assert decision.state is not DeliveryState.UNKNOWN or phase is Phase.BODY


def test_an_emergency_is_tried_sooner_and_given_up_sooner() -> None:
    urgent = retry_policy(ListClass.EMERGENCY)
    assert retry.retry_delay(1, urgent) < retry.retry_delay(1) and urgent.give_up_after < NEWSLETTER.give_up_after
    assert urgent.resend_unknown and not retry_policy(ListClass.NEWSLETTER).resend_unknown
