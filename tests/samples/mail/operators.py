"""An operator of a publishing machine with two mirrors that are folders, for the tests of the publisher's commands."""

from __future__ import annotations

import contextlib
from pathlib import Path

from typer.testing import CliRunner, Result

import todoke
from tests.samples.publishing.releases import PAGES

CONFIG = """
store = "var/releases"
keys = "var/keys"

[[mirrors]]
name = "www"
kind = "local"
folder = "www"

[[mirrors]]
name = "second"
kind = "local"
folder = "second"
deadline = 30
"""


class Operator:
    """Types commands in ``folder``, which has ``publish.toml`` and a built site."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "publish.toml").write_text(CONFIG, encoding="utf-8")
        for path, text in PAGES.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        file = self.folder / "output" / "site" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, line: str) -> Result:
        with contextlib.chdir(self.folder):
            return CliRunner().invoke(todoke.app, line.split())

    def page(self, mirror: str, path: str = "index.html") -> str:
        return (self.folder / mirror / "current" / path).read_text(encoding="utf-8")
