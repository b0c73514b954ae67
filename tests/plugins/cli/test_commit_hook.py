"""The hook of Git (``.githooks/pre-commit``) refuses a commit with a mistake, says which, and judges what is committed, not what lies in the folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples.tiny import TinySite

ROOT = Path(__file__).parents[3]
COMMAND = "import sys; sys.argv[0] = 'todoke'; import todoke; todoke.main()"


@pytest.fixture
def repository(tiny: TinySite) -> TinySite:
    """A small site under Git, with the hook switched on as the manual says."""
    shutil.copy(ROOT / "pelicanconf.py", tiny.root)
    (tiny.root / "themes").symlink_to(ROOT / "themes")
    shutil.copytree(ROOT / ".githooks", tiny.root / ".githooks")
    program = tiny.root / "todoke-of-this-test"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{COMMAND}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    tiny.article("press/2020/a.md")
    git(tiny, "init", "--quiet")
    git(tiny, "add", "--all")
    git(tiny, "commit", "--quiet", "--message", "first")
    git(tiny, "config", "core.hooksPath", ".githooks")
    return tiny


def git(site: TinySite, *words: str) -> subprocess.CompletedProcess[str]:
    names = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "人"), ("EMAIL", "a@example.jp"))}
    environment = os.environ | names | {"TODOKE": str(site.root / "todoke-of-this-test"), "PYTHONPATH": str(ROOT)}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(["git", *words], cwd=site.root, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_a_commit_with_a_mistake_is_refused_with_its_line_and_one_without_is_made(repository: TinySite) -> None:
    repository.article("press/2020/b.md", lead="①です。")
    git(repository, "add", "--all")
    refused = git(repository, "commit", "--message", "second")
    assert refused.returncode != 0
    assert "content/press/2020/b.md:7: 「①」は" in refused.stderr and "コミットを止めました" in refused.stderr
    repository.article("press/2020/b.md", lead="一番です。")
    assert git(repository, "commit", "--message", "second").returncode != 0, "what was added still has the mistake"
    git(repository, "add", "--all")
    assert git(repository, "commit", "--message", "second").returncode == 0
    assert git(repository, "status", "--porcelain").stdout == ""


def test_a_mistake_that_is_not_committed_stops_nothing(repository: TinySite) -> None:
    repository.article("press/2020/b.md", date="2020-06-01")
    git(repository, "add", "--all")
    repository.article("press/2020/b.md", lead="①です。")
    made = git(repository, "commit", "--message", "second")
    assert made.returncode == 0, made.stderr


def test_without_the_program_the_commit_is_refused_and_the_remedy_told(repository: TinySite) -> None:
    repository.article("press/2020/b.md")
    git(repository, "add", "--all")
    (repository.root / "todoke-of-this-test").unlink()
    refused = git(repository, "commit", "--message", "second")
    assert refused.returncode != 0 and "todoke が見つからない" in refused.stderr
