"""Names of authors, replies of relays and words of the command line on a real terminal, in tables, sentences and logs: never a control of theirs."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.command_line import run, run_on_terminal
from tests.mailer.approval.terminal import Terminal
from tests.samples.editors import repository
from tests.samples.mail.mail_bundles import SECRET
from tests.servers.smtp import Behaviour, Receiver

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\[[0-9]*[AK]|\x1b\[\?25[hl]|\r")
"""Colours and the movements of Rich's bars; a stranger's are looked for by what stands in them."""
HOSTILE = "\x1b]0;PWN\x07\x1b[31m\x9b2J\u202e\u2066花子"
ISSUE = "fukko-press/45"


def is_clean(shown: str) -> bool:
    return not OBEYED.search(OURS.sub("", shown).replace("\n", "")) and "\x1b[31mB" not in shown and "\x1b]0" not in shown


def test_the_name_of_an_author_in_git_and_of_an_approver_steer_no_terminal(tmp_path: Path) -> None:
    repository(tmp_path, by=(HOSTILE, "x@example.jp"))
    terminal = Terminal(tmp_path, 1)
    terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
    options = ["--config", str(tmp_path / "mailer.toml"), "--mail", str(tmp_path / "mail")]
    approved = run_on_terminal("approve", ISSUE, "--as", "鈴木 一郎", *options, TODOKE_SECRET=SECRET)
    assert "PWN" in approved and "花子" in approved and is_clean(approved)
    refused = run_on_terminal("approve", ISSUE, "--as", f"鈴木{HOSTILE}", *options, TODOKE_SECRET=SECRET)
    assert is_clean(refused)
    audit = run_on_terminal("audit", *options[:2], TODOKE_SECRET=SECRET)
    assert "PWN" in audit and is_clean(audit)
    for form in ("json", "csv"):
        listed = run("audit", "--format", form, *options[:2], TODOKE_SECRET=SECRET)
        assert b"PWN" in listed.out and not OBEYED.search(listed.out.decode())
    assert json.loads(run("audit", "--format", "json", *options[:2], TODOKE_SECRET=SECRET).out)


def test_the_replies_of_a_relay_steer_no_terminal_in_tables_sentences_and_logs(tmp_path: Path) -> None:
    reply = "550 PWN \x1b]0;x\x07\x1b[31mB no such user"
    with Receiver(Behaviour(rcpt={"a@example.jp": reply, "b@example.jp": reply})) as receiver:
        terminal = Terminal(tmp_path, receiver.port, 'identity = "name"\nauthors = "stated"\n')
        (tmp_path / "mailer.toml").write_text((tmp_path / "mailer.toml").read_text("utf-8").replace('"required"', '"off"'), "utf-8")
        options = ["--config", str(tmp_path / "mailer.toml")]
        terminal.run("subscribers", "import", str(tmp_path / "people.csv"))
        test = run_on_terminal("send", ISSUE, "--test", "a@example.jp", *options, "--mail", str(tmp_path / "mail"), TODOKE_SECRET=SECRET)
        assert "PWN" in test and is_clean(test)
        sent = run("send", ISSUE, "--log", "text", *options, "--mail", str(tmp_path / "mail"), TODOKE_SECRET=SECRET)
        assert b"PWN" in sent.err and not OBEYED.search(sent.err.decode() + sent.out.decode())
    missed = run_on_terminal("who-missed", ISSUE, *options)
    assert "PWN" in missed and is_clean(missed)
