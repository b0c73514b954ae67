"""`todoke dmarc`, and reports that come by mail: kept once, about our domains only, on both databases."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailer.bounces import mime
from mailer.database.engine import Database, create_database
from mailer.database.returned import dmarc_reports
from mailer.dmarc.attachment import ReportUnreadable
from mailer.inbound import dmarc
from mailer.inbound.dmarc import ReportReader
from tests.samples.mail.dmarc_reports import END, USUAL, mailed, record, report, zipped
from tests.samples.mail.mail_bundles import NOW, make_database, write_config
from tests.samples.mail.mail_terminal import Terminal


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(create_database(database_url)) as opened:
        yield opened


def test_a_report_counts_once_and_the_sources_of_several_are_added_up(database: Database) -> None:
    assert dmarc.take(database, USUAL, (), NOW) == dmarc.take(
        database, gzip.compress(report(record("192.0.2.25", 10), number="2")), (), NOW
    )
    assert "before" in dmarc.take(database, zipped(USUAL), (), NOW)
    dmarc.take(database, report(record("192.0.2.25", 1), organization="other.example"), (), NOW)
    rows = dmarc_reports.by_source(database, since=END)
    assert [(row.address, row.number, row.passed, row.dkim, row.spf, row.refused, row.organizations) for row in rows] == [
        ("192.0.2.25", 134, 134, 134, 131, 0, 2),
        ("203.0.113.9", 40, 0, 0, 0, 40, 1),
        ("2001:db8::25", 7, 7, 0, 7, 0, 1),
    ]
    assert dmarc_reports.by_source(database, since=END + timedelta(seconds=1)) == ()
    assert dmarc_reports.by_source(database, since=END, domains=["other.example"]) == ()


def test_old_reports_are_deleted_and_a_flood_of_them_is_not_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    dmarc.take(database, USUAL, (), NOW - timedelta(days=500))
    dmarc.take(database, report(record("192.0.2.1", 1), number="new"), (), NOW)
    assert [row.address for row in dmarc_reports.by_source(database, since=END)] == ["192.0.2.1"]
    monkeypatch.setattr(dmarc, "MOST_A_DAY", 1)
    with pytest.raises(ReportUnreadable, match="within a day"):
        dmarc.take(database, report(number="one more"), (), NOW)


def test_reports_that_come_by_mail_are_about_our_domains(database: Database) -> None:
    reader = ReportReader(database, lambda: {"news.example.jp"})
    kept = reader.take_report(mime.parse(mailed()), NOW)
    assert kept is not None and (kept.event, kept.pile) == ("report of DMARC kept", "")
    strange = reader.take_report(mime.parse(mailed(report(record("192.0.2.1", 1), domain="evil.example"))), NOW)
    assert strange is not None and "none of ours" in strange.pile
    broken = reader.take_report(mime.parse(mailed(b"<feedback>")), NOW)
    assert broken is not None and "cannot be read" in broken.pile
    assert reader.take_report(mime.parse(b"Subject: hello\r\n\r\nhello\r\n"), NOW) is None


def test_reports_are_read_by_hand_and_shown_by_source(tmp_path: Path) -> None:
    make_database(write_config(tmp_path, relay='tls = "none"\n[authentication]\naddresses = ["192.0.2.25"]\n'))
    terminal = Terminal(tmp_path)
    assert "No reports yet" in terminal.run("dmarc", mail=False).stdout
    recent = datetime.now(UTC) - timedelta(days=1)  # the command asks the wall clock
    for name, content in (
        ("a.xml", report(record("192.0.2.25", 123), record("203.0.113.9", 40, dkim="fail", spf="fail"), end=recent)),
        ("b.zip", zipped(report(record("192.0.2.25", 5), number="2", end=recent))),
        ("c.eml", mailed(report(number="3"))),
    ):
        (tmp_path / name).write_bytes(content)
    read = terminal.run(f"dmarc {tmp_path / 'a.xml'} {tmp_path / 'b.zip'} {tmp_path / 'c.eml'} --days 30 --format json", mail=False)
    assert read.exit_code == 0 and read.stdout.count("kept") == 3
    rows = json.loads(terminal.run("dmarc --days 30 --format json", mail=False).stdout)
    assert next((row["address"], row["ours"], row["number"]) for row in rows) == ("192.0.2.25", True, 128)
    assert "203.0.113.9" in terminal.run("dmarc --days 30", mail=False).stdout
    assert terminal.run("dmarc --days 30 --format csv", mail=False).stdout.startswith("address,ours,header_from,number")


@pytest.mark.parametrize("content", [b"From: a@b\r\n\r\nhello\r\n", b"<html/>", b"\x1f\x8b", b""])
def test_a_file_that_is_no_report_is_told_with_its_name(tmp_path: Path, content: bytes) -> None:
    make_database(write_config(tmp_path))
    (tmp_path / "x.xml").write_bytes(content)
    result = Terminal(tmp_path).run(f"dmarc {tmp_path / 'x.xml'}", mail=False)
    assert result.exit_code == 1 and "x.xml" in result.stderr and "Traceback" not in result.output
