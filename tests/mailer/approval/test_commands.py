"""`todoke approve`, `approvers` and `audit`, from the commit to the anchors."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from mailer.database.engine import open_database
from tests.mailer.approval.terminal import Terminal
from tests.mailer.database.test_audit_log import tamper
from tests.samples.editors import HANAKO, ICHIRO, MAKOTO, Editors, entry, key, repository, write_approvers
from tests.samples.mail.mail_bundles import SOURCE
from tests.servers.smtp import Receiver

ISSUE = "fukko-press/45"


def test_the_commands_from_the_commit_to_the_audit_log(tmp_path: Path) -> None:
    repository(tmp_path, by=HANAKO)
    with Receiver() as receiver:
        terminal = Terminal(tmp_path, receiver.port)
        terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
        dry_run = terminal.run("send", ISSUE, "--dry-run")
        assert "not approved" in dry_run.output, dry_run.output
        assert terminal.run("send", ISSUE).exit_code == 1
        refused = terminal.run("approve", ISSUE, "--as", "佐藤 花子", "--author", "だれか")
        assert refused.exit_code == 1 and "another person" in refused.output
        approved = terminal.run("approve", ISSUE, "--as", "鈴木 一郎")
        assert "approved by 鈴木 一郎 for 2 readers (written by 佐藤 花子)" in approved.output
        assert "nothing proves who it was" in approved.output
        result = terminal.run("send", ISSUE)
        assert result.exit_code == 0, result.output
    assert len(receiver.accepted) == 2
    audit = terminal.run("audit", mail=False)
    assert audit.exit_code == 0
    assert "8 entries, all hashes and seals hold" in audit.output
    assert "Proved since the anchor of entry 8" in audit.output
    assert terminal.run("audit", "--expect", "f" * 64, mail=False).exit_code == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--content", "/nonexistent", "--author", "X"),
        ("--content", "/nonexistent"),
        ("--author", "X"),
        ("--content", "/tmp", "--author", "X"),
    ],
)
def test_no_option_takes_the_place_of_a_commit(tmp_path: Path, options: tuple[str, ...]) -> None:
    repository(tmp_path, by=HANAKO)
    Editors(tmp_path).git("update-index", "--assume-unchanged", "content/mail/fukko-press/45.md")
    (tmp_path / "content/mail/fukko-press/45.md").write_text("別の本文\n", "utf-8")
    terminal = Terminal(tmp_path, 1)
    terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
    result = terminal.run("approve", ISSUE, "--as", "鈴木 一郎", *options)
    assert result.exit_code == 1 and "approved by" not in result.output
    assert "2 entries" in terminal.run("audit", mail=False).output


def test_where_there_is_no_git_the_author_is_stated(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, 1, 'identity = "name"\nauthors = "stated"\n')
    terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
    assert "Name who wrote it with --author" in terminal.run("approve", ISSUE, "--as", "鈴木 一郎").stderr
    assert terminal.run("approve", ISSUE, "--as", "鈴木 一郎", "--author", "鈴木一郎").exit_code == 1
    assert terminal.run("approve", ISSUE, "--as", "鈴木 一郎", "--author", "佐藤 花子").exit_code == 0


def test_with_names_alone_the_file_of_approvers_tells_who_may(tmp_path: Path) -> None:
    """Then kana and Latin letters pass for nobody, and names of different scripts are told apart."""
    repository(tmp_path, by=("Hanako Sato", HANAKO[1]))
    terminal = Terminal(tmp_path, 1)
    terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
    assert "cannot be told from Hanako Sato" in terminal.run("approve", ISSUE, "--as", "すずき いちろう").stderr
    by_name = terminal.run("approve", ISSUE, "--as", ICHIRO[0])
    assert by_name.exit_code == 0 and "were not compared" in by_name.stderr
    write_approvers(tmp_path / "approvers.toml", entry(ICHIRO), entry(HANAKO), entry(MAKOTO, lists='["mailmaga"]'))
    for name, words in (("さとう はなこ", "is not in approvers.toml"), (HANAKO[0], "wrote or committed"), (MAKOTO[0], "may not approve")):
        assert words in terminal.run("approve", ISSUE, "--as", name).stderr
    assert terminal.run("approve", ISSUE, "--as", ICHIRO[0]).exit_code == 0


def test_the_approvers_are_shown_and_checked(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, 1, "")
    missing = terminal.run("approvers")
    assert missing.exit_code == 1 and "fukko-press: nobody may approve" in missing.output
    file = key(tmp_path / "keys", "ichiro")
    write_approvers(tmp_path / "approvers.toml", entry(ICHIRO, file), entry(MAKOTO, key(tmp_path / "keys", "makoto")))
    shown = terminal.run("approvers")
    fingerprint = subprocess.run(["ssh-keygen", "-l", "-f", f"{file}.pub"], check=True, capture_output=True, text=True).stdout.split()[1]
    assert shown.exit_code == 0 and ICHIRO[0] in shown.output and fingerprint in shown.output, shown.output
    assert json.loads(terminal.run("approvers", "--format", "json").stdout)[0]["key"] == fingerprint
    write_approvers(tmp_path / "approvers.toml", entry(ICHIRO, file), entry(MAKOTO))
    alone = terminal.run("approvers")
    assert alone.exit_code == 1 and "高橋 誠 has no public_key" in alone.output and "only 鈴木 一郎 may approve" in alone.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "approver"),
        ("nonsense", "cannot be read"),
        ('[[approver]]\nname = "あ\u200bい"\nmail = "a@example.jp"\nlists = ["*"]', "not seen"),
        ('[[approver]]\nname = "甲 乙"\nmail = "no address"\nlists = ["*"]', "mail"),
        ('[[approver]]\nname = "甲 乙"\nmail = "a@example.jp"\nlists = ["../x"]', "key of a list"),
        ('[[approver]]\nname = "甲 乙"\nmail = "a@example.jp"\nlists = []', "lists"),
        ('[[approver]]\nname = "甲 乙"\nmail = "a@example.jp"\nlists = ["*"]\npublic_key = "ssh-ed25519 AAAA"', "public SSH key"),
        (
            '[[approver]]\nname = "甲 乙"\nmail = "a@example.jp"\nlists = ["*"]\npublic_key = "-----BEGIN OPENSSH PRIVATE KEY-----"',
            "public SSH key",
        ),
        ('[[approver]]\nname = "甲 乙"\nmail = "a@example.jp"\nlists = ["*"]\n' * 2, "look like one person"),
        ('[[approver]]\nname = "甲 乙"\nmail = "a@example.jp"\nlists = ["*"]\npassword = "x"', "password"),
    ],
)
def test_a_file_of_approvers_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, text: str, words: str) -> None:
    terminal = Terminal(tmp_path, 1)
    (tmp_path / "approvers.toml").write_text(text, "utf-8")
    result = terminal.run("approvers")
    assert result.exit_code == 1 and words in result.stderr and len(result.stderr.splitlines()) == 1, result.output


def test_what_somebody_did_in_the_database_is_found_by_the_audit(tmp_path: Path) -> None:
    repository(tmp_path, by=HANAKO)
    terminal, elsewhere = Terminal(tmp_path, 1), tmp_path / "usb" / "anchors.txt"
    elsewhere.parent.mkdir()
    terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
    for _ in range(2):
        terminal.run("approve", ISSUE, "--as", "鈴木 一郎")
    first = terminal.run("audit", "--anchor", str(elsewhere), mail=False)
    assert first.exit_code == 0 and len(elsewhere.read_text("ascii").splitlines()) == 1
    terminal.run("approve", ISSUE, "--as", "鈴木 一郎")
    second = terminal.run("audit", "--anchor", str(elsewhere), mail=False)
    assert "Proved since the anchor of entry 4" in second.output and len(elsewhere.read_text("ascii").splitlines()) == 2
    url = f"sqlite:///{tmp_path / 'var/todoke.db'}"
    definitions = tmp_path / "triggers"
    definitions.write_text("")
    tamper(open_database(url), "DELETE FROM audit WHERE number > 3")
    assert "not guarded" in terminal.run("audit", mail=False).stderr
    with open_database(url).writing() as connection:
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")
        connection.exec_driver_sql("CREATE TRIGGER audit_no_REPLACE BEFORE INSERT ON audit WHEN 0 BEGIN SELECT RAISE(ABORT, 'x'); END")
    assert "cut off" in terminal.run("audit", mail=False).stderr, "the anchor of this machine"
    adopted = terminal.run("audit", "--adopt", mail=False)
    assert adopted.exit_code == 0 and "goes on at entry 4" in adopted.output
    assert "written anew" in terminal.run("audit", "--anchor", str(elsewhere), mail=False).stderr, "the anchors elsewhere"
    assert terminal.run("audit", "--adopt", mail=False).exit_code == 1


def test_a_log_from_before_the_seal_is_confirmed_once(tmp_path: Path) -> None:
    repository(tmp_path, by=HANAKO)
    terminal = Terminal(tmp_path, 1)
    terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
    assert terminal.run("audit", "--seal", mail=False).exit_code == 1
    terminal.run("approve", ISSUE, "--as", "鈴木 一郎")
    (tmp_path / "var/todoke.db.state/audit-anchor").unlink()
    database = open_database(f"sqlite:///{tmp_path / 'var/todoke.db'}")
    tamper(database, "UPDATE audit SET mac = ''")
    with database.writing() as connection:
        for verb in ("UPDATE", "DELETE"):
            connection.exec_driver_sql(f"CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")
        connection.exec_driver_sql("CREATE TRIGGER audit_no_REPLACE BEFORE INSERT ON audit WHEN 0 BEGIN SELECT RAISE(ABORT, 'x'); END")
    unsealed = terminal.run("audit", mail=False)
    assert unsealed.exit_code == 1 and "todoke audit --seal" in unsealed.stderr
    sealed = terminal.run("audit", "--seal", mail=False)
    assert sealed.exit_code == 0 and "Entries 1 to 3 are confirmed" in sealed.output
    assert "not approved" in terminal.run("send", ISSUE).stderr, "what was approved without a seal was approved by nobody"
    assert terminal.run("audit", "--seal", mail=False).exit_code == 1


def test_a_bundle_of_an_older_version_asks_for_a_new_build(tmp_path: Path) -> None:
    repository(tmp_path, by=HANAKO)
    terminal = Terminal(tmp_path, 1)
    file = tmp_path / "mail/fukko-press/45/issue.json"
    file.write_text(json.dumps({key: value for key, value in json.loads(file.read_text("utf-8")).items() if key != "sources"}), "utf-8")
    result = terminal.run("approve", ISSUE, "--as", "鈴木 一郎")
    assert result.exit_code == 1 and "from which sources" in result.stderr
    assert SOURCE


def test_a_file_that_holds_no_anchors_is_not_written_to(tmp_path: Path) -> None:
    terminal, file = Terminal(tmp_path, 1), tmp_path / "letter.txt"
    file.write_text("Dear reader\n", "utf-8")
    terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
    result = terminal.run("audit", "--anchor", str(file), mail=False)
    assert result.exit_code == 1 and "line 1" in result.stderr and file.read_text("utf-8") == "Dear reader\n"
