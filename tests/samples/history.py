"""A checkout with a history: a tiny site in a Git repository, which a test commits to."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.samples.tiny import PUBLICATIONS, TinySite, make_site

_PERSON = {
    f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "編集者"), ("EMAIL", "a@example.jp"))
}
_DATE = "2020-06-0{}T10:00:00+09:00"


@dataclass
class Checkout:
    """A site in a repository. Commits are a day apart, so that two of the same files have the same name."""

    site: TinySite
    commits: int = 0

    @property
    def root(self) -> Path:
        return self.site.root

    def git(self, *words: str) -> str:
        """Run Git and return what it says."""
        environ = {**os.environ, **_PERSON, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
            environ[name] = _DATE.format(self.commits + 1)
        ended = subprocess.run(["git", *words], cwd=self.root, env=environ, capture_output=True, text=True, check=True)
        return ended.stdout

    def commit(self) -> str:
        """Commit everything below ``content/``, and return the name of the commit."""
        self.git("add", "-A", "content", "publications.toml")
        self.git("commit", "-q", "--allow-empty", "-m", f"第{self.commits + 1}版")
        self.commits += 1
        return self.git("rev-parse", "HEAD").strip()

    def at(self, commit: str, path: str) -> bytes:
        """Return the bytes that a file had in a commit."""
        return subprocess.run(["git", "show", f"{commit}:{path}"], cwd=self.root, capture_output=True, check=True).stdout


_DAYORI = """
[publications.dayori]
title = "復興だより"
reading = "ふっこうだより"
kind = "progress"
colour = "#3d6b35"
department = "土木総務課"
contact = "dayori@example.jp"
description = "進み具合"
"""


def make_checkout(root: Path) -> Checkout:
    """Create a repository in ``root`` with a tiny site without documents, which shows the table of public works if there is one."""
    checkout = Checkout(make_site(root))
    (root / "publications.toml").write_text(PUBLICATIONS + _DAYORI, "utf-8")
    checkout.git("init", "-q", "-b", "main")
    return checkout
