"""A moment can be set and corrected, and a cancelled issue goes out after all under its number: to nobody twice, and not without a new approval."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.approval import approval
from mailer.approval.approval import NotApproved
from mailer.database import audit_log
from mailer.database.deliveries import claims, issues, ledger
from mailer.database.deliveries.claims import ClaimRequest
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.model.audit_log import AuditEvent
from mailer.model.errors import IllegalTransition, IssueExpired, IssueStopped
from mailer.model.ids import IssueId
from mailer.model.issue import CALLED_OFF, STATUS_TRANSITIONS, IssueStatus
from mailer.model.state import DUE, DeliveryState
from mailer.sending import preflight, schedule, send
from tests.mailer.approval.guarded import approve, guarded
from tests.samples.mail.mail_bundles import NOW, REF, Installation, RecordedProgress, installation, write_issue
from tests.servers.smtp import Behaviour, Receiver

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CORRECTED = "訂正しました https://personal.invalid/unsubscribe\n"


def run(home: Installation) -> send.SendResult:
    return send.send(home.context, home.root, REF, RecordedProgress())


def plan(home: Installation, after: timedelta) -> schedule.Scheduled:
    permit = approval.permit_for(home.context.config, home.database, home.root)
    return schedule.schedule(home.context.config, home.database, home.root, REF, home.clock() + after, now=home.clock(), permit=permit)


def cancel(home: Installation) -> None:
    assert issues.set_status(home.database, IssueId(1), IssueStatus.CANCELLED, old={IssueStatus.SENDING, IssueStatus.PAUSED})
    ledger.change_state(home.database, IssueId(1), DUE, DeliveryState.SUPPRESSED, now=home.clock(), why=CALLED_OFF)
    audit_log.append(home.database, AuditEvent("operator", "cancelled", str(REF), {}), now=home.clock())


def counts(home: Installation) -> dict[DeliveryState, int]:
    return {state: number for state, number in ledger.counts(home.database, IssueId(1)).items() if number}


def test_a_moment_is_changed_until_the_issue_is_begun(tmp_path: Path, database_url: str) -> None:
    with Receiver(Behaviour(rcpt={"reader1@example.jp": "450 later"})) as receiver:
        home = installation(tmp_path, receiver.port, readers=3, head=f'database = "{database_url}"\n')
        assert plan(home, DAY).is_new
        changed = plan(home, HOUR)
        assert (changed.is_new, changed.before, changed.frozen.send_at) == (False, NOW + DAY, NOW + HOUR)
        with pytest.raises(IssueStopped, match="is to be sent at 2026-03-11 15:46 JST"):
            run(home)
        home.clock.forward(hours=1)
        run(home)
        with pytest.raises(IssueStopped, match=r"is being sent since .* todoke pause"):
            plan(home, DAY)
        issues.set_status(home.database, IssueId(1), IssueStatus.PAUSED, old={IssueStatus.SENDING})
        assert plan(home, DAY).frozen.status is IssueStatus.PAUSED
        issues.set_status(home.database, IssueId(1), IssueStatus.SENDING, old={IssueStatus.PAUSED})
        receiver.behaviour.rcpt.clear()
        home.clock.forward(days=1)
        run(home)
    assert Counter(receiver.recipients) == Counter(f"reader{n}@example.jp" for n in (1, 2, 3))


def test_no_batch_of_an_issue_is_claimed_before_its_moment(tmp_path: Path, database_url: str) -> None:
    home = installation(tmp_path, 1, readers=3, head=f'database = "{database_url}"\n')
    plan(home, DAY)

    def claim() -> claims.Claim | None:
        return claims.claim_batch(home.database, ClaimRequest(IssueId(1), ""), token="t", owner="me", lease=60, now=home.clock())

    assert claim() is None
    home.clock.forward(days=1)
    assert claim() is not None


def test_an_issue_cannot_be_scheduled_for_a_moment_after_its_expiry_nor_after_its_end(tmp_path: Path) -> None:
    home = installation(tmp_path, 1, readers=3)
    write_issue(home.root, expires=(NOW + DAY).isoformat())
    with pytest.raises(IssueExpired, match="Choose an earlier time"):
        plan(home, DAY)
    assert issues.find(home.database, REF) is None
    plan(home, HOUR)
    with pytest.raises(IssueExpired, match="Choose an earlier time"):
        plan(home, 2 * DAY)
    home.clock.forward(days=9)
    with pytest.raises(IssueExpired):
        plan(home, HOUR)


def test_a_cancelled_issue_goes_out_under_its_number_after_a_new_approval(tmp_path: Path, database_url: str) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3, head=f'database = "{database_url}"\n')
        (tmp_path / "rules").mkdir()
        rules = guarded(tmp_path / "rules", 1).context.config.approval
        home = replace(home, context=replace(home.context, config=replace(home.context.config, approval=rules)))
        approve(home)
        plan(home, DAY)
        cancel(home)
        with pytest.raises(IssueStopped, match="todoke reopen"):
            run(home)
        with pytest.raises(IssueStopped, match="todoke reopen"):
            plan(home, DAY)
        with pytest.raises(IssueStopped, match="an approval would let nothing go"):
            approve(home)
        home.clock.forward(hours=1)
        assert schedule.reopen(home.database, REF) == 3
        with pytest.raises(NotApproved, match="not approved"):
            run(home)
        write_issue(home.root, text=CORRECTED)
        home.clock.forward(hours=1)
        approve(home)
        run(home)
    assert len(receiver.accepted) == 3 and counts(home) == {DeliveryState.SENT: 3}
    body = receiver.accepted[0].mail.get_body(("plain",))
    assert body is not None and "訂正しました" in body.get_content()
    refusals = [entry for entry in audit_log.entries(home.database) if entry.event.what == "approval refused"]
    assert ["called off" in entry.event.details["reason"] for entry in refusals] == [True]


def test_who_has_it_already_or_has_left_gets_nothing_when_it_is_opened_again_and_who_has_joined_does(tmp_path: Path) -> None:
    refused = {"reader2@example.jp": "450 later", "reader3@example.jp": "450 later", "reader4@example.jp": "550 unknown"}
    with Receiver(Behaviour(rcpt=refused)) as receiver:
        home = installation(tmp_path, receiver.port, readers=4)
        run(home)
        cancel(home)
        assert counts(home) == {DeliveryState.SENT: 1, DeliveryState.SUPPRESSED: 2, DeliveryState.FAILED: 1}
        leaver = subscriptions.find(home.database, "reader3@example.jp")
        assert leaver is not None
        subscriptions.unsubscribe(home.database, leaver, REF.list, source="test", now=home.clock())
        subscriptions.import_subscribers(
            home.database, [ImportedSubscriber("new@example.jp", "", (REF.list,))], source="test", now=home.clock()
        )
        assert schedule.reopen(home.database, REF) == 2
        dry = preflight.dry_run(home.context.config, home.database, home.root, REF, home.clock())
        assert not dry.is_frozen
        receiver.behaviour.rcpt.clear()
        run(home)
    assert Counter(receiver.recipients) == Counter(["reader1@example.jp", "reader2@example.jp", "new@example.jp"])
    assert counts(home) == {DeliveryState.SENT: 3, DeliveryState.SUPPRESSED: 1, DeliveryState.FAILED: 1}


def test_it_can_be_scheduled_when_it_is_opened_again_and_its_age_counts_anew(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        plan(home, DAY)
        cancel(home)
        home.clock.forward(days=20)
        schedule.reopen(home.database, REF)
        assert plan(home, DAY).is_new
        home.clock.forward(days=2)
        run(home)
    assert len(receiver.accepted) == 3


def test_only_a_cancelled_issue_that_was_held_back_from_somebody_can_be_opened_again(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port, readers=3)
        run(home)
        with pytest.raises(IssueStopped, match="was not called off"):
            schedule.reopen(home.database, REF)
        cancel(home)
        with pytest.raises(IssueStopped, match="nothing to open again"):
            schedule.reopen(home.database, REF)


def test_it_is_not_frozen_anew_while_a_sender_holds_some_of_it(tmp_path: Path) -> None:
    home = installation(tmp_path, 1, readers=3)
    plan(home, timedelta())
    assert claims.claim_batch(home.database, ClaimRequest(IssueId(1), "", limit=1), token="t", owner="me", lease=60, now=home.clock())
    cancel(home)
    schedule.reopen(home.database, REF)
    with pytest.raises(IssueStopped, match="a sender still holds"):
        plan(home, DAY)
    assert claims.take_over(home.database, claims.open_claims(home.database)[0], now=home.clock(), only_expired=False) == 1
    assert plan(home, DAY).is_new


def test_an_expired_issue_cannot_be_approved(tmp_path: Path) -> None:
    home = guarded(tmp_path, 1)
    approve(home)
    plan(home, DAY)
    home.clock.forward(days=9)
    with pytest.raises(IssueExpired, match="hours before"):
        approve(home)
    write_issue(home.root, expires=NOW.isoformat())
    with pytest.raises(IssueExpired, match="expired at"):
        approve(home)
    assert [entry.event.what for entry in audit_log.entries(home.database)] == [
        "approved",
        "frozen",
        "approval refused",
        "approval refused",
    ]


@pytest.mark.parametrize("new", IssueStatus)
@pytest.mark.parametrize("old", IssueStatus)
def test_an_issue_changes_its_status_only_as_the_table_says(tmp_path: Path, old: IssueStatus, new: IssueStatus) -> None:
    home = installation(tmp_path, 1, readers=1)
    plan(home, DAY)
    if new not in STATUS_TRANSITIONS[old]:
        with pytest.raises(IllegalTransition):
            issues.set_status(home.database, IssueId(1), new, old={old})
    assert issues.status(home.database, IssueId(1)) is IssueStatus.SENDING
