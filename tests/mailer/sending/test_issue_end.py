"""An issue has an end: what was scheduled long ago and never sent stays unsent, whichever way a sender comes upon it."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.database.deliveries import issues, ledger
from mailer.model.errors import IssueExpired
from mailer.model.expiry import MaximumAge
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, ListClass
from mailer.model.state import DeliveryState
from mailer.sending import preflight, send, worker
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, REF, Installation, RecordedProgress, installation
from tests.servers.smtp import Receiver

WEEK, DAY, MINUTE = timedelta(days=7), timedelta(days=1), timedelta(minutes=1)


def work_for_some_rounds(home: Installation) -> None:
    async def work() -> None:
        stop, readings = asyncio.Event(), itertools.count()

        def clock() -> datetime:
            if next(readings) == 30:  # of the clock: some rounds of the worker's loop
                stop.set()
            return home.clock()

        await worker.run_worker(replace(home.context, clock=clock), stop, poll_interval=0.01)

    asyncio.run(asyncio.wait_for(work(), 60))


def counts(home: Installation) -> dict[DeliveryState, int]:
    return {state: number for state, number in ledger.counts(home.database, IssueId(1)).items() if number}


def freeze(home: Installation, list_class: ListClass, *, send_at: datetime | None) -> FrozenIssue:
    content, mail_list = replace(ISSUE, list_class=list_class), replace(LIST, list_class=list_class)
    return issues.freeze(home.database, content, mail_list, home.clock(), send_at=send_at)


def test_work_does_not_send_what_was_scheduled_sixty_days_ago(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3, head=f'database = "{database_url}"\n')
        freeze(home, ListClass.NEWSLETTER, send_at=NOW + DAY)
        home.clock.forward(days=61)
        work_for_some_rounds(home)
    assert (receiver.accepted, counts(home)) == ([], {DeliveryState.EXPIRED: 3})


@pytest.mark.parametrize(("list_class", "age"), [(ListClass.NEWSLETTER, WEEK), (ListClass.EMERGENCY, DAY)])
@pytest.mark.parametrize("send_at", [None, NOW + DAY])
def test_send_takes_an_issue_until_its_end_and_not_after(
    tmp_path: Path, list_class: ListClass, age: timedelta, send_at: datetime | None
) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        freeze(home, list_class, send_at=send_at)
        home.clock.moment = (send_at or NOW) + age - MINUTE
        assert preflight.dry_run(home.context.config, home.database, home.root, REF, home.clock()).due == 3
        home.clock.forward(minutes=1)
        with pytest.raises(IssueExpired, match=r"hours before .*max_age.*期限"):
            send.send(home.context, home.root, REF, RecordedProgress())
        with pytest.raises(IssueExpired):
            preflight.dry_run(home.context.config, home.database, home.root, REF, home.clock())
        assert (receiver.accepted, counts(home)) == ([], {DeliveryState.PENDING: 3})
        home.clock.forward(minutes=-2)
        with pytest.raises(IssueExpired):  # a clock that is put back does not open it again
            send.send(home.context, home.root, REF, RecordedProgress())


@pytest.mark.parametrize(("list_class", "age"), [(ListClass.NEWSLETTER, WEEK), (ListClass.EMERGENCY, DAY)])
def test_an_issue_goes_out_a_minute_before_its_end(tmp_path: Path, list_class: ListClass, age: timedelta) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        freeze(home, list_class, send_at=NOW + DAY)
        home.clock.moment = NOW + DAY + age - MINUTE
        send.send(home.context, home.root, REF, RecordedProgress())
    assert counts(home) == {DeliveryState.SENT: len(receiver.accepted)} == {DeliveryState.SENT: 3}


def test_a_clock_far_ahead_is_obeyed_and_ends_nothing_for_good(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        freeze(home, ListClass.NEWSLETTER, send_at=None)
        home.clock.forward(days=400)
        with pytest.raises(IssueExpired):
            send.send(home.context, home.root, REF, RecordedProgress())
        work_for_some_rounds(home)
        assert (receiver.accepted, counts(home)) == ([], {DeliveryState.PENDING: 3})
        home.clock.moment = NOW + MINUTE
        send.send(home.context, home.root, REF, RecordedProgress())
    assert len(receiver.accepted) == 3


def test_the_maximum_age_can_be_set_for_each_class(tmp_path: Path) -> None:
    with Receiver() as receiver:
        ages = "[max_age]\nnewsletter = 1\nemergency = 0.5\n"
        home = installation(tmp_path, receiver.port, readers=3, relay=f'tls = "none"\n{ages}')
        assert home.context.config.max_age == MaximumAge(timedelta(hours=1), timedelta(minutes=30))
        freeze(home, ListClass.EMERGENCY, send_at=None)
        home.clock.forward(minutes=30)
        work_for_some_rounds(home)
    assert (receiver.accepted, counts(home)) == ([], {DeliveryState.EXPIRED: 3})


MOMENTS = st.integers(0, 10**6).map(lambda minutes: NOW + minutes * MINUTE)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS, st.sampled_from(ListClass), st.integers(1, 10**5))
def test_an_issue_ends_at_its_expiry_and_never_later_than_its_age_after_its_moment(
    frozen_at: datetime, send_at: datetime | None, expires: datetime | None, list_class: ListClass, hours: int
) -> None:
    ages = MaximumAge(timedelta(hours=hours), timedelta(hours=hours // 2 + 1))
    content = replace(ISSUE, expires=expires, list_class=list_class)
    end = ages.end(FrozenIssue(IssueId(1), content, LIST, frozen_at, send_at=send_at))
    assert expires is None or end <= expires
    assert end <= max(frozen_at, send_at or frozen_at) + ages.of(list_class)
    assert expires is not None or end > frozen_at  # also if an older version let it be scheduled for the past
