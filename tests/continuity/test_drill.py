"""A drill that is really run: the checklist, the report in both forms, and what it says when something is wrong."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from continuity.cli.groups import COMMANDS
from continuity.drill import Drill
from continuity.drill_report import CHECKS, Check, DrillReport, write_report
from continuity.restoring import read_identities
from continuity.snapshots import make
from mailer.config.file import load_config
from mailer.sending import send
from tests.samples.mail.mail_bundles import REF, SECRET, RecordedProgress
from tests.samples.two_buildings import Building, building
from tests.servers.smtp import Behaviour, Receiver

READERS = 8


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Building:
    monkeypatch.setenv("TODOKE_SECRET", SECRET)
    (tmp_path / "disk").mkdir()
    return building(tmp_path, readers=READERS, storages=[f'[[targets]]\nname = "disk"\nkind = "local"\nfolder = "{tmp_path}/disk"\n'])


def drilled(home: Building, folder: Path, moment: dt.datetime) -> DrillReport:
    folder.mkdir()
    return Drill(folder, read_identities(home.key), "", lambda: moment).run(home.settings, ())


@pytest.mark.parametrize("refused", [0, 3])
def test_a_drill_goes_through_the_whole_checklist_with_an_issue_half_sent_or_sent(tmp_path: Path, home: Building, refused: int) -> None:
    busy = {f"reader{number}@example.jp": "450 busy" for number in range(1, refused + 1)}
    with Receiver(Behaviour(rcpt=busy)) as receiver:
        text = (home.home / "mailer.toml").read_text("utf-8").replace("port = 25", f"port = {receiver.port}")
        (home.home / "mailer.toml").write_text(text, "utf-8")
        context = replace(home.mail.context, config=load_config(home.home / "mailer.toml"))
        send.send(context, home.mail.root, REF, RecordedProgress())
        real = len(receiver.accepted)
        now = dt.datetime.now(dt.UTC)
        make(home.config, home.settings, now)
        report = drilled(home, tmp_path / "drill", now + dt.timedelta(hours=1))
        assert len(receiver.accepted) == real == READERS - refused, "nobody outside got anything"
    assert {check.key: check.passed for check in report.checks} == dict.fromkeys(CHECKS, True), report.checks
    assert report.is_passed and {*report.seconds} == {"fetch", "restore", "site", "sending"}
    sending = next(check.words for check in report.checks if check.key == "sending")
    assert f"{refused or READERS} messages, 0 readers with two" in sending
    file = write_report(report, tmp_path / "reports")
    record = json.loads(file.with_suffix(".json").read_text("utf-8"))
    assert record["passed"] is True and [each["check"] for each in record["checks"]] == [check.key for check in report.checks]
    text = file.read_text("utf-8")
    assert all(words in text for words in CHECKS.values()) and "█" in text


def test_a_drill_without_a_whole_snapshot_is_not_passed_and_says_what_could_not_be_tried(tmp_path: Path, home: Building) -> None:
    report = drilled(home, tmp_path / "empty", dt.datetime.now(dt.UTC))
    assert not report.is_passed and report.checks[0].passed is False and "there is none" in report.checks[0].words
    now = dt.datetime.now(dt.UTC)
    made = make(home.config, home.settings, now - dt.timedelta(days=3))
    stored = tmp_path / "disk" / "snapshots" / made.file.name
    stored.write_bytes(stored.read_bytes()[:5000])
    report = drilled(home, tmp_path / "drill", now)
    results = {check.key: check.passed for check in report.checks}
    assert results["outside"] is True and results["whole"] is False and results["sending"] is None
    assert "**NO**" in report.markdown() and "Not passed" in report.markdown()


def test_an_old_snapshot_is_told(tmp_path: Path, home: Building) -> None:
    now = dt.datetime.now(dt.UTC)
    make(home.config, home.settings, now - dt.timedelta(days=3))
    report = drilled(home, tmp_path / "drill", now)
    assert {check.key for check in report.checks if not check.passed} == {"young"}


def test_a_check_that_is_missing_is_no_pass() -> None:
    checks = tuple(Check(key, True, "") for key in CHECKS)
    report = DrillReport(dt.datetime.now(dt.UTC), "x", checks[:-1], {})
    assert not report.is_passed and DrillReport(report.moment, "x", checks, {}).is_passed and "drill" in COMMANDS
