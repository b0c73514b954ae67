"""A department's repository: a tiny site with a picture, built once by the real build, and released."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import todoke
from tests.samples.tiny import TinySite, make_site

PROJECT = Path(__file__).parents[3]
CONFIG = 'store = "var/releases"\nkeys = "var/keys"\n[[mirrors]]\nname = "www"\nkind = "local"\nfolder = "var/www"\n'


@dataclass(frozen=True)
class Checkout:
    """A clone in which somebody builds and releases."""

    folder: Path

    @property
    def site(self) -> Path:
        return self.folder / "output" / "site"

    @property
    def mirror(self) -> Path:
        """What the public sees."""
        return self.folder / "var" / "www" / "current"

    def git(self, *arguments: str) -> str:
        """Run Git here and return what it prints."""
        names = ["-c", "user.name=編集者", "-c", "user.email=editor@example.jp", "-c", "commit.gpgsign=false"]
        return subprocess.run(
            ["git", "-C", str(self.folder), *names, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    def run(self, line: str) -> Result:
        """Type a command in this folder."""
        with contextlib.chdir(self.folder):
            return CliRunner().invoke(todoke.app, line.split())

    def build(self, *, status: int = 0) -> None:
        """Build in a process of its own, as people do: what is imported in this one must not count."""
        command = [sys.executable, "-m", "todoke", "build", "--now", "2021-03-31T12:00", "--site-url", "https://press.example.jp"]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | {"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stderr

    def change_provenance(self, **changed: object) -> None:
        """Write other words into the record that the build left."""
        file = self.folder / "output" / "provenance.json"
        file.write_text(json.dumps(json.loads(file.read_bytes()) | changed), encoding="utf-8")


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("department") / "clone"
    folder.mkdir()
    tiny: TinySite = make_site(folder)
    tiny.article("press/2020/bridge.md", "橋が通れます", lead="最初の段落です。\n\n![橋](../../images/sea.png)")
    tiny.image()
    shutil.copytree(PROJECT / "themes", folder / "themes")
    shutil.copy(PROJECT / "pelicanconf.py", folder)
    (folder / "publish.toml").write_text(CONFIG, encoding="utf-8")
    (folder / ".gitignore").write_text("output/\nvar/\n__pycache__/\n", encoding="utf-8")
    (folder / ".gitattributes").write_text("content/images export-ignore\n", encoding="utf-8")
    checkout = Checkout(folder)
    checkout.git("init", "-q")
    checkout.git("add", "-A")
    checkout.git("commit", "-q", "-m", "橋")
    checkout.build()
    assert checkout.run("release-keys new --root var/stick --without-passphrase").exit_code == 0
    return folder


@pytest.fixture
def checkout(built_once: Path, tmp_path: Path) -> Checkout:
    """A copy of the department's clone, with its finished build."""
    copy = Checkout(tmp_path / "clone")
    shutil.copytree(built_once, copy.folder, symlinks=True)
    copy.change_provenance(folder=str(copy.folder))
    return copy
