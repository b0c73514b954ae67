"""The command line, as an operator types it: what is printed and what is returned."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mailer.config import Config
from mailer.database import audit_log, subscriptions
from mailer.database.engine import open_database
from mailer.model.ids import SubscriberId
from tests.mail_bundles import NOW, SECRET, write_config, write_issue, write_lists
from tests.smtp import Manners, Receiver
from todoke import app

CSV = "email,name,lists\n" + "".join(f"reader{n}@example.jp,読者{n},fukko-press\n" for n in range(1, 6))


class Desk:
    """An operator's folder and terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str | None] = {"TODOKE_SECRET": SECRET, "COLUMNS": "200"}
        write_lists(folder / "mail")
        write_issue(folder / "mail")
        (folder / "people.csv").write_text(CSV, "utf-8")

    def types(self, line: str, *, mail: bool = True) -> Result:
        places = ["--config", str(self.folder / "mailer.toml"), *(["--mail", str(self.folder / "mail")] if mail else [])]
        return CliRunner().invoke(app, [*line.replace("FILE", str(self.folder / "people.csv")).split(), *places], env=self.environ)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    write_config(tmp_path)
    return Desk(tmp_path)


def test_a_day_at_the_desk(desk: Desk) -> None:
    with Receiver(Manners(rcpt={"reader2@example.jp": "550 5.1.1 no such user"})) as receiver:
        write_config(desk.folder, receiver.port)
        assert "5 people and 5 subscriptions would be added" in desk.types("subscribers import FILE --dry-run").output
        assert "5 people and 5 subscriptions added" in desk.types("subscribers import FILE").output
        sent = desk.types("send fukko-press/45")
        assert sent.exit_code == 0, sent.output
    assert len(receiver.accepted) == 4
    assert re.search(r"sent 送信済み\W+4", sent.output) and re.search(r"failed 届かない\W+1", sent.output)
    assert json.loads(desk.types("status --json", mail=False).output)["issues"][0]["counts"]["sent"] == 4
    assert "fukko-press/45" in desk.types("status fukko-press/45", mail=False).output
    assert "no such user" in desk.types("who-missed fukko-press/45", mail=False).output
    rows = list(csv.DictReader(io.StringIO(desk.types("who-missed fukko-press/45 --csv", mail=False).output)))
    assert list(rows[0]) == ["address", "state", "code", "text", "when"]
    assert [(row["address"], row["state"], row["code"]) for row in rows] == [("reader2@example.jp", "failed", "550")]


def test_a_rehearsal_of_sending_shows_the_headers_and_no_key(desk: Desk) -> None:
    desk.types("subscribers import FILE")
    desk.environ["TODOKE_SECRET"] = None
    said = desk.types("send fukko-press/45 --dry-run")
    assert said.exit_code == 0
    assert "would go to 5 people. Nothing was sent." in said.output
    assert "List-Unsubscribe: <https://mail.example.jp/unsubscribe/SIGNED-LINK>" in said.output
    assert json.loads(desk.types("status --json", mail=False).output)["issues"] == []


def test_bad_lines_are_named_and_the_status_says_so(desk: Desk) -> None:
    (desk.folder / "people.csv").write_text(CSV + "nobody,x,fukko-press\n", "utf-8")
    said = desk.types("subscribers import FILE")
    assert said.exit_code == 1
    assert "line 7: " in said.output and "5 people" in said.output


@pytest.mark.parametrize(
    ("line", "spoil", "reason"),
    [
        ("send 45", "", "LIST/NUMBER"),
        ("send fukko-press/46", "", "is missing"),
        ("send fukko-press/45", "mail/fukko-press/45/mail.txt", "is missing"),
        ("send fukko-press/45", "mailer.toml", "no such file"),
        ("subscribers import FILE", "people.csv", "cannot be read"),
        ("subscribers import FILE", "mail/lists.json", "is missing"),
    ],
)
def test_what_a_user_can_cause_is_one_line_and_no_traceback(desk: Desk, line: str, spoil: str, reason: str) -> None:
    if spoil:
        (desk.folder / spoil).unlink()
    said = desk.types(line)
    assert said.exit_code == 1
    assert reason in said.stderr and said.stderr.count("\n") == 1
    assert isinstance(said.exception, SystemExit)


def test_status_and_who_missed_of_an_issue_that_was_never_sent(desk: Desk) -> None:
    for line in ("status fukko-press/45", "who-missed fukko-press/45"):
        said = desk.types(line, mail=False)
        assert said.exit_code == 1 and "has not been sent" in said.stderr


def test_without_a_secret_nothing_is_frozen_and_it_is_told_how_to_make_one(desk: Desk) -> None:
    desk.types("subscribers import FILE")
    desk.environ["TODOKE_SECRET"] = None
    said = desk.types("send fukko-press/45")
    assert said.exit_code == 1 and "secrets.token_urlsafe" in said.stderr
    assert json.loads(desk.types("status --json", mail=False).output)["issues"] == []


