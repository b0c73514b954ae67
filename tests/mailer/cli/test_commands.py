"""The command line, as an operator types it: what is printed and what is returned."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import closing
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from mailer.cli.japanese import SENTENCES
from mailer.config.file import load_config
from mailer.database import audit_log, ledger, subscriptions
from mailer.database.engine import open_database
from mailer.model.errors import TodokeMailError
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import IssueRef
from mailer.model.state import DeliveryState
from tests.samples.mail_bundles import NOW, SECRET, make_database, write_config, write_issue, write_lists
from tests.servers.smtp import Behaviour, Receiver
from todoke import app

CSV = "email,name,lists\n" + "".join(f"reader{n}@example.jp,読者{n},fukko-press\n" for n in range(1, 6))


class Terminal:
    """An operator's folder and terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str | None] = {"TODOKE_SECRET": SECRET, "COLUMNS": "200"}
        write_lists(folder / "mail")
        write_issue(folder / "mail")
        (folder / "people.csv").write_text(CSV, "utf-8")

    def run(self, line: str, *, mail: bool = True) -> Result:
        return self.run_words(line.replace("FILE", str(self.folder / "people.csv")).split(), mail=mail)

    def run_words(self, words: list[str], *, mail: bool) -> Result:
        options = ["--config", str(self.folder / "mailer.toml"), *(["--mail", str(self.folder / "mail")] if mail else [])]
        return CliRunner().invoke(app, [*words, *options], env=self.environ)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    make_database(write_config(tmp_path))
    return Terminal(tmp_path)


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
    assert steps == ["scheduling refused", "frozen", "scheduled", "paused", "resumed", "retried", "cancelled"]


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


def test_times_are_in_the_zone_of_the_site_with_its_name_or_in_utc(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    assert "not before 2999-03-11 14:46 JST" in terminal.run("schedule fukko-press/45 --at 2999-03-11T14:46").output
    assert "2999-03-11 14:46 JST" in terminal.run("schedule", mail=False).output
    assert "2999-03-11 05:46 UTC" in terminal.run("schedule --utc", mail=False).output
    assert "JST" in terminal.run("status", mail=False).output and "JST" not in terminal.run("status --utc", mail=False).output
    assert " JST" in terminal.run("audit", mail=False).output and " UTC" in terminal.run("audit --utc", mail=False).output
    assert "2999-03-11 14:46 JST" in terminal.run("send fukko-press/45").stderr
    write_config(terminal.folder, head='time_zone = "Pacific/Auckland"\n')
    assert "2999-03-11 18:46 NZDT" in terminal.run("schedule", mail=False).output


def test_what_is_scheduled_is_listed_until_it_is_cancelled(terminal: Terminal) -> None:
    assert "Nothing is scheduled." in terminal.run("schedule", mail=False).output
    terminal.run("subscribers import FILE")
    terminal.run("schedule fukko-press/45 --at 2999-03-11T14:46")
    listed = json.loads(terminal.run("schedule --format json", mail=False).output)
    assert listed == [
        {
            "list": "fukko-press",
            "number": "45",
            "status": "scheduled",
            "send_at": "2999-03-11T05:46:00+00:00",
            "due": 5,
            "end": "2999-03-18T05:46:00+00:00",
        }
    ]
    assert (
        terminal.run("schedule --format csv", mail=False).output.splitlines()[1]
        == "fukko-press,45,scheduled,2999-03-11T05:46:00+00:00,5,2999-03-18T05:46:00+00:00"
    )
    terminal.run("cancel fukko-press/45", mail=False)
    assert json.loads(terminal.run("schedule --format json", mail=False).output) == []


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("status", ["list", "number", "class", "status", "frozen_at", "send_at"]),
        ("who-missed fukko-press/45", ["address", "state", "code", "text", "when"]),
        ("audit", ["number", "at", "what", "issue", "actor", "details", "hash", "mac"]),
        ("schedule", ["list", "number", "status", "send_at", "due", "end"]),
    ],
)
def test_what_is_listed_is_also_json_and_csv(terminal: Terminal, line: str, columns: list[str]) -> None:
    terminal.run("subscribers import FILE")
    terminal.run("schedule fukko-press/45 --at 2999-03-11T14:46")
    table = list(csv.reader(io.StringIO(terminal.run(f"{line} --format csv", mail=False).stdout)))
    assert table[0][: len(columns)] == columns and len(table) > 1
    value = json.loads(terminal.run(f"{line} --format json", mail=False).stdout)
    rows = value["issues"] if isinstance(value, dict) else value
    assert len(rows) == len(table) - 1
    assert set(columns) <= set(rows[0])
    documented = Path("docs/reference/machine-output.md").read_text("utf-8")
    assert [name for name in {*table[0], *rows[0], *(value if isinstance(value, dict) else ())} if f"`{name}`" not in documented] == []


