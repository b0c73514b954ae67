"""What the clock brings next is made ahead in another process, and at its moment only exchanged."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest

from plugins.builder.options import BuildOptions
from plugins.builder.resident.engine import ResidentBuild
from plugins.builder.run import MOMENTS, PublishedBuild, build, verify
from tests.samples.tiny import NOW, TinySite, make_site

pytestmark = pytest.mark.usefixtures("forking")

SOON = dt.timedelta(seconds=30)
COMES = NOW + dt.timedelta(hours=3)
PAGE = "/press/2021/03/a9/"


class Site:
    """A small site with an article that appears at ``COMES``, built once by a process that stays."""

    def __init__(self, root: Path) -> None:
        self.tiny: TinySite = make_site(root)
        for number in range(1, 4):
            self.tiny.article(f"press/2020/a{number}.md", f"第{number}話", f"2020-0{number}-01")
        self.tiny.article("press/2021/a9.md", "あとの話", f"{COMES:%Y-%m-%d %H:%M}")
        self.options = BuildOptions(NOW, self.tiny.content, root / "publications.toml", self.tiny.output, validate_mail=False, strict=True)
        self.built: list[PublishedBuild] = []
        self.engine = ResidentBuild(on_built=self.built.append)
        self.engine.build(self.options)
        self.engine.save()
        self.after = replace(self.options, now=COMES + SOON)

    def look_ahead(self) -> None:
        self.engine.look_ahead(COMES - SOON)
        assert active_children(), "nothing is made ahead"

    def is_there(self) -> bool:
        return (self.tiny.site / PAGE.strip("/") / "index.html").exists()

    def is_right(self, options: BuildOptions) -> bool:
        return verify(options, self.tiny.root / "full") == []

    @property
    def left(self) -> list[Path]:
        return list(self.tiny.output.glob("next-*"))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.engine.let_go()
    assert site.left == [] and active_children() == []


def test_at_its_moment_it_is_only_exchanged_and_memory_follows_when_nothing_else_is_to_do(site: Site) -> None:
    site.look_ahead()
    assert not site.is_there()
    report = site.engine.edit(site.after, [])
    assert report and report.changed and PAGE.strip("/") + "/index.html" in report.reasons
    assert site.is_there() and len(site.built) == 1, "another build took place"
    assert json.loads((site.tiny.output / MOMENTS).read_text("utf-8"))["built"] == site.after.now.isoformat()
    site.engine.save()
    assert len(site.built) == 2 and site.is_right(site.after)
    assert build(site.after).rendered == 0, "the next process takes over what is there"


def test_an_edit_right_after_it_is_brought_in(site: Site) -> None:
    site.look_ahead()
    assert site.engine.edit(site.after, [])
    file = site.tiny.article("press/2021/a9.md", "あとの話", f"{COMES:%Y-%m-%d %H:%M}", "直した段落です。")
    assert site.engine.edit(site.after, [file])
    assert "直した段落です。" in site.tiny.page(PAGE) and site.is_right(site.after)


def test_a_build_before_the_moment_leaves_it_and_one_of_the_moment_finds_it(site: Site) -> None:
    site.look_ahead()
    for child in active_children():
        child.join(60)
    assert active_children() == [], "it waits for somebody to ask, and keeps its memory"
    assert site.engine.edit(replace(site.options, now=COMES - SOON), [])
    assert site.left and site.engine.edit(site.after, [])
    assert len(site.built) == 1 and site.is_there() and site.is_right(site.after)


@pytest.mark.parametrize("when", [NOW, COMES + SOON])
def test_after_an_edit_it_is_worth_nothing(site: Site, when: dt.datetime) -> None:
    site.look_ahead()
    options = replace(site.options, now=when)
    assert site.engine.edit(options, [site.tiny.article("press/2020/a2.md", "第2話", "2020-02-01", "直した段落です。")])
    assert site.left == [] and "直した段落です。" in site.tiny.page("/press/2020/02/a2/") and site.is_right(options)
    assert site.engine.edit(site.after, []) and site.is_there() and site.is_right(site.after)


def test_at_a_later_moment_it_is_worth_nothing(site: Site) -> None:
    site.tiny.article("press/2021/a8.md", "もっとあとの話", f"{COMES + dt.timedelta(hours=1):%Y-%m-%d %H:%M}")
    site.engine.build(site.options)
    site.engine.save()
    site.look_ahead()
    much_later = replace(site.options, now=COMES + dt.timedelta(days=2))
    assert site.engine.edit(much_later, []) and site.is_right(much_later)


def test_after_a_build_by_another_process_it_is_worth_nothing(site: Site) -> None:
    site.look_ahead()
    build(replace(site.options, fresh=True))
    site.engine.build(site.after, [])
    assert site.is_there() and site.is_right(site.after)


def test_when_the_other_process_is_killed_the_moment_comes_all_the_same(site: Site) -> None:
    site.look_ahead()
    for child in active_children():
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
    assert site.engine.edit(site.after, []) and site.is_there() and site.is_right(site.after)


def test_what_comes_much_later_is_not_made_ahead(site: Site) -> None:
    assert site.engine.holds_until
    site.engine.look_ahead(site.engine.holds_until - dt.timedelta(minutes=11))
    assert site.left == [] and active_children() == []


def test_a_mistake_that_the_moment_would_meet_is_said_by_the_build_of_that_moment(site: Site) -> None:
    site.look_ahead()
    file = site.tiny.write("press/2021/a7.md", "---\ntitle: 題\n---\n日付がありません。\n")
    assert site.engine.edit(site.after, [file]) is None and not site.is_there()
    file.unlink()
    site.engine.build(site.after, [file])
    assert site.is_there() and site.is_right(site.after)
