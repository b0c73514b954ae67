"""What the commands print: times, tables at every width, JSON and CSV, colours, quiet."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from mailer.cli.screen.japanese import SENTENCES
from mailer.config.file import load_config
from mailer.database.deliveries import ledger
from mailer.database.engine import open_database
from mailer.model.errors import TodokeMailError
from mailer.model.ids import IssueId
from mailer.model.issue import IssueRef
from mailer.model.state import DeliveryState
from tests.samples.mail.mail_bundles import NOW, write_config, write_issue
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import Behaviour, Receiver


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
        listing = output.partition("\n6 entries")[0]  # the sentence after it is for the terminal to wrap
        assert max(map(cell_len, listing.splitlines())) <= width, line
        expected = {
            "who-missed fukko-press/45": ["reader2@example.jp", "reader3@example.jp"],
            "audit": ["3 frozen", "4 scheduled"],
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
