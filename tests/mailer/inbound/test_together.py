"""Bounces are recorded together, in one transaction; one that cannot be recorded, or a database that fails half-way, costs no other message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.database.returned import delivery_problems
from mailer.database.returned.bounce_effects import ReadBounce
from mailer.inbound.disposition import Disposition
from mailer.inbound.own_addresses import OwnAddresses
from mailer.inbound.processing import Processor
from mailer.inbound.returned import ReturnedMail
from mailer.model.ids import SubscriberId
from mailer.model.returned.folder import Folder
from tests.mailer.inbound.arrivals import SIGNER, Office, letter, office
from tests.mailer.inbound.test_hostile_bytes import report
from tests.servers.smtp import Receiver


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[Office]:
    with Receiver() as relay, office(tmp_path, database_url, relay_port=relay.port) as opened:
        opened.relay = relay  # type: ignore[attr-defined]
        yield opened


@dataclass(frozen=True)
class RefusesOne(ReturnedMail):
    """Cannot record the bounces of the second reader."""

    def record(self, bounces: Sequence[ReadBounce]) -> list[Disposition]:
        if any(each.subscriber_id == SubscriberId(2) for each in bounces):
            raise ArithmeticError
        return super().record(bounces)


def problems(home: Office) -> list[int]:
    return [len(delivery_problems.problems_of(home.database, SubscriberId(number))) for number in (1, 2, 3)]


def test_a_bounce_that_cannot_be_recorded_is_put_aside_and_those_beside_it_count(home: Office) -> None:
    for number in (1, 2, 3):
        home.put(home.stamped(number), report(b"x"))
    processor: Processor = home.service.processor(home.spool, OwnAddresses(home.config, home.service.lists, SIGNER), None)
    refusing = RefusesOne(home.database, SIGNER, None, home.config.verp)
    asyncio.run(Processor(home.spool, replace(processor.readers, returned=refusing), processor.send, home.clock).drain())
    assert problems(home) == [1, 0, 1]
    assert home.folder(Folder.FAILED) == ["unexpected error: ArithmeticError"]
    assert home.spool.names() == []


def test_the_same_report_delivered_twice_counts_once_though_both_are_read_together(home: Office) -> None:
    home.put(home.stamped(1), report(b"x"))
    home.clock.moment = home.clock.moment.replace(microsecond=1)
    home.put(home.stamped(1), report(b"x"))
    home.read()
    assert problems(home) == [1, 0, 0]
    assert home.spool.names() == []


def test_an_answer_that_is_noted_is_sent_though_the_database_fails_at_the_next_message(home: Office) -> None:
    home.put("fukko-press-help@example.jp", letter("hanako@example.org", "x@example.jp"), sender="hanako@example.org")
    home.clock.moment = home.clock.moment.replace(microsecond=1)
    waiting = home.put(home.stamped(1), report(b"x"))
    with home.database.writing() as connection:
        connection.execute(text("ALTER TABLE delivery_problem RENAME TO away"))
    home.read()
    relay: Receiver = home.relay  # type: ignore[attr-defined]
    assert [message.recipients for message in relay.accepted] == [("hanako@example.org",)]
    assert home.spool.names() == [waiting]
    with home.database.writing() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO delivery_problem"))
    home.read()
    assert home.spool.names() == [] and problems(home) == [1, 0, 0]
    assert len(relay.accepted) == 1
