"""`todoke ready`: what could be sent now, and whether it may be."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from mailer.model.issue import IssueRef
from tests.samples.mail.mail_bundles import make_database, write_config, write_issue
from tests.samples.mail.mail_terminal import Terminal

APPROVAL = '[approval]\ndefault = "required"\nidentity = "name"\nauthors = "stated"\n'


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    make_database(write_config(tmp_path))
    terminal = Terminal(tmp_path)
    assert terminal.run("subscribers import FILE").exit_code == 0
    return terminal


def ready(terminal: Terminal) -> list[dict[str, Any]]:
    result = terminal.run("ready --format json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, list)
    return found


def test_an_issue_is_ready_until_it_is_frozen(terminal: Terminal) -> None:
    (issue,) = ready(terminal)
    assert (issue["list"], issue["number"], issue["state"], issue["approval"], issue["due"]) == (
        "fukko-press",
        "45",
        "new",
        "not needed",
        5,
    )
    assert issue["archive_url"] == "https://todoke.example.jp/mail/fukko-press/45/"
    assert terminal.run("schedule fukko-press/45 --at 2099-01-01T10:00").exit_code == 0
    assert ready(terminal) == []
    assert "Every issue that is built has been sent" in terminal.run("ready").stdout


def test_what_is_frozen_and_due_is_being_sent_and_what_is_reopened_is_told_from_what_is_new(terminal: Terminal) -> None:
    assert terminal.run("schedule fukko-press/45 --now").exit_code == 0
    assert [(issue["state"], issue["due"]) for issue in ready(terminal)] == [("sending", 5)]
    assert terminal.run("pause fukko-press/45", mail=False).exit_code == 0
    assert ready(terminal) == []
    assert terminal.run("cancel fukko-press/45", mail=False).exit_code == terminal.run("reopen fukko-press/45", mail=False).exit_code == 0
    assert [issue["state"] for issue in ready(terminal)] == ["reopened"]


def test_an_approval_is_missing_until_a_second_person_gives_it(terminal: Terminal) -> None:
    write_config(terminal.folder, relay='tls = "none"\n' + APPROVAL)
    (issue,) = ready(terminal)
    assert issue["approval"] == "missing" and "todoke approve fukko-press/45" in issue["why"]
    approved = terminal.run_words(["approve", "fukko-press/45", "--as", "鈴木花子", "--author", "佐藤太郎"], mail=True)
    assert approved.exit_code == 0, approved.output
    assert [issue["approval"] for issue in ready(terminal)] == ["approved"]
    write_issue(terminal.folder / "mail", text="変えた本文\n配信停止: https://personal.invalid/unsubscribe\n")
    (issue,) = ready(terminal)
    assert issue["approval"] == "missing" and "changed after" in issue["why"]


def test_what_is_too_late_is_left_out_and_what_is_broken_is_named(terminal: Terminal) -> None:
    write_issue(terminal.folder / "mail", expires="2020-01-01T00:00:00+09:00")
    broken = write_issue(terminal.folder / "mail", IssueRef("fukko-press", "46"))
    (broken / "mail.txt").write_text("tampered", "utf-8")
    (issue,) = ready(terminal)
    assert (issue["number"], issue["state"]) == ("46", "broken") and "mail.txt" in issue["why"]
    rows = list(csv.DictReader(io.StringIO(terminal.run("ready --format csv").stdout)))
    assert [(row["number"], row["state"], row["class"]) for row in rows] == [("46", "broken", "")]
    assert "fukko-press/46" in terminal.run("ready").stdout
