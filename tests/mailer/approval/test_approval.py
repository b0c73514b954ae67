"""Four eyes: bound to the bundle and the readers, written into a log that cannot be changed unseen. With real Git and real SMTP."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from mailer.approval import approval, authorship
from mailer.approval.approval import NotApproved, SamePerson
from mailer.approval.authorship import NotCommitted
from mailer.config.settings import ApprovalRules
from mailer.database import audit_log, ledger, subscriptions
from mailer.database.subscriptions import ImportedSubscriber
from mailer.message import alternatives
from mailer.model.audit_log import AuditBroken, AuditEvent, verify
from mailer.model.errors import DatabaseError, NobodySubscribed
from mailer.model.ids import IssueId
from mailer.model.issue import LightPart
from mailer.sending import freeze, preflight, send
from tests.mail_bundles import (
    ISSUE,
    REF,
    SECRET,
    Clock,
    Installation,
    RecordedProgress,
    installation,
    make_database,
    people,
    write_config,
    write_issue,
    write_lists,
)
from tests.smtp import Behaviour, Receiver
from todoke import app

AUTHOR = authorship.stated_author("佐藤 花子")


def guarded(folder: Path, port: int, readers: int = 3) -> Installation:
    """An installation whose lists need approval."""
    home = installation(folder, port, readers=readers)
    config = replace(home.context.config, approval=ApprovalRules("required"))
    return replace(home, context=replace(home.context, config=config))


def approve(home: Installation, name: str = "鈴木 一郎") -> None:
    approval.approve(home.database, home.root, REF, name, AUTHOR, account="test", now=home.clock())


def test_nothing_goes_out_before_a_second_person_has_approved(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = guarded(tmp_path, receiver.port)
        with pytest.raises(NotApproved, match="not approved"):
            send.send(home.context, home.root, REF, RecordedProgress())
        assert receiver.connections == 0
        approve(home)
        send.send(home.context, home.root, REF, RecordedProgress(), actor="operator")
    assert len(receiver.accepted) == 3
    assert [(entry.event.what, entry.event.actor) for entry in audit_log.entries(home.database)] == [
        ("sending refused", ""),
        ("approved", "鈴木 一郎"),
        ("sending begun", "operator"),
        ("sending ended", "operator"),
    ]


@pytest.mark.parametrize("name", ["佐藤 花子", "佐藤花子", "佐藤　花子"])
def test_the_author_cannot_approve_however_the_name_is_spaced(tmp_path: Path, name: str) -> None:
    home = guarded(tmp_path, 1)
    with pytest.raises(SamePerson):
        approve(home, name)
    assert [entry.event.what for entry in audit_log.entries(home.database)] == ["approval refused"]


def test_a_changed_byte_voids_the_approval(tmp_path: Path) -> None:
    home = guarded(tmp_path, 1)
    approve(home)
    write_issue(home.root, text="一字ちがう https://personal.invalid/unsubscribe\n")
    with pytest.raises(NotApproved, match="was changed after 鈴木 一郎 approved it"):
        send.send(home.context, home.root, REF, RecordedProgress())


def test_another_sender_voids_the_approval(tmp_path: Path) -> None:
    home = guarded(tmp_path, 1)
    approve(home)
    lists = home.root / "lists.json"
    lists.write_text(lists.read_text("utf-8").replace("fukko-press-reply@", "somebody-else@"), "utf-8")
    with pytest.raises(NotApproved, match="was changed"):
        send.send(home.context, home.root, REF, RecordedProgress())


def test_a_new_reader_voids_the_approval_and_one_who_left_does_not(tmp_path: Path) -> None:
    with Receiver() as receiver:
        home = guarded(tmp_path, receiver.port)
        approve(home)
        home.clock.forward(minutes=1)
        subscriptions.import_subscribers(
            home.database, [ImportedSubscriber("new@example.jp", "", ("fukko-press",))], source="test", now=home.clock()
        )
        with pytest.raises(NotApproved, match="approved for 3 readers and would now go to 4, 1 of whom joined since"):
            send.send(home.context, home.root, REF, RecordedProgress())
        for address in ("new@example.jp", "reader2@example.jp"):
            number = subscriptions.find(home.database, address)
            assert number is not None
            subscriptions.unsubscribe(home.database, number, "fukko-press", source="test", now=home.clock())
        send.send(home.context, home.root, REF, RecordedProgress())
    assert sorted(receiver.recipients) == ["reader1@example.jp", "reader3@example.jp"]


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


@pytest.mark.parametrize(
    ("table", "needs"),
    [({}, False), ({"default": "required"}, True), ({"default": "required", "press": "off"}, False), ({"press": "required"}, True)],
)
def test_a_list_without_a_rule_of_its_own_follows_the_default(table: dict[str, str], needs: bool) -> None:
    assert ApprovalRules.from_table(table).needs("press") is needs  # type: ignore[arg-type]


# The log


def append_entries(home: Installation, number: int = 3) -> None:
    for count in range(number):
        audit_log.append(home.database, AuditEvent("x", f"step {count}", "l/1", {"a": "b"}), now=home.clock())


def test_the_audit_log_refuses_changes_and_deletions(tmp_path: Path) -> None:
    home = installation(tmp_path, 1)
    append_entries(home)
    for statement in ("UPDATE audit SET actor = 'y'", "DELETE FROM audit"):
        with pytest.raises(DatabaseError, match="append-only"), home.database.writing() as connection:
            connection.execute(text(statement))
    assert verify(audit_log.entries(home.database)) == audit_log.entries(home.database)[-1].hash


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE audit SET actor = 'y' WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 2", 2),
        ("UPDATE audit SET hash = previous", 1),
    ],
)
def test_an_audit_log_that_was_changed_in_the_database_fails_its_verification(tmp_path: Path, statement: str, number: int) -> None:
    home = installation(tmp_path, 1)
    append_entries(home)
    with home.database.writing() as connection:
        for verb in ("UPDATE", "DELETE"):
            connection.execute(text(f"DROP TRIGGER audit_no_{verb}"))
        connection.execute(text(statement))
    with pytest.raises(AuditBroken) as broken:
        verify(audit_log.entries(home.database))
    assert broken.value.number == number


def test_a_hash_that_was_noted_shows_that_the_end_of_the_log_was_cut_off(tmp_path: Path) -> None:
    home = installation(tmp_path, 1)
    append_entries(home)
    entries = audit_log.entries(home.database)
    verify(entries, entries[1].hash)
    with pytest.raises(AuditBroken, match="cut off"):
        verify(entries[:-1], entries[-1].hash)


# Git


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=佐藤 花子", "-c", "user.email=hanako@example.jp", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def repository(folder: Path, message: str = "46号") -> Path:
    file = folder / "content/mail/fukko-press/45.md"
    file.parent.mkdir(parents=True)
    file.write_text("本文\n", "utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", message)
    return file


def test_the_author_is_whoever_made_the_last_commit_of_the_file(tmp_path: Path) -> None:
    file = repository(tmp_path, "45号\n\nCo-authored-by: 高橋 誠 <makoto@example.jp>\n")
    authors = authorship.authors_of_file(file)
    assert all(authors.includes(name) for name in ("佐藤 花子", "HANAKO@example.jp", "高橋誠", "makoto@example.jp"))
    assert not authors.includes("鈴木 一郎")


def test_a_text_that_is_not_committed_has_no_author(tmp_path: Path) -> None:
    file = repository(tmp_path)
    file.write_text("別の本文\n", "utf-8")
    with pytest.raises(NotCommitted, match="not committed"):
        authorship.authors_of_file(file)


class Terminal:
    """An operator's folder, with the editors' repository in it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        write_config(folder, port)
        with (folder / "mailer.toml").open("a", encoding="utf-8") as toml:
            toml.write('[approval]\ndefault = "required"\n')
        make_database(folder / "mailer.toml")
        write_lists(folder / "mail")
        write_issue(folder / "mail")
        (folder / "people.csv").write_text(
            "email,name,lists,format\na@example.jp,甲,fukko-press,light\nb@example.jp,乙,fukko-press,\n", "utf-8"
        )

    def run(self, *words: str, mail: bool = True) -> Result:
        options = ["--config", str(self.folder / "mailer.toml"), *(["--mail", str(self.folder / "mail")] if mail else [])]
        return CliRunner().invoke(app, [*words, *options], env={"TODOKE_SECRET": SECRET, "COLUMNS": "200"})


