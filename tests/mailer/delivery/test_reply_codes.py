"""The borders between the classes of SMTP replies (RFC 5321, section 4.2.1), and what jitter may do to a wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailer.delivery import retry
from mailer.model.outcome import Outcome, Phase
from mailer.model.retry_policy import EMERGENCY, NEWSLETTER
from mailer.model.state import DeliveryState
from tests.samples.mail.mail_bundles import NOW

SENT, DEFERRED, FAILED, UNKNOWN = DeliveryState.SENT, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.UNKNOWN


def decision(phase: Phase, code: int, jitter: float = 0.0) -> retry.Decision:
    return retry.decide(Outcome(phase, code, ""), attempt=1, first_tried=NOW, now=NOW, jitter=jitter)


@pytest.mark.parametrize(
    ("code", "state"),
    [(199, UNKNOWN), (200, SENT), (299, SENT), (300, UNKNOWN), (399, UNKNOWN), (400, DEFERRED), (499, DEFERRED), (500, FAILED), (599, FAILED), (600, UNKNOWN)],
)  # fmt: skip
def test_the_first_digit_alone_decides_after_the_body(code: int, state: DeliveryState) -> None:
    assert decision(Phase.BODY, code).state is state


@pytest.mark.parametrize(("code", "state"), [(499, DEFERRED), (500, FAILED), (599, FAILED), (600, DEFERRED)])
def test_only_a_5xx_ends_a_delivery_before_the_body(code: int, state: DeliveryState) -> None:
    assert decision(Phase.RCPT, code).state is state


@pytest.mark.parametrize(("code", "expected"), [(420, False), (421, True), (422, False), (454, True), (550, False)])
def test_two_replies_ask_to_slow_down(code: int, expected: bool) -> None:
    assert retry.is_slow_down(Outcome(Phase.RCPT, code, "")) is expected


@pytest.mark.parametrize(("jitter", "minutes"), [(0.0, 15.0), (0.5, 16.875), (1.0, 18.75)])
def test_jitter_makes_a_wait_longer_by_a_quarter_at_most_and_never_shorter(jitter: float, minutes: float) -> None:
    assert decision(Phase.RCPT, 450, jitter=jitter).not_before == NOW + timedelta(minutes=minutes)


def test_the_policy_of_the_issue_decides_the_wait() -> None:
    decided = retry.decide(Outcome(Phase.RCPT, 450, ""), attempt=1, first_tried=NOW, now=NOW, policy=EMERGENCY)
    assert decided.not_before == NOW + timedelta(minutes=1)


def test_doubling_stops_after_ten_times_so_that_no_wait_overflows() -> None:
    endless = replace(NEWSLETTER, first_wait=timedelta(seconds=1), longest_wait=timedelta.max)
    assert [retry.retry_delay(attempt, endless).total_seconds() for attempt in (10, 11, 12, 10_000)] == [512, 1024, 1024, 1024]
