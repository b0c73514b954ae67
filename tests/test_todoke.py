"""The one command line: every command is there, in two languages, with the options that all have, and loads only its own half."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from demo import groups as sample
from mailer.cli import groups as mail
from plugins.cli import groups as site
from tests.samples.tiny import make_site
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
        ("send --help", ("pelican", "plugins.frontmatter", "markdown", "alembic")),
    ],
)
def test_a_command_loads_only_its_own_half(command: str, stays_away: tuple[str, ...]) -> None:
    code = f"import sys, todoke\ntry: todoke.app({command.split()!r})\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr.split()
    assert not set(stays_away) & set(loaded)


def test_quiet_leaves_out_what_was_not_asked_for(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    site.article("press/2020/a1.md", "第1話", "2020-01-01")
    places = ["--content", str(site.content), "--publications", str(tmp_path / "publications.toml"), "--now", "2021-03-31T12:00"]
    assert "No errors" in CliRunner().invoke(app, ["check", *places]).output
    quiet = CliRunner().invoke(app, ["check", "--quiet", *places])
    assert (quiet.exit_code, quiet.output) == (0, "")


@pytest.mark.parametrize("line", ["build --now yesterday", "check --explain T999", "new issue no-such-list", "preview --now yesterday"])
def test_a_value_that_makes_no_sense_ends_with_2_and_says_what_to_write(line: str) -> None:
    refused = CliRunner().invoke(app, line.split())
    assert refused.exit_code == 2 and re.search(r"[ぁ-ん]", refused.output)


def test_an_unexpected_error_is_one_line_and_verbose_shows_where() -> None:
    code = (
        "import sys, todoke, plugins.builder.checkout.source_check as s\n"
        "def fail(*_): raise LookupError('broken')\n"
        "s.check_sources = fail\nsys.argv = ['todoke', 'check', *sys.argv[1:]]\ntodoke.main()"
    )
    plain = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert plain.returncode == 70 and "LookupError: broken" in plain.stderr and len(plain.stderr.splitlines()) == 1
    verbose = subprocess.run([sys.executable, "-c", code, "--verbose"], capture_output=True, text=True, check=False)
    assert "Traceback" in verbose.stderr


def test_an_output_that_is_a_file_is_said_in_a_line(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    (tmp_path / "output").write_text("mine", "utf-8")
    places = ["--content", str(site.content), "--publications", str(tmp_path / "publications.toml"), "--output", str(tmp_path / "output")]
    refused = CliRunner().invoke(app, ["build", *places])
    assert refused.exit_code == 1 and "cannot write" in refused.output and (tmp_path / "output").read_text("utf-8") == "mine"