def test_the_commands_from_the_commit_to_the_audit_log(tmp_path: Path) -> None:
    repository(tmp_path)
    content = ["--content", str(tmp_path / "content")]
    with Receiver() as receiver:
        terminal = Terminal(tmp_path, receiver.port)
        terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
        dry_run = terminal.run("send", "fukko-press/45", "--dry-run")
        assert "not approved" in dry_run.output, dry_run.output
        assert terminal.run("send", "fukko-press/45").exit_code == 1
        refused = terminal.run("approve", "fukko-press/45", "--as", "佐藤 花子", "--author", "だれか", *content)
        assert refused.exit_code == 1 and "another person" in refused.output
        approved = terminal.run("approve", "fukko-press/45", "--as", "鈴木 一郎", *content)
        assert "approved by 鈴木 一郎 for 2 readers (written by 佐藤 花子)" in approved.output
        result = terminal.run("send", "fukko-press/45")
        assert result.exit_code == 0, result.output
    assert len(receiver.accepted) == 2
    audit = terminal.run("audit", mail=False)
    assert audit.exit_code == 0
    assert "5 entries, all hashes hold" in audit.output
    assert terminal.run("audit", "--expect", "f" * 64, mail=False).exit_code == 1


# Tests that are sent, and the light form


def test_a_test_send_reaches_the_named_addresses_only_and_leaves_no_row(tmp_path: Path) -> None:
    with Receiver() as receiver:
        terminal = Terminal(tmp_path, receiver.port)
        terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
        result = terminal.run("send", "fukko-press/45", "--test", "me@example.jp", "--test", "you@example.jp")
        assert result.exit_code == 0, result.output
        assert receiver.recipients == ["me@example.jp", "you@example.jp"]
        assert [str(message.mail["Subject"]) for message in receiver.accepted] == ["【テスト】みやぎ復興プレス 第45号"] * 2
        assert len({str(message.mail["Message-ID"]) for message in receiver.accepted}) == 2
        assert b"personal.invalid" not in b"".join(part.get_payload(decode=True) for part in receiver.accepted[0].mail.iter_parts())  # type: ignore[misc]
        assert json.loads(terminal.run("status", "--json", mail=False).output)["issues"] == []
        assert terminal.run("send", "fukko-press/45", "--test", "no address").exit_code == 2
    assert len(receiver.accepted) == 2


def test_a_test_send_that_the_relay_refuses_is_not_sent(tmp_path: Path) -> None:
    with Receiver(Behaviour(rcpt={"me@example.jp": "550 no such user"})) as receiver:
        home = installation(tmp_path, receiver.port)
        (result,) = preflight.send_test(home.context, home.root, REF, ["me@example.jp"])
    assert (result.is_sent, result.outcome.code) == (False, 550)
    assert ledger.counts(home.database, IssueId(1)).values() and not any(ledger.counts(home.database, IssueId(1)).values())


def test_readers_of_the_light_form_get_one_text_part_in_its_charset(tmp_path: Path) -> None:
    light = "復興の今\n配信を止める\nhttps://personal.invalid/unsubscribe\n受け取り方\nhttps://personal.invalid/preferences\n"
    with Receiver() as receiver:
        home = installation(tmp_path, receiver.port)
        folder = write_issue(home.root)
        issue = json.loads((folder / "issue.json").read_text("utf-8"))
        raw = light.encode()
        (folder / "light.txt").write_bytes(raw)
        issue["parts"]["light.txt"] = {"sha256": hashlib.sha256(raw).hexdigest(), "bytes": len(raw), "charset": "iso-2022-jp"}
        (folder / "issue.json").write_text(json.dumps(issue), "utf-8")
        readers = [
            ImportedSubscriber("a@example.jp", "", ("fukko-press",), "light"),
            ImportedSubscriber("b@example.jp", "", ("fukko-press",)),
        ]
        subscriptions.import_subscribers(home.database, readers, source="test", now=home.clock())
        send.send(home.context, home.root, REF, RecordedProgress())
    mails = {message.recipients[0]: message.mail for message in receiver.accepted}
    assert mails["b@example.jp"].get_content_type() == "multipart/alternative"
    mail = mails["a@example.jp"]
    assert (mail.get_content_type(), mail.get_content_charset()) == ("text/plain", "iso-2022-jp")
    assert mail.get_content().startswith("復興の今\r\n") and "https://mail.example.jp/unsubscribe/" in mail.get_content()
    assert "https://mail.example.jp/preferences/" in mail.get_content()


def test_an_issue_without_a_light_part_is_sent_as_it_is() -> None:
    assert alternatives.as_light(ISSUE) is ISSUE
    assert alternatives.as_light(replace(ISSUE, light=LightPart("軽い", "utf-8"))).text == "軽い"


def test_the_permit_of_a_list_without_approval_lets_everything_pass(tmp_path: Path) -> None:
    home = installation(tmp_path, 1, readers=1)
    assert freeze.prepare(home.context.config, home.database, home.root, REF, now=Clock()()).frozen.issue.ref == REF
