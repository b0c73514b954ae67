"""A domain that asks for less is left alone and delays no other: 421 and 454, waits that double. And an issue that is too late."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailer.database.deliveries import issues, ledger
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.delivery.limits import domain_queue
from mailer.delivery.limits.domain_queue import LONGEST_BACKOFF, Backoff, DomainQueue, next_backoff
from mailer.delivery.limits.rate_limiter import RateLimiter
from mailer.model.ids import IssueId
from mailer.model.state import DeliveryState
from mailer.sending import send, worker
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, REF, Installation, RecordedProgress, installation
from tests.servers.smtp import Behaviour, Receiver

SLOW = [ImportedSubscriber(f"slow{number}@slow.example.jp", "", ("fukko-press",)) for number in range(6)]


def counts(home: Installation) -> dict[DeliveryState, int]:
    return {state: number for state, number in ledger.counts(home.database, IssueId(1)).items() if number}


@pytest.mark.parametrize("reply", ["421 4.7.0 too many connections", "454 4.7.0 later"])
def test_a_domain_that_asks_for_less_is_left_alone_and_the_others_go_on(tmp_path: Path, reply: str) -> None:
    """The first refusal counts for the whole domain: no try for the readers behind it, and no other domain waits."""
    with Receiver(Behaviour(rcpt={person.address: reply for person in SLOW})) as receiver:
        home = installation(tmp_path, receiver.port, readers=30, connections=1)
        subscriptions.import_subscribers(home.database, SLOW, source="t", now=NOW)
        home = replace(home, context=replace(home.context, pauses=(5.0,)))
        summary = send.send(home.context, home.root, REF, RecordedProgress()).summary
        assert (summary.exit_status, counts(home)) == (75, {DeliveryState.SENT: 30, DeliveryState.DEFERRED: 6})
        tried = {entry.address for entry in ledger.missed(home.database, IssueId(1)) if entry.attempts}
        assert len(tried) == 1
        receiver.behaviour.rcpt.clear()
        home.clock.forward(minutes=15)
        assert send.send(home.context, home.root, REF, RecordedProgress()).summary.exit_status == 0
    assert set(Counter(receiver.recipients).values()) == {1} and len(receiver.recipients) == 36


def test_backoffs_double_up_to_a_bound_and_several_connections_with_the_same_reply_count_once() -> None:
    backoff = next_backoff(None, 0.0, 1.0)
    assert backoff == Backoff(1.0, 1.0) == next_backoff(backoff, 0.5, 1.0)
    steps = []
    for _ in range(12):
        backoff = next_backoff(backoff, backoff.until, 1.0)
        steps.append(backoff.step)
    assert steps == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_BACKOFF, LONGEST_BACKOFF, LONGEST_BACKOFF, LONGEST_BACKOFF]


def test_a_success_ends_the_backoff_and_the_next_one_is_short_again() -> None:
    queue = DomainQueue(None, RateLimiter(0.0, None), 1.0)
    assert [queue.back_off("a.example", now) for now in (0.0, 1.0)] == [1.0, 2.0]
    assert queue.backoffs(1.5) == {"a.example": 1.5} and queue.backoffs(3.0) == {}
    queue.end_backoff("a.example")
    assert queue.back_off("a.example", 9.0) == 1.0
    assert domain_queue.domain_of("x@y@a.example") == "a.example"


def test_an_issue_past_its_expiry_never_goes_out_also_after_a_restored_snapshot(tmp_path: Path) -> None:
    """Scheduled, snapshot taken, restored long afterwards: `work` finds it, and it is over."""
    expiring = replace(ISSUE, expires=NOW + timedelta(days=2))

    async def work_for_a_while(home: Installation) -> None:
        stop, readings = asyncio.Event(), itertools.count()

        def clock() -> datetime:
            if next(readings) == 20:  # of the clock: some rounds of the worker's loop
                stop.set()
            return home.clock()

        await worker.run_worker(replace(home.context, clock=clock), stop, poll_interval=0.01)

    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        issues.freeze(home.database, expiring, LIST, NOW, send_at=NOW + timedelta(days=1))
        home.clock.forward(days=30)
        asyncio.run(asyncio.wait_for(work_for_a_while(home), 60))
    assert (receiver.accepted, counts(home)) == ([], {DeliveryState.EXPIRED: 3})
