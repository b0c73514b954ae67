"""`todoke subscribers import`, as an operator types it: what is shown, what is asked, what is kept in the audit log."""

from __future__ import annotations

import json

import pytest

from tests.samples.mail.mail_terminal import Terminal

JAPANESE = "メールアドレス,氏名,ステータス\r\nin@example.jp,甲,配信中\r\nleft@example.jp,乙,解除\r\nodd@example.jp,丙,休眠\r\n"


@pytest.fixture
def foreign(terminal: Terminal) -> Terminal:
    (terminal.folder / "people.csv").write_bytes(JAPANESE.encode("cp932"))
    return terminal


def subscribed(terminal: Terminal) -> int:
    return int(json.loads(terminal.run("subscribers stats --format json", mail=False).output)["people"])


def test_what_was_guessed_is_shown_with_counts_and_not_imported_without_a_yes(foreign: Terminal) -> None:
    result = foreign.run("subscribers import FILE --list fukko-press")
    assert result.exit_code == 1 and "--yes" in result.stderr
    for words in (
        "Shift_JIS",
        "メールアドレス",
        "email",
        "配信中",
        "解除",
        "left: not subscribed",
        "休眠",
        "1 person and 1 subscription would be added",
    ):
        assert words in result.output
    assert subscribed(foreign) == 0


def test_with_a_yes_only_who_receives_is_subscribed_and_a_word_that_nobody_knows_makes_the_status_1(foreign: Terminal) -> None:
    result = foreign.run("subscribers import FILE --list fukko-press --yes")
    assert result.exit_code == 1 and "1 person and 1 subscription added" in result.output
    assert "not subscribed for their status: 2" in result.output
    assert subscribed(foreign) == 1
    mapped = foreign.run("subscribers import FILE --list fukko-press --yes --map status:休眠=left")
    assert mapped.exit_code == 0 and "there already: 1" in mapped.output


def test_a_dry_run_shows_everything_and_needs_no_secret(foreign: Terminal) -> None:
    foreign.environ["TODOKE_SECRET"] = None
    result = foreign.run("subscribers import FILE --list fukko-press --dry-run")
    assert "would be added" in result.output and "メールアドレス" in result.output


def test_the_audit_log_has_the_file_and_the_numbers_and_no_address(foreign: Terminal) -> None:
    foreign.run("subscribers import FILE --list fukko-press --yes")
    entries = json.loads(foreign.run("audit --format json", mail=False).output)
    text = json.dumps(entries)
    assert "subscribers import begun" in text and "subscribers imported" in text and '"people": "1"' in text
    assert "@example.jp" not in text


@pytest.mark.parametrize(
    "options",
    ["--list nolist", "--map email", "--map colour=3", "--map status:x=maybe", "--map list:x=nolist", "--map format:x=pdf"],
)
def test_an_option_that_cannot_be_understood_is_wrong_usage(foreign: Terminal, options: str) -> None:
    result = foreign.run(f"subscribers import FILE {options}")
    assert result.exit_code == 2 and "there" in result.stderr.lower()
