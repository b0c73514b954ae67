"""Four eyes: bound to what is sent and from where, given by an entry of the audit log, and voided by change and growth. With real SMTP."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.approval import granted
from mailer.approval.approval import NotApproved, SamePerson, permit_for
from mailer.approval.names import NameRefused
from mailer.config.settings import ApprovalRules
from mailer.database import audit_log
from mailer.database.readers import subscriptions
from mailer.database.readers.subscriptions import ImportedSubscriber
from mailer.model.audit_log import AuditEvent, AuditSeal
from mailer.model.errors import NobodySubscribed
from mailer.model.issue import IssueRef
from mailer.model.readers.subscription import Preference
from mailer.sending import freeze, send
from tests.mailer.approval.guarded import STATED, approve, guarded
from tests.samples.mail.mail_bundles import REF, SEAL, Clock, Installation, RecordedProgress, installation, people, write_issue
from tests.servers.smtp import Behaviour, Receiver


def join(home: Installation, *addresses: str) -> None:
    readers = [ImportedSubscriber(address, "", ("fukko-press",)) for address in addresses]
    subscriptions.import_subscribers(home.database, readers, source="test", now=home.clock())


def leave(home: Installation, address: str) -> None:
    number = subscriptions.find(home.database, address)
    assert number is not None
    subscriptions.unsubscribe(home.database, number, "fukko-press", source="test", now=home.clock())


def come_back(home: Installation, address: str) -> None:
    number = subscriptions.find(home.database, address)
    assert number is not None
    subscriptions.save_preferences(home.database, number, lambda _now: {"fukko-press": Preference.HTML}, source="test", now=home.clock())


def refused(home: Installation, reason: str) -> None:
    with pytest.raises(NotApproved, match=reason):
        send.send(home.context, home.root, REF, RecordedProgress())


def test_nothing_goes_out_before_a_second_person_has_approved(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = guarded(tmp_path, receiver.port)
        refused(home, "not approved")
        assert receiver.connections == 0
        approve(home)
        send.send(home.context, home.root, REF, RecordedProgress(), actor="operator")
    assert len(receiver.accepted) == 3
    assert [(entry.event.what, entry.event.actor) for entry in audit_log.entries(home.database)] == [
        ("sending refused", ""),
        ("approved", "鈴木 一郎"),
        ("frozen", "operator"),
        ("sending begun", "operator"),
        ("sending ended", "operator"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "佐藤 花子", "佐藤花子", "佐藤　花子", "佐藤 花子.", "花子 佐藤", "花子佐藤", "佐藤", "佐藤 花子 主査", "さとう はなこ", "サトウ ハナコ",
        "ｻﾄｳ ﾊﾅｺ", "Sato Hanako", "sato",
    ],
)  # fmt: skip
def test_the_author_cannot_approve_however_the_name_is_written(tmp_path: Path, name: str) -> None:
    home = guarded(tmp_path, 1)
    with pytest.raises(SamePerson):
        approve(home, name)
    assert [entry.event.what for entry in audit_log.entries(home.database)] == ["approval refused"]
    refused(home, "not approved")


@pytest.mark.parametrize(
    "name", ["", " ", "\u3000", "\u200b", "\u3164", ".", "佐藤\u200b花子", "佐藤 花子\ufe00", "佐藤 花\u0301子", "Sаto Hanako"]
)
def test_a_name_that_is_empty_or_hides_something_is_no_name(tmp_path: Path, name: str) -> None:
    home = guarded(tmp_path, 1)
    with pytest.raises(NameRefused):
        approve(home, name)
    assert audit_log.entries(home.database) == ()


def test_a_changed_byte_voids_the_approval(tmp_path: Path) -> None:
    home = guarded(tmp_path, 1)
    approve(home)
    write_issue(home.root, text="一字ちがう https://personal.invalid/unsubscribe\n")
    refused(home, "was changed after 鈴木 一郎 approved it .*built anew")


def test_another_sender_voids_the_approval(tmp_path: Path) -> None:
    home = guarded(tmp_path, 1)
    approve(home)
    lists = home.root / "lists.json"
    lists.write_text(lists.read_text("utf-8").replace("fukko-press-reply@", "somebody-else@"), "utf-8")
    refused(home, "list's entry")


@pytest.mark.parametrize(
    "change",
    [{"service_url": "https://evil.example"}, {"return_path": "other@example.jp"}, {"message_id_domain": "evil.example"}, {"verp": False}],
)
def test_another_place_for_the_links_or_the_bounces_voids_the_approval(tmp_path: Path, change: dict[str, object]) -> None:
    home = guarded(tmp_path, 1)
    approve(home)
    config = replace(home.context.config, **change)  # type: ignore[arg-type]
    refused(replace(home, context=replace(home.context, config=config)), "mailer.toml was changed")


def test_readers_who_join_and_leave_do_not_void_the_approval(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = guarded(tmp_path, receiver.port)
        approve(home)
        home.clock.forward(minutes=1)
        leave(home, "reader2@example.jp")
        come_back(home, "reader2@example.jp")
        join(home, "new@example.jp")
        leave(home, "reader3@example.jp")
        send.send(home.context, home.root, REF, RecordedProgress())
    assert sorted(receiver.recipients) == ["new@example.jp", "reader1@example.jp", "reader2@example.jp"]


@pytest.mark.parametrize(
    ("growth", "joined", "is_void"), [(0.1, 2, False), (0.1, 3, True), (0.0, 1, False), (0.0, 2, True), (0.5, 10, False)]
)
def test_a_list_that_grows_by_more_than_its_share_voids_the_approval(tmp_path: Path, growth: float, joined: int, is_void: bool) -> None:
    home = guarded(tmp_path, 1, readers=20, **STATED, growth=growth)
    approve(home)
    join(home, *(f"new{number}@example.jp" for number in range(joined)))
    if is_void:
        refused(home, f"approved for 20 readers and would now go to {20 + joined}")
    else:
        config = home.context.config
        permit = permit_for(config, home.database, home.root)
        assert freeze.prepare(config, home.database, home.root, REF, now=home.clock(), permit=permit).frozen.issue.ref == REF


def test_a_frozen_issue_goes_on_with_the_approval_it_had(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"reader2@example.jp": "451 later"})) as receiver:
        home = guarded(tmp_path, receiver.port)
        approve(home)
        send.send(home.context, home.root, REF, RecordedProgress())
        subscriptions.import_subscribers(home.database, people(5), source="test", now=home.clock())
        receiver.behaviour.rcpt.clear()
        home.clock.forward(hours=1)
        send.send(home.context, home.root, REF, RecordedProgress())
    assert sorted(receiver.recipients) == ["reader1@example.jp", "reader2@example.jp", "reader3@example.jp"]


def test_an_approval_needs_readers(tmp_path: Path) -> None:
    with pytest.raises(NobodySubscribed):
        approve(guarded(tmp_path, 1, readers=0))


def test_an_approval_that_was_called_off_does_not_count(tmp_path: Path) -> None:
    home = guarded(tmp_path, 1)
    approve(home)
    audit_log.append(home.database, AuditEvent("op", "cancelled", str(REF), {}), now=home.clock())
    refused(home, "not approved")


def test_only_an_issue_that_was_frozen_with_its_approval_counts_as_the_last_approved_one(tmp_path: Path) -> None:
    home, next_ref = guarded(tmp_path, 1), IssueRef(REF.list, "46")
    given = approve(home)
    assert granted.before(audit_log.entries(home.database), next_ref, SEAL) is None
    config = home.context.config
    freeze.prepare(config, home.database, home.root, REF, now=home.clock(), permit=permit_for(config, home.database, home.root))
    entries = audit_log.entries(home.database)
    assert granted.before(entries, next_ref, SEAL) == replace(given, number=1)
    assert granted.before(entries, next_ref, SEAL, until=2) is None
    assert granted.before(entries, REF, SEAL) is None
    assert granted.before(entries, IssueRef("mailmaga", "46"), SEAL) is None
    assert granted.before(entries, next_ref, AuditSeal((b"another key",))) is None


def test_an_approval_without_the_key_of_the_log_does_not_count(tmp_path: Path) -> None:
    """What somebody who can write to the database puts there: the whole entry, with its right hash and without its seal."""
    home = guarded(tmp_path, 1)
    approve(home)
    with home.database.writing() as connection:
        for trigger in ("UPDATE", "DELETE", "REPLACE"):
            connection.execute(text(f"DROP TRIGGER audit_no_{trigger}"))
        connection.execute(text("UPDATE audit SET mac = ''"))
    refused(home, "not approved")
    with home.database.writing() as connection:
        connection.execute(text("UPDATE audit SET mac = :mac WHERE number = 1"), {"mac": SEAL.mac("0" * 64)})
    refused(home, "approval does not count. The audit log is broken at entry 1")


@pytest.mark.parametrize(
    ("rules", "needs"),
    [
        (ApprovalRules(), False),
        (ApprovalRules("required"), True),
        (ApprovalRules("required", {"press": "off"}), False),
        (ApprovalRules("off", {"press": "required"}), True),
    ],
)
def test_a_list_without_a_rule_of_its_own_follows_the_default(rules: ApprovalRules, needs: bool) -> None:
    assert rules.needs("press") is needs


def test_the_permit_of_a_list_without_approval_lets_everything_pass(tmp_path: Path) -> None:
    home = installation(tmp_path, 1, readers=1)
    assert freeze.prepare(home.context.config, home.database, home.root, REF, now=Clock()()).frozen.issue.ref == REF
