"""A frozen issue that somebody changes in the database: not one message of it leaves, and the log says so. SQLite and PostgreSQL, real SMTP."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mailer.database import audit_log
from mailer.database.deliveries import claims, issues, ledger, orders
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import ContentChanged
from mailer.model.ids import IssueId
from mailer.model.issue import CALLED_OFF, IssueRef, IssueStatus, LightPart, content_digest
from mailer.model.state import DeliveryState
from mailer.sending import send, worker
from tests.samples.mail.mail_bundles import ISSUE, LIST, NOW, REF, Installation, RecordedProgress, installation
from tests.servers.smtp import Receiver

FORGED = "FORGED TEXT https://personal.invalid/unsubscribe"
CHANGES = [
    f"UPDATE issue SET send_at = NULL, subject = 'すりかえた件名', text = '{FORGED}'",
    f"UPDATE issue SET text = '{FORGED}'",
    "UPDATE issue SET html = replace(html, '復興', '復旧')",
    "UPDATE issue SET from_address = 'evil@example.jp', reply_to = 'evil@example.jp'",
    "UPDATE issue SET archive_url = 'https://evil.example/'",
    "UPDATE issue SET light = 'x', light_charset = 'utf-8'",
    "UPDATE issue SET list_class = 'emergency'",
    "UPDATE issue SET expires = '2999-01-01 00:00:00.000000'",
    "UPDATE issue SET digest = text",
]


def home_on(folder: Path, url: str, port: int) -> Installation:
    return installation(folder, port, readers=6, head=f'database = "{url}"\n')


def change(home: Installation, statement: str) -> None:
    with home.database.writing() as connection:
        connection.execute(text(statement.replace("digest = text", f"digest = '{'1' * 64}'")))


def call_off(home: Installation) -> None:
    assert issues.set_status(home.database, IssueId(1), IssueStatus.CANCELLED, old={IssueStatus.SENDING})
    ledger.change_state(home.database, IssueId(1), {DeliveryState.PENDING}, DeliveryState.SUPPRESSED, now=NOW, why=CALLED_OFF)
    audit_log.append(home.database, AuditEvent("operator", "cancelled", str(REF), {}), now=NOW)


def events(home: Installation) -> list[str]:
    return [entry.event.what for entry in audit_log.entries(home.database)]


@pytest.mark.parametrize("statement", CHANGES)
def test_an_issue_that_was_changed_after_it_was_frozen_is_not_sent(tmp_path: Path, statement: str) -> None:
    with Receiver() as receiver:
        home = home_on(tmp_path, f"sqlite:///{tmp_path / 'x.db'}", receiver.port)
        issues.freeze(home.database, ISSUE, LIST, NOW)
        change(home, statement)
        with pytest.raises(ContentChanged):
            send.send(home.context, home.root, REF, RecordedProgress())
        assert (receiver.connections, events(home)) == (0, ["frozen", "sending refused"])


def test_an_issue_that_is_to_be_sent_later_cannot_be_sent_earlier_by_a_change(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = home_on(tmp_path, database_url, receiver.port)
        issues.freeze(home.database, ISSUE, LIST, NOW, send_at=NOW.replace(year=2999))
        change(home, "UPDATE issue SET send_at = NULL")
        with pytest.raises(ContentChanged, match="moment of its sending"):
            send.send(home.context, home.root, REF, RecordedProgress())
        assert receiver.connections == 0


def test_an_issue_that_somebody_put_into_the_database_is_not_sent(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = home_on(tmp_path, database_url, receiver.port)
        issues.freeze(home.database, ISSUE, LIST, NOW)
        change(home, "UPDATE issue SET number = '46'")
        with pytest.raises(ContentChanged, match="no sealed entry"):
            send.send(home.context, home.root, IssueRef(REF.list, "46"), RecordedProgress())
        assert receiver.connections == 0


def test_a_recipient_who_was_added_to_a_frozen_issue_stops_it(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = home_on(tmp_path, database_url, receiver.port)
        issues.freeze(home.database, ISSUE, LIST, NOW)
        subscriptions.import_subscribers(home.database, [ImportedSubscriber("late@example.jp", "", ("mailmaga",))], source="t", now=NOW)
        with home.database.writing() as connection:
            columns = "issue_id, subscriber_id, address, state, attempts, text, changed_at"
            connection.execute(
                text(f"INSERT INTO delivery ({columns}) SELECT 1, 7, 'late@example.jp', 'pending', 0, '', changed_at FROM delivery LIMIT 1")
            )
        with pytest.raises(ContentChanged, match="frozen for 6 readers, and the database has 7"):
            send.send(home.context, home.root, REF, RecordedProgress())
        assert receiver.connections == 0


def test_a_recipient_who_was_added_to_an_issue_that_was_opened_again_stops_it(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = home_on(tmp_path, database_url, receiver.port)
        issues.freeze(home.database, ISSUE, LIST, NOW)
        call_off(home)
        assert orders.reopen_cancelled(home.database, IssueId(1))
        orders.freeze_again(home.database, IssueId(1), ISSUE, LIST, NOW)
        sealed = [entry.event.details["readers"] for entry in audit_log.entries(home.database) if entry.event.what == "frozen"]
        assert sealed == ["6", "6"]
        subscriptions.import_subscribers(home.database, [ImportedSubscriber("late@example.jp", "", ("mailmaga",))], source="t", now=NOW)
        columns = "issue_id, subscriber_id, address, state, attempts, text, changed_at"
        change(home, f"INSERT INTO delivery ({columns}) SELECT 1, 7, 'late@example.jp', 'pending', 0, '', changed_at FROM delivery LIMIT 1")
        with pytest.raises(ContentChanged, match="frozen for 6 readers, and the database has 7"):
            send.send(home.context, home.root, REF, RecordedProgress())
        assert receiver.connections == 0


@pytest.mark.parametrize("status", [IssueStatus.SENDING, IssueStatus.PAUSED])
def test_an_issue_that_was_called_off_is_not_opened_by_a_change_of_its_status(
    tmp_path: Path, database_url: str, status: IssueStatus
) -> None:
    with Receiver() as receiver:
        home = home_on(tmp_path, database_url, receiver.port)
        issues.freeze(home.database, ISSUE, LIST, NOW)
        call_off(home)
        change(home, f"UPDATE issue SET status = '{status}'")
        change(home, "UPDATE delivery SET state = 'pending'")
        with pytest.raises(ContentChanged, match="was called off, and the database says otherwise"):
            send.send(home.context, home.root, REF, RecordedProgress())
        assert receiver.connections == 0


def test_an_issue_is_not_made_younger_by_a_change_of_the_moment_of_its_freezing(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = home_on(tmp_path, database_url, receiver.port)
        issues.freeze(home.database, ISSUE, LIST, NOW - timedelta(days=60))
        change(home, f"UPDATE issue SET frozen_at = '{NOW:%Y-%m-%d %H:%M:%S.%f}'")
        with pytest.raises(ContentChanged, match="moment of its freezing"):
            send.send(home.context, home.root, REF, RecordedProgress())
        assert receiver.connections == 0


def test_a_change_in_the_middle_of_a_sending_stops_it_at_the_next_claim(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=560, head=f'database = "{database_url}"\n')
        frozen = issues.freeze(home.database, ISSUE, LIST, NOW)
        progress = RecordedProgress(after=lambda _state: change(home, CHANGES[1]) if len(progress.states) == 1 else None)
        with pytest.raises(ContentChanged, match="words in the database"):
            send.send(home.context, home.root, REF, progress)
    assert 0 < len(receiver.accepted) < 560
    assert not any("FORGED" in part.get_content() for mail in receiver.accepted[-5:] for part in mail.mail.iter_parts())
    counts = ledger.counts(home.database, frozen.issue_id)
    assert counts[DeliveryState.SENT] + counts[DeliveryState.PENDING] == 560
    assert issues.status(home.database, frozen.issue_id) is IssueStatus.PAUSED
    assert events(home)[-1] == "sending stopped"


def test_a_worker_holds_a_changed_issue_and_sends_the_others(tmp_path: Path, database_url: str) -> None:
    other = replace(ISSUE, ref=IssueRef(REF.list, "46"))

    async def until_the_other_is_sent(home: Installation) -> None:
        stop, sent = asyncio.Event(), list[DeliveryState]()

        def on_result(_issue_id: int, state: DeliveryState) -> None:
            sent.append(state)
            if len(sent) == 6:
                stop.set()

        await asyncio.wait_for(worker.run_worker(home.context, stop, on_result, poll_interval=0.1), 60)

    with Receiver() as receiver:
        home = home_on(tmp_path, database_url, receiver.port)
        changed = issues.freeze(home.database, ISSUE, LIST, NOW)
        good = issues.freeze(home.database, other, LIST, NOW)
        change(home, f"UPDATE issue SET text = '{FORGED}' WHERE number = '45'")
        asyncio.run(until_the_other_is_sent(home))
    assert len(receiver.accepted) == 6
    assert ledger.counts(home.database, good.issue_id)[DeliveryState.SENT] == 6
    assert ledger.counts(home.database, changed.issue_id)[DeliveryState.PENDING] == 6
    assert [issues.status(home.database, each.issue_id) for each in (changed, good)] == [IssueStatus.PAUSED, IssueStatus.SENDING]
    assert events(home).count("sending stopped") == 1


def test_a_claim_looks_at_the_words_and_takes_nothing_if_they_differ(tmp_path: Path, database_url: str) -> None:
    home = home_on(tmp_path, database_url, 1)
    frozen = issues.freeze(home.database, replace(ISSUE, light=LightPart("軽い", "iso-2022-jp")), LIST, NOW)
    claimed = claims.claim_batch(
        home.database, ClaimRequest(frozen.issue_id, "", limit=2, content=frozen), token="a", owner="me", lease=60, now=NOW
    )
    assert claimed is not None and len(claimed.rows) == 2
    forged = replace(frozen, issue=replace(frozen.issue, text=FORGED))
    with pytest.raises(ContentChanged):
        claims.claim_batch(home.database, ClaimRequest(frozen.issue_id, "", content=forged), token="b", owner="me", lease=60, now=NOW)
    assert ledger.counts(home.database, frozen.issue_id)[DeliveryState.CLAIMED] == 2


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(WORDS, WORDS, WORDS, st.datetimes(timezones=st.timezones()), st.one_of(st.none(), WORDS))
def test_the_digest_of_any_content_is_the_same_out_of_the_database(
    tmp_path_factory: pytest.TempPathFactory, subject: str, html: str, title: str, date: datetime, light: str | None
) -> None:
    home = _shared(tmp_path_factory)
    number = str(len(issues.all_issues(home.database)) + 1)
    content = replace(
        ISSUE, ref=IssueRef(REF.list, number), subject=subject, html=html, date=date, light=LightPart(light, "utf-8") if light else None
    )
    mail_list = replace(LIST, title=title)
    issues.freeze(home.database, content, mail_list, NOW)
    frozen = issues.find(home.database, content.ref)
    assert frozen is not None
    assert content_digest(frozen.issue, frozen.mail_list) == content_digest(content, mail_list)


def _shared(factory: pytest.TempPathFactory) -> Installation:
    if "home" not in SHARED:
        SHARED["home"] = installation(factory.mktemp("digests"), 1)
    return SHARED["home"]


SHARED: dict[str, Installation] = {}
