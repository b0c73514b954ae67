"""What slows one way down and nobody else: 421 and 454, rests that double, connections that are refused; and what is too late."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailer.database import issues, ledger, subscriptions
from mailer.database.subscriptions import ImportedSubscriber
from mailer.delivery import domain_queue
from mailer.delivery.domain_queue import LONGEST_REST, Backoff, DomainQueue, next_backoff
from mailer.delivery.rate_limiter import RateLimiter
from mailer.model.ids import IssueId
from mailer.model.state import DeliveryState
from mailer.sending import send
from mailer.sending import worker as work
from tests.mail_bundles import ISSUE, LIST, NOW, REF, House, Seen, house
from tests.smtp import Manners, Receiver

SLOW = [ImportedSubscriber(f"slow{number}@slow.example.jp", "", ("fukko-press",)) for number in range(6)]


def counts(home: House) -> dict[DeliveryState, int]:
    return {state: number for state, number in ledger.counts(home.database, IssueId(1)).items() if number}


@pytest.mark.parametrize("reply", ["421 4.7.0 too many connections", "454 4.7.0 later"])
def test_a_domain_that_asks_for_less_rests_and_the_others_go_on(tmp_path: Path, reply: str) -> None:
    """The first refusal lets the whole domain rest, without an attempt for those behind it; nobody else waits."""
    with Receiver(Manners(rcpt={person.address: reply for person in SLOW})) as receiver:
        home = house(tmp_path, receiver.port, readers=30, connections=1)
        subscriptions.import_subscribers(home.database, SLOW, source="t", now=NOW)
        home = replace(home, around=replace(home.around, pauses=(5.0,)))
        summary = send.send(home.around, home.root, REF, Seen()).summary
        assert (summary.exit_status, counts(home)) == (75, {DeliveryState.SENT: 30, DeliveryState.DEFERRED: 6})
        tried = {entry.address for entry in ledger.missed(home.database, IssueId(1)) if entry.attempts}
        assert len(tried) == 1
        receiver.manners.rcpt.clear()
        home.clock.forward(minutes=15)
        assert send.send(home.around, home.root, REF, Seen()).summary.exit_status == 0
    assert set(Counter(receiver.recipients).values()) == {1} and len(receiver.recipients) == 36


def test_rests_double_up_to_a_bound_and_several_connections_that_hear_the_same_word_count_once() -> None:
    rest = next_backoff(None, 0.0, 1.0)
    assert rest == Backoff(1.0, 1.0) == next_backoff(rest, 0.5, 1.0)
    steps = []
    for _ in range(12):
        rest = next_backoff(rest, rest.until, 1.0)
        steps.append(rest.step)
    assert steps == [2, 4, 8, 16, 32, 64, 128, 256, LONGEST_REST, LONGEST_REST, LONGEST_REST, LONGEST_REST]


def test_a_success_ends_the_rest_and_the_next_one_is_short_again() -> None:
    lane = DomainQueue(None, RateLimiter(0.0, None), 1.0)
    assert [lane.back_off("a.example", now) for now in (0.0, 1.0)] == [1.0, 2.0]
    assert lane.rests(1.5) == {"a.example": 1.5} and lane.rests(3.0) == {}
    lane.wake("a.example")
    assert lane.back_off("a.example", 9.0) == 1.0
    assert domain_queue.domain_of("x@y@a.example") == "a.example"


def test_an_issue_past_its_expiry_never_goes_out_also_after_a_restored_snapshot(tmp_path: Path) -> None:
    """Scheduled, snapshot taken, restored long afterwards: `work` finds it, and it is over."""
    expiring = replace(ISSUE, expires=NOW + timedelta(days=2))

    async def look_for_a_while(home: House) -> None:
        stop, looks = asyncio.Event(), itertools.count()

        def clock() -> datetime:
            if next(looks) == 20:  # some rounds of the worker's loop
                stop.set()
            return home.clock()

        await work.run_worker(replace(home.around, clock=clock), stop, look=0.01)

    with Receiver() as receiver:
        home = house(tmp_path, receiver.port, readers=3)
        issues.freeze(home.database, expiring, LIST, NOW, send_at=NOW + timedelta(days=1))
        home.clock.forward(days=30)
        asyncio.run(asyncio.wait_for(look_for_a_while(home), 60))
    assert (receiver.accepted, counts(home)) == ([], {DeliveryState.EXPIRED: 3})
