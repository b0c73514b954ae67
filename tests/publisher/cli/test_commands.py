"""The commands as an operator types them: a release to two mirrors, a dead one, a rollback, a dry run, keys."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import subprocess
from pathlib import Path

import pytest

from mailer.approval import anchors
from mailer.model.audit_log import AuditEvent, AuditSeal, next_entry
from tests.samples.mail.operators import Operator
from tests.samples.publishing.releases import PAGES


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path)
    made = operator.run("release-keys new --root stick --without-passphrase")
    assert made.exit_code == 0 and "minisign -Vm" in made.stdout, made.stderr
    return operator


def test_a_day_of_an_operator(operator: Operator) -> None:
    assert operator.run("releases").stdout.startswith("Nothing was released so far")
    tried = operator.run("release --dry-run")
    assert tried.exit_code == 0 and "6 new" in tried.stdout and "+ index.html" in tried.stdout
    assert not (operator.folder / "www").exists()
    released = operator.run("release")
    assert released.exit_code == 0 and "www: release 1" in released.stdout and "second: release 1" in released.stdout, released.stderr
    operator.write("index.html", "<h1>誤り</h1>")
    assert operator.run("release --mirror www").exit_code == 0
    asked = operator.run("mirrors")
    assert asked.exit_code == 3 and "www: release 2" in asked.stdout and "second: release 1; the newest is 2" in asked.stdout
    assert operator.run("rollback --dry-run").stdout.startswith("release 1 would come back: 1 files written")
    back = operator.run("rollback")
    assert back.exit_code == 0 and "release 3: the files of release 1" in back.stdout, back.stderr
    assert operator.page("www") == operator.page("second") == PAGES["index.html"]
    assert [row["number"] for row in json.loads(operator.run("releases --json").stdout)] == [3, 2, 1]
    key = operator.run("release-keys show").stdout.strip()
    signed = ["minisign", "-Vm", "www/current/.well-known/todoke/manifest.txt", "-P", key]
    assert subprocess.run(signed, cwd=operator.folder, capture_output=True, check=False).returncode == 0
    before = operator.page("www", ".well-known/todoke/metadata/timestamp.json")
    assert operator.run("release-keys renew").exit_code == 0
    assert operator.page("www", ".well-known/todoke/metadata/timestamp.json") != before


def test_a_dead_mirror_holds_up_no_other_and_is_named(operator: Operator) -> None:
    (operator.folder / "second").write_text("no folder", encoding="utf-8")
    released = operator.run("release")
    assert released.exit_code == 3 and "second: FAILED" in released.stderr and "www: release 1" in released.stdout
    assert operator.page("www") == PAGES["index.html"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "www: release 1"),
        ('[[mirrors]]\nname = "www"\nkind = "ftp"\n', "mirrors"),
        ('[[mirrors]]\nname = "www"\nkind = "local"\nfolder = "a"\nfoldr = "b"\n', "foldr"),
        ("[mirrors\n", "publish.toml"),
    ],
)
def test_bad_settings_are_named_on_one_line(operator: Operator, text: str, words: str) -> None:
    if text:
        (operator.folder / "publish.toml").write_text('store = "var/releases"\nkeys = "var/keys"\n' + text, encoding="utf-8")
    released = operator.run("release")
    assert words in released.stdout + released.stderr
    if text:
        assert released.exit_code == 1 and released.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("release --config nowhere.toml", "nowhere.toml"),
        ("release --output nowhere", "no built site"),
        ("release --mirror third", "there is no mirror 'third'"),
        ("rollback 9", "there is no release 9"),
        ("rollback", "further back"),
        ("release-keys new --root stick --without-passphrase", "never overwritten"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(operator: Operator, line: str, words: str) -> None:
    done = operator.run(line)
    assert done.exit_code == 1 and words in done.stderr and done.stderr.count("\n") == 1
    assert not (operator.folder / "www" / "current").exists()


def test_no_key_is_made_for_a_threshold_that_cannot_be_met(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    refused = operator.run("release-keys new --root stick --number 2 --threshold 3 --without-passphrase")
    assert refused.exit_code == 1 and "3 of 2 root keys" in refused.stderr
    assert not (tmp_path / "stick").exists() and not (tmp_path / "var/keys").exists()


@pytest.mark.parametrize("text", ["{", '[{"path": "a"}]', "[1]"])
def test_a_list_of_what_was_held_back_that_cannot_be_read_stops_the_release_in_words(operator: Operator, text: str) -> None:
    (operator.folder / "output/held-back.json").write_text(text, encoding="utf-8")
    refused = operator.run("release")
    assert refused.exit_code == 1 and "held-back.json" in refused.stderr and refused.stderr.count("\n") == 1


def test_a_key_that_others_can_read_signs_nothing(operator: Operator) -> None:
    (operator.folder / "var/keys/release.pem").chmod(0o644)
    released = operator.run("release")
    assert released.exit_code == 1 and "chmod 600" in released.stderr
    assert operator.run("releases").stdout.startswith("Nothing was released so far")


def test_a_release_carries_the_newest_hash_of_the_audit_log(operator: Operator) -> None:
    """The file is written by the mailer's own function: the halves meet in it alone."""
    file = operator.folder / "var/todoke.db.state/audit-anchor"
    manifest = "www/current/.well-known/todoke/manifest.txt"
    assert operator.run("release").exit_code == 0
    assert "# audit-anchor: \n" in (operator.folder / manifest).read_text("utf-8")
    for number in (1, 2):
        entry = next_entry(AuditEvent("x", f"step {number}", "l/1", {}), None, dt.datetime(2026, 3, 11, tzinfo=dt.UTC), AuditSeal())
        anchors.note(file, dataclasses.replace(entry, number=number))
        assert operator.run("release --force" if number == 1 else "rollback 1").exit_code == 0
        assert f"# audit-anchor: {entry.hash}\n" in (operator.folder / manifest).read_text("utf-8")
    file.write_text("nonsense\n", "utf-8")
    refused = operator.run("release")
    assert refused.exit_code == 1 and "no anchor of an audit log" in refused.stderr and refused.stderr.count("\n") == 1


def test_a_release_without_a_change_makes_no_number_and_reaches_the_mirrors_that_lag(operator: Operator) -> None:
    assert operator.run("release --mirror www").exit_code == 0
    before = operator.page("www", ".well-known/todoke/metadata/timestamp.json")
    again = operator.run("release")
    assert again.exit_code == 0 and "nothing changed since release 1" in again.stdout and "second: release 1" in again.stdout, again.stderr
    assert operator.page("second") == PAGES["index.html"]
    assert operator.page("www", ".well-known/todoke/metadata/timestamp.json") != before
    assert [row["number"] for row in json.loads(operator.run("releases --json").stdout)] == [1]
    assert "release 2: 6 files" in operator.run("release --force").stdout


def test_a_release_that_was_kept_and_not_wholly_signed_is_made_anew(operator: Operator) -> None:
    assert operator.run("release").exit_code == 0
    metadata = operator.folder / "var/releases/metadata"
    before = {file.name: file.read_bytes() for file in metadata.iterdir()}
    operator.write("index.html", "<h1>二つ目</h1>")
    assert operator.run("release").exit_code == 0
    for file in metadata.iterdir():
        file.unlink()
    for name, data in before.items():  # the program was killed before it wrote the metadata
        (metadata / name).write_bytes(data)
    assert "release 3: 6 files" in operator.run("release").stdout


def test_repeated_rollbacks_go_one_further_back_each_time_and_never_to_what_was_left(operator: Operator) -> None:
    for text in ("A", "B", "C", "bad"):
        operator.write("index.html", text)
        assert operator.run("release").exit_code == 0
    shown = []
    for _ in range(3):
        assert operator.run("rollback").exit_code == 0
        shown.append(operator.page("www"))
    assert shown == ["C", "B", "A"]
    refused = operator.run("rollback")
    assert refused.exit_code == 1 and "further back" in refused.stderr
    operator.write("index.html", "D")
    assert operator.run("release").exit_code == 0
    assert "the files of release 7" in operator.run("rollback").stdout and operator.page("www") == "A"
    assert "the files of 7" in operator.run("releases").stdout


def test_an_altered_mirror_is_found_and_mended_by_command(operator: Operator) -> None:
    assert operator.run("release").exit_code == 0
    (operator.folder / "www/current/index.html").write_text("DEFACED")
    (operator.folder / "www/current/evil.html").write_text("DEFACED")
    checked = operator.run("mirrors --check")
    assert checked.exit_code == 3 and "second: release 1, every file as released" in checked.stdout
    assert "www: altered or missing" in checked.stderr and "index.html" in checked.stderr and "evil.html" in checked.stderr
    assert operator.page("www") == "DEFACED"
    assert operator.run("mirrors --repair --full").exit_code == 3
    assert operator.page("www") == PAGES["index.html"] and not (operator.folder / "www/current/evil.html").exists()
    assert operator.run("mirrors --check --full").exit_code == 0


def test_a_damaged_store_is_mended_from_the_built_site(operator: Operator) -> None:
    assert operator.run("release").exit_code == 0
    for file in (operator.folder / "var/releases/objects").rglob("*"):
        if file.is_file():
            file.write_text("DEFACED")
    (operator.folder / "www/current/index.html").write_text("DEFACED")
    refused = operator.run("mirrors --repair")
    assert refused.exit_code == 3 and "todoke release --force" in refused.stderr
    assert operator.run("release --force").exit_code == 0 and operator.page("www") == PAGES["index.html"]
