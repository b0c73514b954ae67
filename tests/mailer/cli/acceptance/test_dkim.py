"""`todoke dkim`: from a setting to signed mail, on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.mailer.message.dkim.judges import dkimpy_accepts
from tests.samples.mail.mail_bundles import make_database, write_config
from tests.samples.mail.mail_terminal import Terminal
from tests.servers.smtp import Receiver

TABLE = 'tls = "none"\n[dkim]\ndomains = ["example.jp"]\n'


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    make_database(write_config(tmp_path, relay=TABLE))
    return Terminal(tmp_path)


def records(output: str) -> dict[str, str]:
    """Name → text of the zone lines in a command's output."""
    lines = re.findall(r"^(\S+)\. IN TXT \( (.+) \)$", output, re.MULTILINE)
    return {name: "".join(re.findall('"([^"]*)"', strings)) for name, strings in lines}


def test_keys_are_made_once_and_what_is_printed_is_what_verifies(terminal: Terminal) -> None:
    made = terminal.run("dkim new", mail=False)
    assert made.exit_code == 0 and set(records(made.stdout)) == {"todoke1._domainkey.example.jp", "todoke2._domainkey.example.jp"}
    assert (
        records(terminal.run("dkim record", mail=False).stdout)
        == records(terminal.run("dkim new", mail=False).stdout)
        == records(made.stdout)
    )
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port, relay=TABLE)
        assert terminal.run("subscribers import FILE").exit_code == 0
        assert terminal.run("send fukko-press/45 --test a@example.jp").exit_code == 0
        assert terminal.run("send fukko-press/45").exit_code == 0
    assert len(receiver.accepted) == 6 and all(dkimpy_accepts(message.content, records(made.stdout)) for message in receiver.accepted)


def test_a_rotation_is_shown_before_it_is_done_and_the_old_key_stays(terminal: Terminal) -> None:
    before = records(terminal.run("dkim new", mail=False).stdout)
    dry = terminal.run("dkim rotate example.jp --dry-run", mail=False)
    assert dry.exit_code == 0 and "todoke1 signs; todoke2 would sign" in dry.output
    assert "todoke1: signs now" in terminal.run("dkim record", mail=False).output
    assert "todoke2 signs from now on" in terminal.run("dkim rotate example.jp", mail=False).output
    shown = terminal.run("dkim record", mail=False).output
    assert "todoke2: signs now" in shown and records(shown) == before
    after = records(terminal.run("dkim new --waiting example.jp", mail=False).stdout)
    assert {name for name in before if before[name] != after[name]} == {"todoke1._domainkey.example.jp"}


def test_without_keys_nothing_is_sent_unsigned(terminal: Terminal) -> None:
    with Receiver() as receiver:
        write_config(terminal.folder, receiver.port, relay=TABLE)
        assert terminal.run("subscribers import FILE").exit_code == 0
        result = terminal.run("send fukko-press/45")
    assert result.exit_code == 1 and "todoke dkim new example.jp" in result.stderr and receiver.accepted == []


@pytest.mark.parametrize("line", ["dkim rotate other.example", "dkim record other.example", "dkim new other.example"])
def test_a_domain_that_is_not_in_the_settings_is_a_mistake_in_typing(terminal: Terminal, line: str) -> None:
    assert terminal.run(line, mail=False).exit_code == 2


def test_without_the_table_the_command_says_what_to_write(terminal: Terminal) -> None:
    write_config(terminal.folder)
    result = terminal.run("dkim new", mail=False)
    assert result.exit_code == 1 and "[dkim]" in result.stderr and not (terminal.folder / "var" / "dkim").exists()
