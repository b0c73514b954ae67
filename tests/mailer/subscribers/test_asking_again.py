"""Addresses at carriers at which nothing was accepted for a year are asked again instead of mailed; on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from mailer.database.deliveries import issues
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.model.issue import ListClass
from mailer.smtp.direct import DirectMessage
from mailer.subscribers.asking_again import Questions, let_silent_rest
from tests.mailer.inbound.arrivals import SIGNER, Office, office
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW

SILENT, REACHED, FRESH, ELSEWHERE = "silent@docomo.ne.jp", "reached@ezweb.ne.jp", "fresh@softbank.ne.jp", "old@example.net"


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[Office]:
    with office(tmp_path, database_url) as opened:
        people = [ImportedSubscriber(each, "", ("fukko-press",)) for each in (SILENT, REACHED, ELSEWHERE)]
        subscriptions.import_subscribers(opened.database, people, source="t", now=NOW)
        opened.clock.forward(days=400)
        subscriptions.import_subscribers(opened.database, [ImportedSubscriber(FRESH, "", ("fukko-press",))], source="t", now=opened.clock())
        frozen = issues.freeze(opened.database, replace(ISSUE, ref=replace(ISSUE.ref, number="46")), LIST, opened.clock())
        reached = subscriptions.find(opened.database, REACHED)
        with opened.database.writing() as connection:  # as a sender writes it
            connection.exec_driver_sql(
                f"UPDATE delivery SET state = 'claimed' WHERE issue_id = {frozen.issue_id} AND subscriber_id = {reached}"
            )
            connection.exec_driver_sql(
                f"UPDATE delivery SET state = 'sent' WHERE issue_id = {frozen.issue_id} AND subscriber_id = {reached}"
            )
        yield opened


def count(home: Office) -> int:
    return subscriptions.count(home.database, "fukko-press")


def test_a_silent_address_at_a_carrier_rests_and_its_reader_is_asked_once(home: Office) -> None:
    before, asked = count(home), list[DirectMessage]()

    async def send(message: DirectMessage) -> bool:
        asked.append(message)
        return len(asked) > 1  # the first relay is away

    assert let_silent_rest(home.database, home.service.lists, home.clock()) == 1
    assert count(home) == before - 1
    assert let_silent_rest(home.database, home.service.lists, home.clock()) == 0
    questions = Questions(home.database, home.config, SIGNER, home.service.lists, send)
    assert [asyncio.run(questions.ask_some(home.clock())) for _ in range(3)] == [0, 1, 0]
    assert {message.envelope.recipient for message in asked} == {SILENT}
    token = re.search(rb"/join/([\w.-]+)", _body(asked[-1]))
    assert token is not None
    claim = SIGNER.read_join(token[1].decode())
    assert (claim.subscriber_id, claim.list) == (subscriptions.find(home.database, SILENT), "fukko-press")


def test_a_clock_that_is_a_year_ahead_lets_nobody_rest(home: Office) -> None:
    before = count(home)
    assert let_silent_rest(home.database, home.service.lists, home.clock() + timedelta(days=365)) == 0
    assert count(home) == before
    assert let_silent_rest(home.database, home.service.lists, home.clock() + timedelta(days=39)) == 1


def test_a_list_of_warnings_is_left_alone(home: Office) -> None:
    lists = {key: replace(each, list_class=ListClass.EMERGENCY) for key, each in home.service.lists.items()}
    before = count(home)
    assert let_silent_rest(home.database, lists, home.clock()) == 0 and count(home) == before


def _body(message: DirectMessage) -> bytes:

    payload = message_from_bytes(message.content).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload
