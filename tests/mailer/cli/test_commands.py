"""The command line, as an operator types it: what is printed and what is returned."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import closing

import pytest
from typer.testing import CliRunner

from mailer.config.file import load_config
from mailer.database import audit_log
from mailer.database.engine import open_database
from mailer.database.readers import subscriptions
from mailer.model.ids import SubscriberId
from tests.samples.mail.mail_bundles import NOW, SECRET, write_config
from tests.samples.mail.mail_terminal import CSV, Terminal
from tests.servers.smtp import Behaviour, Receiver
from todoke import app


def test_people_are_imported_an_issue_is_sent_and_whoever_was_missed_is_listed(terminal: Terminal) -> None:
    with Receiver(Behaviour(rcpt={"reader2@example.jp": "550 5.1.1 no such user"})) as receiver:
        write_config(terminal.folder, receiver.port)
        assert "5 people and 5 subscriptions would be added" in terminal.run("subscribers import FILE --dry-run").output
        assert "5 people and 5 subscriptions added" in terminal.run("subscribers import FILE").output
        result = terminal.run("send fukko-press/45")
        assert result.exit_code == 0, result.output
    assert len(receiver.accepted) == 4
    assert re.search(r"sent 送信済み\W+4", result.output) and re.search(r"failed 届かない\W+1", result.output)
    assert json.loads(terminal.run("status --json", mail=False).output)["issues"][0]["counts"]["sent"] == 4
    assert "fukko-press/45" in terminal.run("status fukko-press/45", mail=False).output
    assert "no such user" in terminal.run("who-missed fukko-press/45", mail=False).output
    rows = list(csv.DictReader(io.StringIO(terminal.run("who-missed fukko-press/45 --csv", mail=False).output)))
    assert list(rows[0]) == ["address", "state", "code", "text", "when"]
    assert [(row["address"], row["state"], row["code"]) for row in rows] == [("reader2@example.jp", "failed", "550")]


def test_a_dry_run_shows_the_headers_but_no_signed_link_and_needs_no_secret(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    terminal.environ["TODOKE_SECRET"] = None
    result = terminal.run("send fukko-press/45 --dry-run")
    assert result.exit_code == 0
    assert "would go to 5 people. Nothing was sent." in result.output
    assert "List-Unsubscribe: <https://mail.example.jp/unsubscribe/SIGNED-LINK>" in result.output
    assert json.loads(terminal.run("status --json", mail=False).output)["issues"] == []


def test_refused_lines_of_a_csv_are_named_and_make_the_exit_status_1(terminal: Terminal) -> None:
    (terminal.folder / "people.csv").write_text(CSV + "nobody,x,fukko-press\n", "utf-8")
    result = terminal.run("subscribers import FILE")
    assert result.exit_code == 1
    assert "line 7: " in result.output and "5 people" in result.output


@pytest.mark.parametrize(
    ("line", "spoil", "reason"),
    [
        ("send fukko-press/46", "", "is missing"),
        ("send fukko-press/45", "mail/fukko-press/45/mail.txt", "is missing"),
        ("send fukko-press/45", "mailer.toml", "no such file"),
        ("subscribers import FILE", "people.csv", "cannot be read"),
        ("subscribers import FILE", "mail/lists.json", "is missing"),
    ],
)
def test_what_files_and_database_refuse_is_one_line_in_two_languages_and_status_1(
    terminal: Terminal, line: str, spoil: str, reason: str
) -> None:
    if spoil:
        (terminal.folder / spoil).unlink()
    result = terminal.run(line)
    assert result.exit_code == 1
    assert reason in result.stderr and result.stderr.count("\n") == 1
    assert re.search(r"[ぁ-ん]", result.stderr), "no Japanese"
    assert isinstance(result.exception, SystemExit)


def test_an_issue_that_was_never_frozen_is_status_1_with_a_hint(terminal: Terminal) -> None:
    for line in ("status fukko-press/45", "who-missed fukko-press/45"):
        result = terminal.run(line, mail=False)
        assert result.exit_code == 1 and "has not been sent" in result.stderr


def test_without_a_secret_nothing_is_frozen_and_the_error_says_how_to_make_one(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    terminal.environ["TODOKE_SECRET"] = None
    result = terminal.run("send fukko-press/45")
    assert result.exit_code == 1 and "todoke secret new" in result.stderr
    assert json.loads(terminal.run("status --json", mail=False).output)["issues"] == []


def test_an_issue_for_nobody_is_not_frozen(terminal: Terminal) -> None:
    result = terminal.run("send fukko-press/45")
    assert result.exit_code == 1 and "subscribers import" in result.stderr
    assert json.loads(terminal.run("status --json", mail=False).output)["issues"] == []


def test_schedule_pause_resume_resolve_and_retry_do_what_they_say(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    with Receiver(
        Behaviour(rcpt={"reader2@example.jp": "450 busy", "reader3@example.jp": "550 gone"}, drop_after_body={"reader4@example.jp"})
    ) as receiver:
        write_config(terminal.folder, receiver.port, connections=1)
        assert "5 people" in terminal.run("schedule fukko-press/45 --now").output
        assert "paused" in terminal.run("pause fukko-press/45", mail=False).output
        held = terminal.run("send fukko-press/45")
        assert held.exit_code == 1 and "resume" in held.stderr and receiver.accepted == []
        terminal.run("resume fukko-press/45", mail=False)
        terminal.run("send fukko-press/45")
        assert sorted(receiver.recipients) == [f"reader{n}@example.jp" for n in (1, 4, 5)]
        receiver.behaviour.rcpt.clear()
        assert "1 unknown delivery settled as sent" in terminal.run("resolve unknown fukko-press/45 --as sent", mail=False).output
        assert "now due: 2 people" in terminal.run("retry fukko-press/45 --failed", mail=False).output
        assert terminal.run("send fukko-press/45").exit_code == 0
    assert sorted(receiver.recipients) == [f"reader{n}@example.jp" for n in range(1, 6)]


def test_every_order_of_an_operator_is_in_the_audit_log(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    write_config(terminal.folder, relay='tls = "none"\n[approval]\ndefault = "required"')
    refused = terminal.run("schedule fukko-press/45 --at 2999-01-01T09:00")
    assert refused.exit_code == 1 and "not approved" in refused.stderr
    write_config(terminal.folder)
    terminal.run("schedule fukko-press/45 --at 2999-01-01T09:00")
    for command in ("pause", "resume", "retry", "cancel"):
        terminal.run(f"{command} fukko-press/45", mail=False)
    with closing(open_database(load_config(terminal.folder / "mailer.toml").database)) as database:
        steps = [entry.event.what for entry in audit_log.entries(database)]
    assert steps[:2] == ["subscribers import begun", "subscribers imported"]
    assert steps[2:] == ["scheduling refused", "frozen", "scheduled", "paused", "resumed", "retried", "cancelled"]


def test_a_fault_in_the_settings_is_one_line(terminal: Terminal) -> None:
    (terminal.folder / "mailer.toml").write_text("nothing = 1\n", "utf-8")
    result = terminal.run("schedule fukko-press/45 --at 2026-01-01T09:00")
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert "mailer.toml" in result.stderr and len(result.stderr.splitlines()) == 1


def test_a_cancelled_issue_can_neither_be_sent_nor_resumed(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    terminal.run("schedule fukko-press/45 --at 2999-01-01T09:00+09:00")
    early = terminal.run("send fukko-press/45")
    assert early.exit_code == 1 and "2999" in early.stderr
    assert "called off for 5 people" in terminal.run("cancel fukko-press/45", mail=False).output
    for line in ("send fukko-press/45", "resume fukko-press/45 "):
        assert "called off" in terminal.run(line, mail=line.startswith("send")).stderr
    assert json.loads(terminal.run("status --json", mail=False).output)["issues"][0]["counts"]["suppressed"] == 5


def test_who_missed_lists_readers_who_had_left_before_the_issue_was_frozen(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    database = open_database(load_config(terminal.folder / "mailer.toml").database)
    subscriptions.unsubscribe(database, SubscriberId(2), "fukko-press", source="link", now=NOW)
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port)
        terminal.run("send fukko-press/45")
    rows = list(csv.DictReader(io.StringIO(terminal.run("who-missed fukko-press/45 --csv", mail=False).output)))
    assert [(row["address"], row["state"], row["when"]) for row in rows] == [("reader2@example.jp", "suppressed", NOW.isoformat())]


def test_a_deferred_recipient_makes_the_exit_status_75(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    with Receiver(Behaviour(rcpt={"reader2@example.jp": "450 busy"})) as receiver:
        write_config(terminal.folder, receiver.port)
        result = terminal.run("send fukko-press/45")
    assert result.exit_code == 75 and "next try after" in result.output


def test_no_output_holds_the_secret(terminal: Terminal) -> None:
    result = [terminal.run(line).output for line in ("subscribers import FILE", "send fukko-press/45 --dry-run")]
    assert SECRET not in "".join(result)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "subscribers",
        "subscribers import",
        "send",
        "status",
        "who-missed",
        "serve",
        "schedule",
        "pause",
        "resume",
        "cancel",
        "retry",
        "resolve",
        "resolve unknown",
        "approve",
        "audit",
        "work",
    ],
)
def test_every_command_has_help_in_both_languages(line: str) -> None:
    result = CliRunner().invoke(app, [*line.split(), "--help"])
    assert result.exit_code == 0
    words = result.output.partition("Usage:")[2]
    assert re.search(r"[A-Za-z]{3,}[^\n]*\. [^\n]*[ぁ-んァ-ヶ一-龥]", words), "English first, Japanese after"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("send 45", "LIST/NUMBER"),
        ("send ../45", "LIST/NUMBER"),
        ("status 45", "LIST/NUMBER"),
        ("who-missed fukko-press/4/5", "LIST/NUMBER"),
        ("approve 45 --as Sato", "LIST/NUMBER"),
        ("pause 45", "LIST/NUMBER"),
        ("retry fukko-press/45 --address nobody", "nobody"),
        ("resolve unknown fukko-press/45 --as maybe", "maybe"),
        ("resolve unknown fukko-press/45 --as sent --address @", "@"),
        ("schedule fukko-press/45 --at soon", "soon"),
        ("schedule fukko-press/45 --at 2026-03-11", "2026-03-11"),
        ("schedule fukko-press/45 --at 2026-02-30T09:00", "2026-02-30"),
        ("schedule fukko-press/45 --at 9999-12-31T23:59-12:00", "9999"),
        ("schedule fukko-press/45", "--at"),
        ("schedule --at 2026-03-11T14:46", "--at"),
        ("send fukko-press/45 --light", "--test"),
        ("send fukko-press/45 --test nobody", "nobody"),
        ("send fukko-press/45 --test a@example.jp --dry-run", "--dry-run"),
        ("approve fukko-press/45 --as _", "--as"),
        ("audit --expect abc", "abc"),
        ("audit --format xml", "xml"),
        ("status --json --format csv", "--format"),
        ("status --watch --format csv", "--watch"),
        ("status --colour", "--colour"),
        ("serve --port 99999", "65535"),
    ],
)
def test_a_command_line_that_nobody_could_carry_out_is_status_2_and_touches_nothing(terminal: Terminal, line: str, reason: str) -> None:
    (terminal.folder / "mailer.toml").unlink()  # what is wrong with the line is said before any file is read
    needs_mail = line.split()[0] in ("send", "schedule", "approve", "serve")
    words = [" " if word == "_" else word for word in line.split()]
    result = terminal.run_words(words, mail=needs_mail)
    assert result.exit_code == 2, result.output
    assert reason in result.stderr and result.stdout == ""
    assert [path.name for path in (terminal.folder / "var").iterdir()] == ["todoke.db"]
