"""A clock that jumps by days, ahead and back: nobody is given up for it, nobody waits for years, and nothing expired goes out."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.database.deliveries import ledger
from mailer.database.deliveries.claim_statements import due_times
from mailer.delivery import retry
from mailer.model.errors import IssueExpired
from mailer.model.ids import IssueId
from mailer.model.issue import ListClass
from mailer.model.outcome import Outcome, Phase
from mailer.model.retry_policy import retry_policy
from mailer.model.state import DeliveryState
from mailer.sending import preflight, send
from tests.samples.mail.mail_bundles import NOW, REF, Installation, RecordedProgress, installation, write_issue
from tests.servers.smtp import Behaviour, Receiver

GREYLISTED = Outcome(Phase.RCPT, 450, "4.2.0 greylisted")
READER = "reader1@example.jp"


def run(home: Installation) -> send.SendResult:
    return send.send(home.context, home.root, REF, RecordedProgress())


def at(home: Installation, **jump: float) -> None:
    home.clock.moment = NOW + timedelta(**jump)


def state(home: Installation) -> dict[DeliveryState, int]:
    return {state: number for state, number in ledger.counts(home.database, IssueId(1)).items() if number}


@pytest.mark.parametrize("list_class", ListClass)
def test_greylisted_while_the_clock_was_400_days_ahead_is_tried_again_at_once_by_the_right_clock(
    tmp_path: Path, database_url: str, list_class: ListClass
) -> None:
    behaviour = Behaviour(rcpt={READER: "450 4.2.0 greylisted"})
    with Receiver(behaviour) as receiver:
        home = installation(tmp_path, receiver.port, readers=3, head=f'database = "{database_url}"\n')
        write_issue(home.root, REF, **{"class": list_class.value})
        at(home, days=400)
        assert run(home).summary.exit_status == 75
        behaviour.rcpt.clear()
        at(home, minutes=1)
        assert run(home).summary.exit_status == 0
    assert Counter(receiver.recipients) == Counter(f"reader{n}@example.jp" for n in (1, 2, 3))


def test_an_emergency_that_was_deferred_by_a_clock_two_hours_ahead_does_not_wait_for_it(tmp_path: Path) -> None:
    behaviour = Behaviour(rcpt={READER: "450 4.2.0 greylisted"})
    with Receiver(behaviour) as receiver:
        home = installation(tmp_path, receiver.port, readers=1)
        write_issue(home.root, REF, **{"class": "emergency"})
        at(home, hours=2)
        run(home)
        behaviour.rcpt.clear()
        at(home, minutes=0)
        run(home)
    assert receiver.recipients == [READER]


def test_greylisted_once_and_once_more_400_days_ahead_is_not_given_up(tmp_path: Path) -> None:
    behaviour = Behaviour(rcpt={READER: "450 4.2.0 greylisted"})
    with Receiver(behaviour) as receiver:
        home = installation(tmp_path, receiver.port, readers=1)
        at(home, days=0)
        run(home)
        at(home, days=400)
        with pytest.raises(IssueExpired):  # by this clock its time is over ([max_age])
            run(home)
        assert state(home) == {DeliveryState.DEFERRED: 1}
        behaviour.rcpt.clear()
        at(home, hours=1)
        assert run(home).summary.exit_status == 0
    assert receiver.recipients == [READER]


@pytest.mark.parametrize("is_frozen", [True, False])
def test_an_issue_that_has_expired_by_any_clock_does_not_go_out_when_the_clock_is_put_back(
    tmp_path: Path, database_url: str, is_frozen: bool
) -> None:
    behaviour = Behaviour(rcpt={READER: "450 4.2.0 greylisted"})
    with Receiver(behaviour) as receiver:
        home = installation(tmp_path, receiver.port, readers=2, head=f'database = "{database_url}"\n')
        write_issue(home.root, expires=(NOW + timedelta(days=1)).isoformat())
        if is_frozen:
            run(home)
        before = len(receiver.accepted)
        behaviour.rcpt.clear()
        at(home, days=1, seconds=1)
        with pytest.raises(IssueExpired):
            run(home)
        at(home, days=-1)
        for attempt in (run, lambda home: preflight.dry_run(home.context.config, home.database, home.root, REF, home.clock())):
            with pytest.raises(IssueExpired):
                attempt(home)
        assert len(receiver.accepted) == before
        if not is_frozen:  # published anew with a later end: that is another issue
            write_issue(home.root, expires=(NOW + timedelta(days=2)).isoformat())
            run(home)
            assert len(receiver.accepted) == 2


def test_a_clock_far_ahead_does_not_bar_an_issue_that_is_published_later(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=2)
        at(home, days=400)
        run(home)
        at(home, days=0)
        later = dataclasses.replace(REF, number="46")
        write_issue(home.root, later, expires=(NOW + timedelta(days=1)).isoformat())
        assert send.send(home.context, home.root, later, RecordedProgress()).summary.exit_status == 0
    assert len(receiver.accepted) == 4


moments = st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.sampled_from(ListClass), st.lists(moments, min_size=1, max_size=40), st.floats(0, 1))
def test_whatever_a_clock_shows_a_delivery_has_all_its_tries_and_is_due_soon_by_a_right_clock(
    list_class: ListClass, clock: list[datetime], jitter: float
) -> None:
    policy, first = retry_policy(list_class), clock[0]
    for attempt, now in enumerate(clock, 1):
        first = min(first, now)
        decision = retry.decide(GREYLISTED, attempt=attempt, first_tried=first, now=now, policy=policy, jitter=jitter)
        if attempt < policy.least_tries:
            assert decision.state is DeliveryState.DEFERRED
        if decision.not_before is None:
            assert decision.state is DeliveryState.FAILED and attempt >= policy.least_tries and now - first >= policy.give_up_after
            return
        assert now < decision.not_before <= now + policy.furthest
        for right in (now - timedelta(days=400), now, now + timedelta(days=400)):  # it is due, or will be within the longest wait
            furthest = due_times(right)["furthest_urgent" if list_class is ListClass.EMERGENCY else "furthest"]
            is_due = decision.not_before <= right or decision.not_before > furthest
            assert is_due or decision.not_before - right <= policy.furthest
