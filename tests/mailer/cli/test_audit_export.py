"""`todoke audit-export`: the mailer's part for an auditor, with numbers and signatures and without an address."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import Result

from mailer.cli.audit_export import mask
from mailer.database import audit_log
from mailer.database.engine import open_database
from mailer.model.audit_log import AuditEvent
from tests.mailer.approval.terminal import Terminal
from tests.mailer.database.test_audit_log import tamper
from tests.samples.editors import HANAKO, ICHIRO, entry, key, repository, write_approvers
from tests.samples.mail.mail_bundles import SEAL
from tests.servers.smtp import Receiver

ISSUE = "fukko-press/45"
TODAY = dt.datetime.now(dt.UTC).date()  # the commands read the wall clock
RANGE = ("--from", str(TODAY - dt.timedelta(days=1)), "--to", str(TODAY + dt.timedelta(days=1)))


def export(terminal: Terminal, *words: str) -> Result:
    return terminal.run("audit-export", *(words or RANGE), mail=False)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """A signed approval, a test send to a subscriber, and the issue sent to two readers. The tests only look at it, but for the last one."""
    tmp_path = tmp_path_factory.mktemp("mailer")
    repository(tmp_path, by=HANAKO)
    with Receiver() as receiver:
        terminal = Terminal(tmp_path, receiver.port, "")
        of_older_version = AuditEvent("operator", "test begun", ISSUE, {"to": "a@example.jp", "addresses": "1"})
        with closing(open_database(f"sqlite:///{terminal.folder / 'var/todoke.db'}", SEAL)) as database:
            audit_log.append(database, of_older_version, now=dt.datetime.now(dt.UTC))
        write_approvers(tmp_path / "approvers.toml", entry(ICHIRO, key(tmp_path / "keys", "ichiro")))
        terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
        assert terminal.run("approve", ISSUE, "--as", ICHIRO[0], "--key", str(tmp_path / "keys" / "ichiro")).exit_code == 0
        assert terminal.run("send", ISSUE, "--test", "a@example.jp").exit_code == 0
        assert terminal.run("send", ISSUE).exit_code == 0
    return terminal


def test_counts_log_and_approvals_come_out_without_an_address(sent: Terminal, tmp_path: Path) -> None:
    done = export(sent)
    assert done.exit_code == 0, done.output
    assert "@" not in done.stdout
    record = json.loads(done.stdout)
    assert record["log"]["verified"] and record["log"]["anchors"][-1]["hash"] == record["log"]["newest"]
    (issue,) = record["issues"]
    assert (issue["list"], issue["number"], issue["deliveries"], issue["counts"]["sent"]) == ("fukko-press", "45", 2, 2)
    tests = [each for each in record["log"]["entries"] if each["what"] == "test begun"]
    assert tests[0]["masked"] and tests[0]["details"] == {"to": "(address)", "addresses": "1"}
    assert not tests[1]["masked"] and tests[1]["details"] == {"addresses": "1", "domains": "example.jp"}
    (approval,) = record["approvals"]
    for name in ("statement", "signature", "allowed_signers"):
        (tmp_path / name).write_text(approval[name], encoding="utf-8")
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", "approver", "-n", "todoke-approve", "-s", "signature"]
    checked = subprocess.run(command, cwd=tmp_path, input=approval["statement"].encode(), capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert export(sent).stdout == done.stdout, "the same database gives the same bytes"


def test_only_the_days_asked_for_come_out_and_the_chain_of_their_entries_holds(sent: Terminal) -> None:
    tamper_free = json.loads(export(sent).stdout)["log"]["entries"]
    assert [each["previous"] for each in tamper_free[1:]] == [each["hash"] for each in tamper_free[:-1]]
    old = export(sent, "--from", "2020-01-01", "--to", "2020-12-31")
    record = json.loads(old.stdout)
    assert old.exit_code == 0 and record["log"]["verified"] and record["log"]["entries_in_all"] == len(tamper_free)
    assert record["log"]["entries"] == record["issues"] == record["approvals"] == []


def test_a_broken_log_is_exported_says_so_and_ends_with_1(sent: Terminal) -> None:
    tamper(open_database(f"sqlite:///{sent.folder / 'var/todoke.db'}"), "UPDATE audit SET actor = 'somebody' WHERE number = 1")
    done = export(sent)
    record = json.loads(done.stdout)
    assert done.exit_code == 1 and not record["log"]["verified"] and "not guarded" in record["log"]["problem"]
    assert record["log"]["entries"][0]["actor"] == "somebody"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "2026-04-01", "--to", "2026-03-31"), "is before"),
        (("--from", "april", "--to", "2026-03-31"), "is not a day"),
        (("--from", "0001-01-01", "--to", "0001-01-02"), "cannot be counted with"),
    ],
)
def test_days_that_are_none_are_wrong_usage(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = export(Terminal(tmp_path, 1), *words)
    assert done.exit_code == 2 and told in done.stderr


@pytest.mark.parametrize(
    "address",
    ["a@example.jp", '"a b"@example.jp', "a..b.@docomo.ne.jp", "a+b/c=d@[192.0.2.1]", "A@例え.jp", "<x@example.jp>", "a@b@example.jp"],
)
def test_no_form_of_an_address_outlives_the_mask(address: str) -> None:
    shown = mask(f"refused by relay, 宛先 {address}、次 {address}; end")
    assert "@" not in shown and not re.search(r"example|docomo|192|例え", shown) and shown.endswith("; end")
