"""A drill that is overdue or was not passed is told by `todoke status` and by `todoke doctor`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from continuity.drill_report import CHECKS, Check, DrillReport, write_report
from tests.samples.mail.mail_bundles import write_config
from tests.samples.mail.mail_terminal import Terminal


@pytest.mark.parametrize(
    ("passed", "days", "words"),
    [(True, 0, ""), (False, 0, "was not passed"), (True, 400, "days old"), (None, 0, "there is none")],
)
def test_status_and_doctor_tell_of_a_drill_that_is_overdue_failed_or_was_never_held(
    tmp_path: Path, passed: bool | None, days: int, words: str
) -> None:
    write_config(tmp_path, 25, relay='tls = "none"\n[doctor]\ndrill = "var/drills"\n')
    terminal = Terminal(tmp_path)
    terminal.run("init-db", mail=False)
    if passed is not None:
        checks = tuple(Check(key, passed or key == "outside", "") for key in CHECKS)
        moment = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
        write_report(DrillReport(moment, "todoke-x", checks, {"restore": 1.0}), tmp_path / "var" / "drills")
    status, doctor = terminal.run("status", mail=False), terminal.run("doctor --offline", mail=False)
    if words:
        assert "復旧訓練" in status.stderr and words in status.stderr, status.stderr
        assert doctor.exit_code != 0 and words in " ".join(doctor.output.split())
    else:
        assert "復旧訓練" not in status.stderr


def test_a_report_that_cannot_be_read_is_no_pass(tmp_path: Path) -> None:
    write_config(tmp_path, 25, relay='tls = "none"\n[doctor]\ndrill = "var/drills"\n')
    terminal = Terminal(tmp_path)
    terminal.run("init-db", mail=False)
    (tmp_path / "var" / "drills").mkdir()
    (tmp_path / "var" / "drills" / "drill-20261129T000000Z.json").write_text("{")
    assert "was not passed" in terminal.run("status", mail=False).stderr