def test_an_issue_for_nobody_is_not_frozen(desk: Desk) -> None:
    said = desk.types("send fukko-press/45")
    assert said.exit_code == 1 and "subscribers import" in said.stderr
    assert json.loads(desk.types("status --json", mail=False).output)["issues"] == []


def test_orders_about_an_issue(desk: Desk) -> None:
    desk.types("subscribers import FILE")
    with Receiver(
        Manners(rcpt={"reader2@example.jp": "450 busy", "reader3@example.jp": "550 gone"}, drop_after_body={"reader4@example.jp"})
    ) as receiver:
        write_config(desk.folder, receiver.port, connections=1)
        assert "5 people" in desk.types("schedule fukko-press/45 --at 2026-01-01T09:00").output
        assert "paused" in desk.types("pause fukko-press/45", mail=False).output
        held = desk.types("send fukko-press/45")
        assert held.exit_code == 1 and "resume" in held.stderr and receiver.accepted == []
        desk.types("resume fukko-press/45", mail=False)
        desk.types("send fukko-press/45")
        assert sorted(receiver.recipients) == [f"reader{n}@example.jp" for n in (1, 4, 5)]
        receiver.manners.rcpt.clear()
        assert "1 unknown deliveries are now sent" in desk.types("resolve unknown fukko-press/45 --as sent", mail=False).output
        assert "2 people are due now" in desk.types("retry fukko-press/45 --failed", mail=False).output
        assert desk.types("send fukko-press/45").exit_code == 0
    assert sorted(receiver.recipients) == [f"reader{n}@example.jp" for n in range(1, 6)]


def test_every_order_stands_in_the_audit_log(desk: Desk) -> None:
    desk.types("subscribers import FILE")
    write_config(desk.folder, relay='tls = "none"\n[approval]\ndefault = "required"')
    refused = desk.types("schedule fukko-press/45 --at 2999-01-01T09:00")
    assert refused.exit_code == 1 and "not approved" in refused.stderr
    write_config(desk.folder)
    desk.types("schedule fukko-press/45 --at 2999-01-01T09:00")
    for order in ("pause", "resume", "retry", "cancel"):
        desk.types(f"{order} fukko-press/45", mail=False)
    with closing(open_database(Config.load(desk.folder / "mailer.toml").database)) as database:
        steps = [entry.event.what for entry in audit_log.entries(database)]
    assert steps == ["scheduling refused", "scheduled", "paused", "resumed", "retried", "cancelled"]


def test_settings_that_do_not_hold_are_one_line_for_a_schedule_too(desk: Desk) -> None:
    (desk.folder / "mailer.toml").write_text("nothing = 1\n", "utf-8")
    said = desk.types("schedule fukko-press/45 --at 2026-01-01T09:00")
    assert said.exit_code == 1 and isinstance(said.exception, SystemExit)
    assert "mailer.toml" in said.stderr and len(said.stderr.splitlines()) == 1


def test_an_issue_called_off_stays_so(desk: Desk) -> None:
    desk.types("subscribers import FILE")
    desk.types("schedule fukko-press/45 --at 2999-01-01T09:00+09:00")
    early = desk.types("send fukko-press/45")
    assert early.exit_code == 1 and "2999" in early.stderr
    assert "called off for 5 people" in desk.types("cancel fukko-press/45", mail=False).output
    for line in ("send fukko-press/45", "resume fukko-press/45 "):
        assert "called off" in desk.types(line, mail=line.startswith("send")).stderr
    assert json.loads(desk.types("status --json", mail=False).output)["issues"][0]["counts"]["suppressed"] == 5


def test_who_missed_names_those_who_had_left_the_list(desk: Desk) -> None:
    desk.types("subscribers import FILE")
    database = open_database(Config.load(desk.folder / "mailer.toml").database)
    subscriptions.unsubscribe(database, SubscriberId(2), "fukko-press", source="link", now=NOW)
    with Receiver() as receiver:
        write_config(desk.folder, receiver.port)
        desk.types("send fukko-press/45")
    rows = list(csv.DictReader(io.StringIO(desk.types("who-missed fukko-press/45 --csv", mail=False).output)))
    assert [(row["address"], row["state"], row["when"]) for row in rows] == [("reader2@example.jp", "suppressed", NOW.isoformat())]


def test_a_deferred_recipient_asks_to_come_again(desk: Desk) -> None:
    desk.types("subscribers import FILE")
    with Receiver(Manners(rcpt={"reader2@example.jp": "450 busy"})) as receiver:
        write_config(desk.folder, receiver.port)
        said = desk.types("send fukko-press/45")
    assert said.exit_code == 75 and "next try after" in said.output


def test_no_output_ever_holds_a_secret(desk: Desk) -> None:
    said = [desk.types(line).output for line in ("subscribers import FILE", "send fukko-press/45 --dry-run")]
    assert SECRET not in "".join(said)


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
    ],
)
def test_every_command_has_help_in_both_languages(line: str) -> None:
    said = CliRunner().invoke(app, [*line.split(), "--help"])
    assert said.exit_code == 0
    assert re.search(r"[ぁ-ん一-龥]", said.output)
