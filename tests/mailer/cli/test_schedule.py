"""Orders about an issue, as the operator types them: a moment that has passed, a moment corrected, a number that is used again."""

from __future__ import annotations

import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mailer.config.file import load_config
from mailer.database.deliveries import issues, ledger
from mailer.database.engine import open_database
from mailer.model.ids import IssueId
from mailer.model.state import DeliveryState
from tests.samples.mail.mail_bundles import ISSUE, LIST, SEAL, make_database, write_config, write_issue
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import Receiver

RELAY = 'tls = "none"\n[approval]\nidentity = "name"\nauthors = "stated"'
JAPAN = ZoneInfo("Asia/Tokyo")
LATER, SOONER = (datetime.now(JAPAN).replace(microsecond=0) + timedelta(days=days) for days in (2, 1))


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    make_database(write_config(tmp_path, relay=RELAY))
    terminal = Terminal(tmp_path)
    assert terminal.run("subscribers import FILE").exit_code == 0
    return terminal


def at(moment: datetime) -> str:
    return f"--at {moment:%Y-%m-%dT%H:%M:%S}"


def status(terminal: Terminal) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(terminal.run("status --format json", mail=False).stdout)["issues"]
    return rows


def test_a_moment_that_has_passed_is_refused_and_nothing_is_frozen(terminal: Terminal) -> None:
    result = terminal.run("schedule fukko-press/45 --at 2020-01-01T10:00")
    assert result.exit_code == 2 and result.stderr.count("\n") == 1
    assert "2020-01-01 10:00 JST has passed" in result.stderr and "--now" in result.stderr and "過ぎています" in result.stderr
    assert status(terminal) == []


@pytest.mark.parametrize("line", ["--at 2020-01-01T10:00 --now", "--now"])
def test_with_now_it_may_go_at_once(terminal: Terminal, line: str) -> None:
    assert terminal.run(f"schedule fukko-press/45 {line}").exit_code == 0
    assert [row["status"] for row in status(terminal)] == ["sending"]
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port, relay=RELAY)
        assert terminal.run("send fukko-press/45").exit_code == 0
    assert len(receiver.accepted) == 5


def test_now_and_a_time_to_come_contradict_each_other(terminal: Terminal) -> None:
    assert terminal.run(f"schedule fukko-press/45 {at(LATER)} --now").exit_code == 2
    assert terminal.run("schedule --now").exit_code == 2


def test_a_wrong_time_is_corrected_and_the_issue_is_shown_as_scheduled_with_its_time(terminal: Terminal) -> None:
    assert terminal.run(f"schedule fukko-press/45 {at(LATER)}").exit_code == 0
    changed = terminal.run(f"schedule fukko-press/45 {at(SOONER)}")
    assert changed.exit_code == 0 and f"{SOONER:%Y-%m-%d %H:%M} JST instead of {LATER:%Y-%m-%d %H:%M} JST" in changed.stdout
    (row,) = status(terminal)
    assert (row["status"], row["send_at"]) == ("scheduled", SOONER.astimezone(UTC).isoformat())
    assert row["end"] == (SOONER + timedelta(days=7)).astimezone(UTC).isoformat()
    for width in ("200", "60"):
        terminal.environ["COLUMNS"] = width
        shown = " ".join(terminal.run("status", mail=False).stdout.split())
        assert "scheduled 予約" in shown and "sending" not in shown
        assert f"{SOONER:%Y-%m-%d}" in shown and f"{SOONER:%H:%M}" in shown
    entries = json.loads(terminal.run("audit --format json", mail=False).stdout)
    assert [(entry["what"], "before" in entry["details"]) for entry in entries if not entry["what"].startswith("subscribers")] == [
        ("frozen", False),
        ("scheduled", False),
        ("scheduled", True),
    ]


def test_a_cancelled_number_is_used_again(terminal: Terminal) -> None:
    terminal.run(f"schedule fukko-press/45 {at(LATER)}")
    assert "5 people" in terminal.run("cancel fukko-press/45", mail=False).stdout
    for line in ("send fukko-press/45", f"schedule fukko-press/45 {at(LATER)}", "approve fukko-press/45 --as 鈴木一郎 --author 佐藤花子"):
        refused = terminal.run(line)
        assert refused.exit_code == 1 and "todoke reopen fukko-press/45" in refused.stderr, refused.output
    for order in ("resume", "pause", "retry"):
        refused = terminal.run(f"{order} fukko-press/45", mail=False)
        assert refused.exit_code == 1 and "reopen" in refused.stderr
    opened = terminal.run("reopen fukko-press/45", mail=False)
    assert opened.exit_code == 0 and "open again for 5 people" in opened.stdout and "出し直せます" in opened.stdout
    assert [row["status"] for row in status(terminal)] == ["reopened"]
    assert terminal.run("resume fukko-press/45", mail=False).exit_code == 1
    write_issue(terminal.folder / "mail", subject="訂正版")
    assert "would go to 5 people" in terminal.run("send fukko-press/45 --dry-run").stdout
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port, relay=RELAY)
        assert terminal.run("send fukko-press/45").exit_code == 0
        assert terminal.run("reopen fukko-press/45", mail=False).exit_code == 1
    assert [str(message.mail["Subject"]) for message in receiver.accepted] == ["訂正版"] * 5


def test_an_issue_that_everybody_has_got_cannot_be_called_off(terminal: Terminal) -> None:
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port, relay=RELAY)
        assert terminal.run("send fukko-press/45").exit_code == 0
    refused = terminal.run("cancel fukko-press/45", mail=False)
    assert refused.exit_code == 1 and "nothing to call off" in refused.stderr and "送り終わっている" in refused.stderr
    assert [row["status"] for row in status(terminal)] == ["sending"]  # `finished` follows from its counts


def test_an_issue_that_is_too_old_is_refused_by_every_order_that_would_let_it_go(terminal: Terminal) -> None:
    config = load_config(terminal.folder / "mailer.toml")
    with closing(open_database(config.database, SEAL)) as database:
        issues.freeze(database, ISSUE, LIST, datetime.now(UTC) - timedelta(days=60))
        ledger.change_state(
            database, IssueId(1), {DeliveryState.PENDING}, DeliveryState.SUPPRESSED, now=datetime.now(UTC), address="reader1@example.jp"
        )
    orders = (
        "send fukko-press/45",
        "approve fukko-press/45 --as 鈴木一郎 --author 佐藤花子",
        f"schedule fukko-press/45 {at(LATER)}",
        "schedule fukko-press/45 --now",
    )
    for line, has_mail in [
        *((order, True) for order in orders),
        ("resume fukko-press/45", False),
        ("retry fukko-press/45 --failed", False),
    ]:
        refused = terminal.run(line, mail=has_mail)
        assert refused.exit_code == 1 and re.search(r"ended at .*max_age", refused.stderr), (line, refused.output)
    assert "expired 期限切れ" in terminal.run("status", mail=False).stdout
    assert [row["status"] for row in status(terminal)] == ["expired"]
