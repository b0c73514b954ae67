"""`todoke snapshot` and `todoke restore`, as an operator types them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples.continuity.two_buildings import Building, building


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Building:
    folder = tmp_path_factory.mktemp("home")
    (folder / "disk").mkdir()
    return building(folder, storages=[f'[[targets]]\nname = "disk"\nkind = "local"\nfolder = "{folder}/disk"\n'])


def todoke(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "todoke", *words]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd()), "PYTHONIOENCODING": "utf-8", "HOME": str(folder), **variables}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def test_a_snapshot_is_shown_made_verified_and_restored(home: Building, tmp_path: Path) -> None:
    shown = todoke(home.home, "snapshot", "--dry-run")
    assert shown.returncode == 0 and "database/todoke.db" in shown.stdout and "何も書いていません" in shown.stdout, shown.stderr
    assert not (home.home / "var" / "snapshots").exists()
    made = todoke(home.home, "snapshot")
    assert made.returncode == 0 and "disk: has it" in made.stdout, made.stderr
    without = todoke(home.home, "snapshot", "--verify")
    assert without.returncode == 1 and "--identity" in without.stderr and without.stderr.count("\n") == 1
    verified = todoke(home.home, "snapshot", "--verify", "--identity", str(home.key))
    assert verified.returncode == 0 and "subscriber 5" in verified.stdout, verified.stderr
    storage = home.home.parent / "disk" / "snapshots"
    tried = todoke(tmp_path, "restore", str(storage), "--into", "there", "--identity", str(home.key), "--dry-run")
    assert tried.returncode == 0 and not (tmp_path / "there").exists(), tried.stderr
    done = todoke(tmp_path, "restore", str(storage), "--into", "there", "--identity", str(home.key))
    assert done.returncode == 0 and "take-over" in done.stdout and "DKIM" in done.stdout, done.stderr
    assert (tmp_path / "there" / "site" / "index.html").is_file()


def test_what_cannot_be_done_is_one_line_and_status_1(home: Building, tmp_path: Path) -> None:
    for words in (["snapshot"], ["restore", ".", "--into", "x", "--identity", str(home.key)], ["restore", ".", "--into", "x"]):
        result = todoke(tmp_path, *words)
        assert result.returncode == 1 and result.stderr.count("\n") == 1, result.stderr
