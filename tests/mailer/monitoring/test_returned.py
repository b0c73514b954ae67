"""What came back and in, for Prometheus, on both databases: numbers, and nothing about a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailer.config.file import load_config
from mailer.database.deliveries import issues
from mailer.database.engine import Database, create_database
from mailer.database.readers import sign_ups, subscriptions, suppressions
from mailer.database.readers.sign_ups import NewConfirmation
from mailer.database.returned import automatic_replies, bounce_effects, delivery_problems, queue_stops
from mailer.database.returned.bounce_effects import ReadBounce
from mailer.inbound.spool import InboundMessage, Spool
from mailer.model.ids import SubscriberId
from mailer.model.readers.suppression import AddressKeys, SuppressionReason
from mailer.model.returned.bounce import Bounce, BounceClass, Refusal, Verdict
from mailer.model.returned.folder import Folder
from mailer.monitoring.metrics import exposition
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, people, write_config

LONG_AGO = NOW - timedelta(days=3)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url, address_keys=AddressKeys((b"k" * 32,)))) as opened:
        yield opened


def figures(text: str, name: str) -> dict[tuple[str, ...], float]:
    (family,) = [each for each in text_string_to_metric_families(text) if each.name == name]
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


def test_prometheus_sees_bounces_complaints_piles_suppressions_and_empty_mails_of_the_last_day(database: Database, tmp_path: Path) -> None:
    config = load_config(write_config(tmp_path))
    subscriptions.import_subscribers(database, people(5), source="test", now=LONG_AGO)
    issue_id = issues.freeze(database, ISSUE, LIST, NOW).issue_id
    full = Bounce(Refusal("mailbox full"), Verdict(BounceClass.FULL, receiver="docomo"), "dsn")
    for number, at in ((1, NOW), (2, NOW), (3, LONG_AGO)):
        bounce_effects.apply(database, [ReadBounce(f"event {number}", issue_id, SubscriberId(number), full, at)])
    with database.writing() as connection:
        for number, at in ((4, NOW), (5, LONG_AGO)):
            delivery_problems.add_complaint_within(
                connection, f"c{number}", SubscriberId(number), LIST.key, issue_id, "abuse", "gmail.com", at
            )
        queue_stops.stop_within(connection, "docomo", issue_id, BounceClass.POLICY, "refused", NOW)
    suppressions.suppress(database, "away@example.jp", SuppressionReason.ERASED, source="test", now=LONG_AGO)
    automatic_replies.begin_reply(database, "a@example.jp", f"help {LIST.key}", NOW)
    automatic_replies.begin_reply(database, "b@example.jp", "help mailmaga", NOW)
    sign_ups.begin(database, [NewConfirmation("a" * 64, "token"), NewConfirmation("b" * 64, "token")], NOW)
    spool = Spool(config.spool)
    spool.prepare()
    for number, folder in enumerate((Folder.NEW, Folder.PILE, Folder.PILE, Folder.FAILED)):
        name = spool.store(InboundMessage("", "bounce@example.jp", NOW, b"%d" % number)).name
        if folder is not Folder.NEW:
            spool.keep(name, folder, "unreadable")
    text = exposition(config, database, NOW).decode()
    assert figures(text, "todoke_returned_mail") == {("full", "docomo"): 2}
    assert figures(text, "todoke_complaints") == {(LIST.key,): 1}
    assert figures(text, "todoke_inbound_messages") == {("new",): 1, ("failed",): 1, ("pile",): 2}
    assert figures(text, "todoke_suppressions")["erased",] == 1
    assert figures(text, "todoke_empty_mail_replies") == {("help",): 2}
    assert figures(text, "todoke_sign_ups_asked") == {(): 2} == figures(text, "todoke_sign_ups_unsent")
    assert figures(text, "todoke_queue_stopped") == {("policy", "docomo"): 1}
    assert "@" not in text
