"""The units of ``deploy/``: systemd reads them, they are hardened, what they run can be typed, and their installation changes nothing else."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.docs.test_examples import problem

UNITS = sorted((*Path("deploy").glob("*.service"), *Path("deploy").glob("*.timer")))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
MOST_EXPOSED = 25
"""Of 100, as `systemd-analyze security` counts: 96 without any hardening."""


def install(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", "install-units", f"DESTDIR={folder}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"MAKEFLAGS": ""})


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units as they are for a program in a temporary folder."""
    home = tmp_path_factory.mktemp("home")
    (home / ".venv/bin").mkdir(parents=True)
    (home / ".venv/bin/todoke").symlink_to("/bin/true")
    done = install(home / "image", f"TODOKE_HOME={home}", "TODOKE_USER=news")
    assert done.returncode == 0, done.stderr
    return home / "image/usr/local/lib/systemd/system"


def test_systemd_finds_no_fault_in_any_unit(installed: Path) -> None:
    names = sorted(path.name for path in installed.iterdir())
    assert names == sorted(unit.name for unit in UNITS) and len(names) > 8
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *names], cwd=installed, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_each_service_is_hardened(installed: Path, unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", unit.name]
    done = subprocess.run(command, cwd=installed, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    text = unit.read_text("utf-8")
    assert {"NoNewPrivileges=true", "ProtectSystem=strict", "PrivateTmp=true"} <= set(text.splitlines()) and "UMask=" in text


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_what_a_service_runs_can_be_typed(unit: Path) -> None:
    (command,) = re.findall(r"^ExecStart=/srv/todoke/\.venv/bin/todoke (.+)$", unit.read_text("utf-8"), re.MULTILINE)
    assert problem(shlex.split(command)) is None


def test_the_account_and_the_place_are_those_that_were_asked_for(installed: Path) -> None:
    text = "".join(path.read_text("utf-8") for path in installed.iterdir())
    assert "User=news" in text and "User=todoke" not in text and "/srv/todoke" not in text


def test_a_dry_run_writes_nothing_and_a_repetition_changes_nothing(tmp_path: Path) -> None:
    tried = install(tmp_path / "image", "DRY_RUN=1")
    assert tried.returncode == 0 and "todoke-publish.service: new" in tried.stdout and not (tmp_path / "image").exists()
    assert "todoke-publish.service: new" in install(tmp_path / "image").stdout
    unit = tmp_path / "image/usr/local/lib/systemd/system/todoke-publish.service"
    assert unit.read_text("utf-8") == Path("deploy/todoke-publish.service").read_text("utf-8")
    unit.write_text("changed by hand", "utf-8")
    again = install(tmp_path / "image").stdout
    assert "todoke-publish.service: replaced" in again and "todoke-work.service: unchanged" in again


@pytest.mark.parametrize("words", ["TODOKE_HOME=relative", "TODOKE_USER=a|b", "TODOKE_HOME=/a b"])
def test_a_name_that_would_spoil_a_unit_is_refused(tmp_path: Path, words: str) -> None:
    refused = install(tmp_path, words)
    assert refused.returncode != 0 and "TODOKE_HOME" in refused.stderr and list(tmp_path.iterdir()) == []