def test_the_older_options_for_json_and_csv_still_work(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    terminal.run("schedule fukko-press/45 --at 2999-03-11T14:46")
    for old, new in (
        ("status --json", "status --format json"),
        ("who-missed fukko-press/45 --csv", "who-missed fukko-press/45 --format csv"),
    ):
        assert terminal.run(old, mail=False).output == terminal.run(new, mail=False).output


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_at_every_width_each_row_shows_whole_what_it_is_about(terminal: Terminal, width: int) -> None:
    terminal.environ["COLUMNS"] = str(width)
    terminal.run("subscribers import FILE")
    for number in ("45", "46"):
        write_issue(terminal.folder / "mail", IssueRef("fukko-press", number))
        terminal.run(f"schedule fukko-press/{number} --at 2999-03-11T14:46")
    database = open_database(load_config(terminal.folder / "mailer.toml").database)
    for state in (DeliveryState.SUPPRESSED, DeliveryState.EXPIRED):
        ledger.change_state(database, IssueId(1), {DeliveryState.PENDING}, state, now=NOW, address=f"reader{len(state) % 5 + 1}@example.jp")
    for line in ("status", "schedule", "who-missed fukko-press/45", "audit"):
        output = terminal.run(line, mail=False).output
        listing = output.partition("\n4 entries")[0]  # the sentence after it is for the terminal to wrap
        assert max(map(cell_len, listing.splitlines())) <= width, line
        expected = {
            "who-missed fukko-press/45": ["reader2@example.jp", "reader3@example.jp"],
            "audit": ["1 frozen", "2 scheduled"],
        }.get(line, ["fukko-press/45", "fukko-press/46"])
        assert [name for name in expected if name not in output] == [], output
        assert "…" not in output


def test_quiet_prints_only_what_was_asked_for_and_what_is_wrong(terminal: Terminal) -> None:
    assert terminal.run("subscribers import FILE --quiet").output == ""
    with Receiver(Behaviour(rcpt={"reader2@example.jp": "550 no such user"})) as receiver:
        write_config(terminal.folder, receiver.port)
        assert terminal.run("send fukko-press/45 --quiet").output == ""
    assert terminal.run("pause fukko-press/45 --quiet", mail=False).output == ""
    assert "fukko-press/45" in terminal.run("status --quiet", mail=False).output
    assert "reader2@example.jp" in terminal.run("who-missed fukko-press/45 --quiet", mail=False).output
    assert terminal.run("resume fukko-press/46 --quiet", mail=False).stderr != ""


def test_no_color_leaves_the_colours_out(terminal: Terminal) -> None:
    terminal.run("subscribers import FILE")
    with Receiver(Behaviour(rcpt={"reader2@example.jp": "550 no such user"})) as receiver:
        write_config(terminal.folder, receiver.port)
        terminal.run("send fukko-press/45")
    terminal.environ["FORCE_COLOR"] = "1"
    coloured = terminal.run("who-missed fukko-press/45", mail=False).output
    terminal.environ["NO_COLOR"] = "1"
    plain = terminal.run("who-missed fukko-press/45", mail=False).output
    assert re.search(r"\x1b\[[0-9;]*3\dm", coloured) and not re.search(r"\x1b\[[0-9;]*3\d", plain)


def test_every_error_of_the_mailer_has_a_sentence_in_japanese() -> None:
    def below(error: type[TodokeMailError]) -> set[type[TodokeMailError]]:
        return {error}.union(*map(below, error.__subclasses__()))

    own = {error for error in below(TodokeMailError) if error.__module__.startswith("mailer.")}
    assert len(own) > 20
    assert sorted(error.__name__ for error in own - set(SENTENCES)) == []
