"""A drill that is really run: the checklist, the report in both forms, and what it says when something is wrong."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from continuity.cli.groups import COMMANDS
from continuity.drill import Drill
from continuity.drill_report import CHECKS, Check, DrillReport, write_report
from continuity.restoring import read_identities, restore
from continuity.snapshots import make
from mailer.config.file import load_config
from mailer.sending import send
from tests.samples.continuity.two_buildings import Building, building
from tests.samples.mail.mail_bundles import REF, SECRET, RecordedProgress
from tests.servers.smtp import Behaviour, Receiver

READERS = 8


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Building:
    monkeypatch.setenv("TODOKE_SECRET", SECRET)
    return made_home(tmp_path)


def made_home(folder: Path, head: str = "") -> Building:
    (folder / "disk").mkdir()
    return building(
        folder, readers=READERS, head=head, storages=[f'[[targets]]\nname = "disk"\nkind = "local"\nfolder = "{folder}/disk"\n']
    )


def drilled(home: Building, folder: Path, moment: dt.datetime, url: str = "") -> DrillReport:
    folder.mkdir()
    return Drill(folder, read_identities(home.key), url, lambda: moment).run(home.settings, ())


def sent_to_all_but(home: Building, refused: int) -> Iterator[Receiver]:
    """The issue was sent for real, to everybody but the first few, who were busy."""
    busy = {f"reader{number}@example.jp": "450 busy" for number in range(1, refused + 1)}
    with Receiver(Behaviour(rcpt=busy)) as receiver:
        text = (home.home / "mailer.toml").read_text("utf-8").replace("port = 25", f"port = {receiver.port}")
        (home.home / "mailer.toml").write_text(text, "utf-8")
        context = replace(home.mail.context, config=load_config(home.home / "mailer.toml"))
        send.send(context, home.mail.root, REF, RecordedProgress())
        yield receiver


@pytest.mark.parametrize(("refused", "database"), [(3, "sqlite"), (0, "postgresql")])
def test_a_drill_goes_through_the_whole_checklist_with_an_issue_half_sent_or_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, refused: int, database: str
) -> None:
    monkeypatch.setenv("TODOKE_SECRET", SECRET)
    own, url = (request.getfixturevalue(f"{kind}database_url_postgres") if database == "postgresql" else "" for kind in ("", "empty_"))
    home = made_home(tmp_path, f'database = "{own}"\n' if own else "")
    for receiver in sent_to_all_but(home, refused):
        real = len(receiver.accepted)
        now = dt.datetime.now(dt.UTC)
        make(home.config, home.settings, now)
        report = drilled(home, tmp_path / "drill", now + dt.timedelta(hours=1), url)
        assert len(receiver.accepted) == real == READERS - refused, "nobody outside got anything"
    assert {check.key: check.passed for check in report.checks} == dict.fromkeys(CHECKS, True), report.checks
    assert report.is_passed and {*report.seconds} == {"fetch", "restore", "site", "sending", "removal"}
    words = {check.key: check.words for check in report.checks}
    assert f"{refused or READERS} messages, 0 readers with two" in words["sending"] and f"subscriber {READERS}" in words["readers"]
    assert [*(tmp_path / "drill").glob("re*")] == []
    if url:
        restore_again = restore([tmp_path / "disk" / "snapshots"], tmp_path / "again", read_identities(home.key), url=url)
        assert restore_again.serving, "the database of the drill is empty again"


def test_a_report_has_both_forms_with_every_line_of_the_checklist(tmp_path: Path) -> None:
    report = DrillReport(dt.datetime.now(dt.UTC), "x", tuple(Check(key, True, "") for key in CHECKS), {"restore": 2.0, "site": 1.0})
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
    report = drilled(home, tmp_path / "drill", now, url="postgresql:///of-another-installation")
    assert {check.key for check in report.checks if not check.passed} == {"young"}


def test_a_check_that_is_missing_is_no_pass() -> None:
    checks = tuple(Check(key, True, "") for key in CHECKS)
    report = DrillReport(dt.datetime.now(dt.UTC), "x", checks[:-1], {})
    assert not report.is_passed and DrillReport(report.moment, "x", checks, {}).is_passed and "drill" in COMMANDS


def test_the_documentation_has_the_checklist_and_a_report_with_each_of_its_lines() -> None:
    text = Path("docs/how-to/drill.md").read_text("utf-8")
    assert [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ") and line.count("|") == 3][1:] == [*CHECKS]
    assert [line.split("|")[2].strip() for line in text.splitlines() if line.startswith("| OK |")] == [*CHECKS.values()]
