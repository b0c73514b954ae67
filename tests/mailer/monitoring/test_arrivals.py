"""Did it arrive? The same figures on the screen, in /metrics and in the operator's report, from deliveries, returned mail and complaints."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailer.database.deliveries import issues
from mailer.database.engine import Database, create_database
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.database.returned import delivery_problems
from mailer.delivery.context import DeliveryContext
from mailer.model.ids import SubscriberId
from mailer.model.returned.arrival import Arrival, ReceiverArrivals, arrival
from mailer.model.returned.bounce import Bounce, BounceClass, Refusal, Verdict
from mailer.model.returned.receivers import Receiver as MailReceiver
from mailer.model.state import DeliveryState
from mailer.monitoring.arrivals import bar, by_receiver
from mailer.monitoring.metrics import exposition
from mailer.sending import send as sending
from tests.samples.mail.mail_bundles import LIST, NOW, REF, RecordedProgress, installation, make_database, write_config
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import Behaviour, Receiver

ADDRESSES = (
    *("a@docomo.ne.jp", "b@docomo.ne.jp", "c@docomo.ne.jp", "d@docomo.ne.jp"),
    *("e@gmail.com", "f@gmail.com", "g@i.softbank.jp", "h@pref.example.jp", '"i@j"@au.com'),
)
REFUSALS = {"b@docomo.ne.jp": "550 5.1.1 Unknown user b@docomo.ne.jp", "g@i.softbank.jp": "451 4.7.1 later"}
PEOPLE = [ImportedSubscriber(address, "", (LIST.key,)) for address in ADDRESSES]


def returned(database: Database, number: int, kind: BounceClass) -> None:
    with database.writing() as connection:
        sent = delivery_problems.delivery_within(connection, issues.all_issues(database)[0].issue_id, SubscriberId(number))
        assert sent is not None
        bounce = Bounce(Refusal("refused"), Verdict(kind, "docomo"), "dsn")
        assert delivery_problems.add_within(connection, f"event-{number}-{kind}", sent, bounce, text="refused", is_hard=False, at=NOW)


@pytest.fixture
def context(tmp_path: Path, database_url: str) -> Iterator[DeliveryContext]:
    """An issue that was sent, some of it returned, and one reader who complained."""
    with Receiver(Behaviour(rcpt=REFUSALS)) as receiver:
        ready = installation(tmp_path, receiver.port)
        with closing(create_database(database_url)) as database:
            subscriptions.import_subscribers(database, PEOPLE, source="test", now=NOW)
            values = ready.context
            context = DeliveryContext(values.config, database, values.signer, None, values.clock, pauses=(), jitter=lambda: 0.0)
            sending.send(context, ready.root, REF, RecordedProgress())
            returned(database, 3, BounceClass.TEMPORARY)
            returned(database, 3, BounceClass.FILTERED)
            returned(database, 4, BounceClass.AUTO_REPLY)
            issue_id = issues.all_issues(database)[0].issue_id
            with database.writing() as connection:
                complained = (SubscriberId(6), LIST.key, issue_id, "abuse", "gmail.com")
                assert delivery_problems.add_complaint_within(connection, "complaint", *complained, NOW)
            yield context


EXPECTED = {
    MailReceiver.DOCOMO: {Arrival.ACCEPTED: 2, Arrival.UNKNOWN: 1, Arrival.FILTERED: 1},
    MailReceiver.AU: {Arrival.ACCEPTED: 1},
    MailReceiver.SOFTBANK: {Arrival.DEFERRED: 1},
    MailReceiver.GMAIL: {Arrival.ACCEPTED: 1, Arrival.COMPLAINED: 1},
    MailReceiver.OTHER: {Arrival.ACCEPTED: 1},
}


def test_every_delivery_is_counted_once_at_its_receiver_on_both_databases(context: DeliveryContext) -> None:
    rows = by_receiver(context.database, issues.all_issues(context.database)[0].issue_id)
    assert {row.receiver: {**row.counts} for row in rows} == EXPECTED
    assert [row.receiver for row in rows] == list(EXPECTED) and sum(row.total for row in rows) == len(ADDRESSES)


def test_prometheus_gets_the_same_figures_and_no_address(context: DeliveryContext) -> None:
    text = exposition(context.config, context.database, NOW).decode()
    (family,) = [each for each in text_string_to_metric_families(text) if each.name == "todoke_arrivals"]
    figures = {(sample.labels["receiver"], sample.labels["arrival"]): sample.value for sample in family.samples}
    assert figures == {(receiver.value, kind.value): number for receiver, counts in EXPECTED.items() for kind, number in counts.items()}
    assert "@" not in text


def test_the_operator_sees_it_on_the_screen_and_in_other_forms(tmp_path: Path) -> None:
    make_database(write_config(tmp_path))
    terminal = Terminal(tmp_path)
    rows = "".join(f"{address},,fukko-press\n" for address in ADDRESSES if '"' not in address)
    (tmp_path / "people.csv").write_text(f"email,name,lists\n{rows}", "utf-8")
    assert terminal.run("subscribers import FILE").exit_code == 0
    with Receiver(Behaviour(rcpt={"b@docomo.ne.jp": REFUSALS["b@docomo.ne.jp"]})) as receiver:
        write_config(tmp_path, receiver.port, head='operator = "ops@example.jp"\n')
        assert terminal.run("send fukko-press/45").exit_code == 0
    shown = terminal.run("status fukko-press/45 --by receiver", mail=False)
    assert shown.exit_code == 0 and "docomo" in shown.stdout and "75.0%" in shown.stdout and "Gmail" in shown.stdout
    objects = json.loads(terminal.run("status fukko-press/45 --by receiver --format json", mail=False).stdout)["receivers"]
    assert objects[0] | {"receiver": "docomo", "accepted": 3, "unknown": 1, "total": 4, "accepted_share": 0.75} == objects[0]
    table = list(csv.DictReader(io.StringIO(terminal.run("status fukko-press/45 --by receiver --format csv", mail=False).stdout)))
    assert [(row["receiver"], row["accepted"]) for row in table] == [("docomo", "3"), ("softbank", "1"), ("gmail", "2"), ("other", "1")]
    report = next(message for message in receiver.accepted if message.recipients == ("ops@example.jp",)).mail.get_content()
    assert "docomo                 4  75.0% ███████████████  (1 unknown)" in report and "gmail                  2 100.0%" in report


@pytest.mark.parametrize("line", ["status --by receiver", "status fukko-press/45 --by receiver --watch"])
def test_by_receiver_is_for_one_issue_and_not_live(tmp_path: Path, line: str) -> None:
    make_database(write_config(tmp_path))
    assert Terminal(tmp_path).run(line, mail=False).exit_code == 2


@pytest.mark.parametrize(("share", "expected"), [(0, ""), (0.001, "▏"), (0.5, "█" * 10), (1, "█" * 20), (2, "█" * 20), (-1, "")])
def test_a_bar_shows_the_share_and_everything_above_nothing(share: float, expected: str) -> None:
    assert bar(share) == expected


def test_every_state_and_class_has_its_place() -> None:
    for state in DeliveryState:
        assert arrival(state, None, has_complained=True) is Arrival.COMPLAINED
        assert {arrival(state, kind, has_complained=False) for kind in (None, *BounceClass)} <= set(Arrival)
    assert arrival(DeliveryState.PENDING, BounceClass.UNKNOWN, has_complained=False) is Arrival.WAITING  # it is sent again
    assert arrival(DeliveryState.SENT, BounceClass.AUTO_REPLY, has_complained=False) is Arrival.ACCEPTED


def test_a_receiver_whose_deliveries_have_no_end_yet_has_no_share() -> None:
    assert ReceiverArrivals(MailReceiver.GMAIL, {Arrival.WAITING: 3, Arrival.DEFERRED: 1}).accepted_share is None
