"""`todoke subscribers list|find|show|add|remove|erase|lift|export|stats|affected-by|expire`, as a clerk types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.samples.mail.mail_bundles import write_config
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import Receiver
from todoke import app

NEW = "new-reader@example.jp"


@pytest.fixture
def office(terminal: Terminal) -> Terminal:
    assert terminal.run("subscribers import FILE").exit_code == 0
    return terminal


def type_in(office: Terminal, line: str, *typed: str, mail: bool = False) -> Result:
    """A command, and what is typed into it."""
    options = ["--config", str(office.folder / "mailer.toml"), *(["--mail", str(office.folder / "mail")] if mail else [])]
    return CliRunner().invoke(app, [*line.split(), *options], input="\n".join(typed) + "\n", env=office.environ)


def add(office: Terminal, *options: str, address: str = NEW) -> Result:
    return type_in(office, " ".join(["subscribers add --list fukko-press --paper 石巻-0042", *options]), address, "新しい 人", mail=True)


def audit(office: Terminal) -> list[dict[str, object]]:
    return list(json.loads(office.run("audit --format json", mail=False).output))


def stats(office: Terminal) -> dict[str, object]:
    return dict(json.loads(office.run("subscribers stats --format json", mail=False).output))


def files(folder: Path) -> str:
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in folder.rglob("*") if path.is_file()).lower()


def test_an_address_that_is_typed_becomes_a_number_with_which_the_others_work(office: Terminal) -> None:
    assert "subscriber 3" in type_in(office, "subscribers find", "READER3@example.jp").output
    assert type_in(office, "subscribers find", "nobody@example.jp").exit_code == 1
    assert type_in(office, "subscribers find", "nobody").exit_code == 2
    shown = json.loads(office.run("subscribers show 3 --format json", mail=False).output)
    assert (shown["address"], shown["subscriptions"][0]["list"], shown["consents"][0]["way"]) == (
        "reader3@example.jp",
        "fukko-press",
        "import",
    )
    assert "line 4" in office.run("subscribers show 3", mail=False).output
    assert office.run("subscribers show 99", mail=False).exit_code == 1


def test_a_paper_form_subscribes_and_its_number_is_the_proof(office: Terminal) -> None:
    words = office.folder / "form-2026.txt"
    words.write_text("みやぎ復興プレスを受け取ります。", "utf-8")
    assert "would be subscribed" in add(office, "--dry-run").output and stats(office)["people"] == 5
    result = add(office, "--words", str(words))
    assert result.exit_code == 0 and "Subscriber 6 is subscribed to fukko-press" in result.output
    shown = json.loads(office.run("subscribers show 6 --format json", mail=False).output)
    assert (shown["consents"][0]["way"], shown["consents"][0]["proof"]) == ("counter", "石巻-0042")
    assert shown["words"][0]["text"] == "みやぎ復興プレスを受け取ります。" and shown["name"] == "新しい 人"
    assert "was already: fukko-press" in add(office).output


def test_who_left_comes_back_with_a_new_form_and_whoever_an_operator_closed_does_not(office: Terminal) -> None:
    assert office.run_words(["subscribers", "remove", "3", "--why", "asked by telephone"], mail=False).exit_code == 0
    assert stats(office)["lists"][0]["left"] == 1  # type: ignore[index]
    assert add(office, address="reader3@example.jp").exit_code == 0
    assert stats(office)["lists"][0]["subscribed"] == 5  # type: ignore[index]
    office.run_words(["subscribers", "erase", "3", "--why", "asked by letter", "--yes"], mail=False)
    assert add(office, address="reader3@example.jp").exit_code == 0, "a signed form lifts the erasure"
    assert "subscriber 6" in type_in(office, "subscribers find", "reader3@example.jp").output


@pytest.mark.parametrize(
    "line",
    ["remove 3", "remove 3 --why x@example.jp", "erase 3", "erase 3 --why a@b.jp", "lift", "add --paper 1", "add --list fukko-press"],
)
def test_without_a_reason_a_list_or_a_form_nothing_is_done(office: Terminal, line: str) -> None:
    result = type_in(office, f"subscribers {line}", "reader3@example.jp", mail=line.startswith("add"))
    assert result.exit_code == 2 and stats(office)["lists"][0]["subscribed"] == 5  # type: ignore[index]


def test_an_erasure_shows_what_goes_asks_and_leaves_the_address_in_no_file(office: Terminal) -> None:
    with Receiver() as receiver:
        write_config(office.folder, receiver.port)
        office.run("send fukko-press/45")
    spool = office.folder / "var" / "inbound" / "failed"
    spool.mkdir(parents=True)
    (spool / "20260311T000000000000-0.mail").write_text('{"sender": ""}\nTo: Reader3@Example.jp\n')
    why = ["--why", "asked by letter"]
    assert "4 rows and 1 received message" in office.run_words(["subscribers", "erase", "3", *why, "--dry-run"], mail=False).output
    assert office.run_words(["subscribers", "erase", "3", *why], mail=False).exit_code == 1, "nobody has said yes"
    assert "reader3@example.jp" in files(office.folder / "var")
    erased = office.run_words(["subscribers", "erase", "3", *why, "--yes"], mail=False)
    assert erased.exit_code == 0 and "Backups" in erased.output
    assert "reader3@example.jp" not in files(office.folder / "var") and "読者3" not in files(office.folder / "var")
    assert "reader4@example.jp" in files(office.folder / "var")
    counts = json.loads(office.run("status --format json", mail=False).output)["issues"][0]["counts"]
    assert counts["sent"] == 5, "what the issue did stays true"
    assert "1 person and" not in office.run("subscribers import FILE").output


def test_a_suppression_is_lifted_with_a_reason_and_subscribes_nobody(office: Terminal) -> None:
    office.run_words(["subscribers", "erase", "3", "--why", "by mistake", "--yes"], mail=False)
    lift = "subscribers lift --why typed-the-wrong-number"
    assert "erased, all lists" in type_in(office, f"{lift} --dry-run", "reader3@example.jp").output
    assert "1 suppression lifted" in type_in(office, lift, "reader3@example.jp").output
    assert stats(office)["suppressed"] == {} and stats(office)["people"] == 4
    assert "1 person and 1 subscription added" in office.run("subscribers import FILE").output


def test_what_is_exported_can_be_imported_and_is_for_this_account_alone(office: Terminal) -> None:
    target = office.folder / "out.csv"
    assert office.run_words(["subscribers", "export", str(target), "--list", "fukko-press"], mail=False).exit_code == 0
    assert target.stat().st_mode & 0o077 == 0 and target.read_text("utf-8").count("reader") == 5
    assert office.run_words(["subscribers", "export", str(target)], mail=False).exit_code == 1, "it is there already"
    (office.folder / "people.csv").write_bytes(target.read_bytes())
    assert "there already: 5" in office.run("subscribers import FILE").output
    office.run_words(["subscribers", "export", str(office.folder / "one.json"), "--subscriber", "3"], mail=False)
    assert json.loads((office.folder / "one.json").read_text("utf-8"))["subscriber"][0]["email"] == "reader3@example.jp"


def test_readers_are_listed_by_list_and_state(office: Terminal) -> None:
    office.run_words(["subscribers", "remove", "3", "--why", "asked"], mail=False)
    rows = json.loads(office.run("subscribers list --state unsubscribed --format json", mail=False).output)
    assert [(row["number"], row["address"], row["list"]) for row in rows] == [(3, "reader3@example.jp", "fukko-press")]
    assert office.run("subscribers list --format csv --limit 2", mail=False).output.count("reader") == 2
    assert "There are more" in office.run("subscribers list --limit 2", mail=False).output
    assert office.run("subscribers list --state gone", mail=False).exit_code == 2


def test_a_leak_is_counted_for_the_report_and_the_people_are_written_for_telling_them(office: Terminal) -> None:
    with Receiver() as receiver:
        write_config(office.folder, receiver.port)
        office.run("send fukko-press/45")
    office.run_words(["subscribers", "erase", "3", "--why", "asked", "--yes"], mail=False)
    found = json.loads(office.run("subscribers affected-by fukko-press/45 --format json", mail=False).output)
    assert (found["people"], found["named"], found["erased"], found["receivers"]) == (4, 4, 1, {"example.jp": 4})
    everybody = office.run_words(["subscribers", "affected-by", "all", "--write", str(office.folder / "tell.csv")], mail=False)
    assert "4 people" in everybody.output and "メールアドレス 4" in everybody.output
    assert (office.folder / "tell.csv").read_text("utf-8").count("@example.jp") == 4


def test_retention_says_what_it_would_erase_and_what_it_erased(office: Terminal) -> None:
    office.run_words(["subscribers", "remove", "3", "--why", "asked"], mail=False)
    assert "0 ended subscriptions" in office.run("subscribers expire --dry-run", mail=False).output
    result = office.run("subscribers expire", mail=False)
    assert result.exit_code == 0 and "0 people erased" in result.output


def test_every_look_and_every_change_is_in_the_audit_log_and_no_address_is(office: Terminal) -> None:
    target = str(office.folder / "out.csv")
    type_in(office, "subscribers find", "reader3@example.jp")
    add(office)
    for words in (
        ["list"],
        ["show", "3"],
        ["remove", "3", "--why", "asked"],
        ["erase", "4", "--why", "asked", "--yes"],
        ["export", target],
        ["affected-by", "all"],
        ["expire"],
    ):
        assert office.run_words(["subscribers", *words], mail=False).exit_code == 0, words
    type_in(office, "subscribers lift --why mistake", "reader4@example.jp")
    entries = audit(office)
    assert [entry["what"] for entry in entries][2:] == [
        "subscriber looked for", "subscriber added", "subscribers listed", "subscriber shown", "subscriber removed", "subscriber erased",
        "subscribers exported", "affected counted", "retention", "suppression lifted",
    ]  # fmt: skip
    assert "@" not in json.dumps(entries)
