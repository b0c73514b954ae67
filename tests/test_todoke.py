"""The one command line: every command is there, in two languages, with the options that all have, and loads only its own half."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import pytest
from typer.testing import CliRunner

from demo import groups as sample
from mailer.cli import groups as mail
from plugins.cli import groups as site
from todoke import app

COMMANDS = [*site.COMMANDS, *mail.COMMANDS, *sample.COMMANDS]


@pytest.mark.parametrize("command", [*COMMANDS, *site.GROUPS, *mail.GROUPS])
def test_every_command_and_group_has_help_in_both_languages(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--help"])
    assert shown.exit_code == 0
    assert re.search(r"[ぁ-ん一-龥]", shown.output) and re.search(r"[A-Za-z]{4}", shown.output)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_shows_the_version_and_can_be_quiet_or_verbose(command: str) -> None:
    shown = CliRunner().invoke(app, [*command.split(), "--version"])
    assert (shown.exit_code, shown.output) == (0, f"todoke {version('todoke')}\n")
    help_text = CliRunner().invoke(app, [*command.split(), "--help"]).output
    assert "--quiet" in help_text and "--verbose" in help_text


@pytest.mark.parametrize("line", ["bild", "feeds updat", "send", "build --now", "build --no-such-option", "resolve"])
def test_a_wrong_command_line_ends_with_2(line: str) -> None:
    assert CliRunner().invoke(app, line.split()).exit_code == 2


def test_a_misspelt_command_gets_the_right_name_suggested() -> None:
    assert "Did you mean 'build'" in CliRunner().invoke(app, ["bild"]).output


@pytest.mark.parametrize(
    ("command", "stays_away"),
    [
        ("check --help", ("mailer.database", "aiosmtplib", "pelican", "sqlalchemy")),
        ("send --help", ("pelican", "plugins.frontmatter", "markdown")),
    ],
)
def test_a_command_loads_only_its_own_half(command: str, stays_away: tuple[str, ...]) -> None:
    code = f"import sys, todoke\ntry: todoke.app({command.split()!r})\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split()
    assert not set(stays_away) & set(loaded)
