"""A site that was built before a notice goes out by the fast path."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.plugins.emergency.test_mail import TOML
from tests.plugins.frontmatter.model.test_notices import record
from tests.samples.tiny import TinySite, make_site


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> TinySite:
    """A built site with two articles, a notice in force and a drill; lists for both."""
    tiny = make_site(tmp_path_factory.mktemp("built"))
    (tiny.root / "publications.toml").write_text(TOML, "utf-8")
    tiny.article("press/2020/a.md", "道が開きました")
    tiny.article("press/2020/b.md", "二つめの話", "2020-06-01 10:00")
    tiny.write("pages/about.md", "---\ntitle: このサイトについて\n---\n本文です。\n")
    tiny.write("notices/2021/rain.md", record(title="大雨です", date="2021-03-31 08:00"))
    tiny.write("drills/2021/wave.md", record(title="【訓練】大津波警報", body="訓練です。"))
    tiny.build()
    return tiny


@pytest.fixture
def site(built_once: TinySite, tmp_path: Path) -> TinySite:
    """A copy of it."""
    return TinySite(shutil.copytree(built_once.root, tmp_path / "checkout", symlinks=True))
