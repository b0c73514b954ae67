"""What a resident build brings in at once, and what it leaves to a build that looks at everything."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from plugins.builder.options import BuildOptions
from plugins.builder.resident.engine import ResidentBuild
from plugins.builder.run import PublishedBuild, build, verify
from tests.samples.tiny import NOW, make_site

ISSUE = "---\ntitle: 号\ndate: 2020-06-01\n---\nこんにちは。\n\n## 話題\n\n前書きです。\n\n::記事 ../../press/2020/a1.md\n"


class Site:
    """A small site with its resident build, which has built once."""

    def __init__(self, root: Path) -> None:
        self.tiny = make_site(root)
        for number in range(1, 5):
            self.tiny.article(f"press/2020/a{number}.md", f"第{number}話", f"2020-0{number}-01")
        self.tiny.image()
        self.tiny.write("mail/press/1.md", ISSUE)
        self.options = BuildOptions(NOW, self.tiny.content, root / "publications.toml", self.tiny.output, validate_mail=False, strict=True)
        self.engine = ResidentBuild()
        self.engine.build(self.options)

    def change(self, path: str, change: Callable[[str], str]) -> Path:
        file = self.tiny.content / path
        file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
        return file


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


@pytest.fixture(autouse=True)
def begun(site: Site) -> None:
    """Each test begins with a build that knows everything."""
    site.engine.build(site.options)


def test_words_are_brought_in_at_once_and_only_pages_that_read_them_are_rendered(site: Site) -> None:
    file = site.change("press/2020/a3.md", lambda text: text + "\n直した一文です。\n")
    report = site.engine.edit(site.options, [file])
    assert report and [*report.reasons] == ["press/2020/03/a3/index.html"]
    assert "直した一文です。" in site.tiny.page("/press/2020/03/a3/") and "直した一文です。" in (site.tiny.site / "feed.xml").read_text(
        "utf-8"
    )
    file = site.change("press/2020/a3.md", lambda text: text.replace("第3話", "新しい題"))
    report = site.engine.edit(site.options, [file])
    assert (
        report and {"index.html", "press/index.html", "press/2020/03/index.html", "search/titles/2020/index.html"} <= report.reasons.keys()
    )
    assert site.engine.edit(site.options, [site.tiny.write("press/2020/.a3.md.swp", "写し"), file]) is not None
    assert verify(site.options, site.tiny.root / "full") == []


def test_what_it_wrote_is_taken_over_by_the_next_process(site: Site) -> None:
    site.engine.edit(site.options, [site.change("press/2020/a3.md", lambda text: text + "\nもう一文です。\n")])
    site.engine.save()
    assert build(site.options).rendered == 0


MOVES: dict[str, Callable[[Site], Path]] = {
    "another date": lambda site: site.change("press/2020/a2.md", lambda text: text.replace("2020-02-01", "2020-02-02")),
    "another topic": lambda site: site.change("press/2020/a2.md", lambda text: text.replace("[住まい]", "[道路・交通]")),
    "a draft": lambda site: site.change("press/2020/a2.md", lambda text: text.replace("\n---\n", "\ndraft: true\n---\n", 1)),
    "a picture": lambda site: site.change("press/2020/a4.md", lambda text: text + "\n![海の色の板](../../images/sea.png)\n"),
    "an article that an issue carries": lambda site: site.change("press/2020/a1.md", lambda text: text + "\n足した一文です。\n"),
    "an issue": lambda site: site.change("mail/press/1.md", lambda text: text.replace("こんにちは", "こんばんは")),
    "a new article": lambda site: site.tiny.article("press/2020/a9.md", "新しい話", "2020-09-01"),
}
DOUBTS: dict[str, Callable[[Site], Path]] = {
    "a page": lambda site: site.tiny.write("pages/about.md", "---\ntitle: このサイトについて\n---\nはじめに。\n"),
    "a table": lambda site: site.tiny.write("data/readings.csv", "表記,読み\n女川,おながわ\n"),
    "the registry": lambda site: site.tiny.root / "publications.toml",
}


def test_documents_that_come_go_or_move_are_built_from_what_is_in_memory(site: Site) -> None:
    reports = [site.engine.edit(site.options, [move(site)]) for move in MOVES.values()]
    assert [name for name, report in zip(MOVES, reports, strict=True) if report is None] == []
    assert verify(site.options, site.tiny.root / "full") == []
    gone = site.tiny.content / "press/2020/a9.md"
    gone.unlink()
    assert site.engine.edit(site.options, [gone])
    assert verify(site.options, site.tiny.root / "full") == []
    site.engine.save()
    assert build(site.options).rendered == 0


def test_what_is_saved_while_another_edit_is_brought_in_is_not_lost(site: Site) -> None:
    saved = site.tiny.content / "press/2020/a3.md"

    def save_again(_published: PublishedBuild) -> None:
        site.engine.on_built = lambda _: None
        site.engine.note([site.change("press/2020/a3.md", lambda text: text + "\n二度目に直した一文です。\n")])

    site.engine.on_built = save_again
    new = site.tiny.article("press/2020/a6.md", "増えた話", "2020-06-01")
    site.change("press/2020/a3.md", lambda text: text + "\n一度目に直した一文です。\n")
    assert site.engine.edit(site.options, [saved, new])
    assert "二度目" not in site.tiny.page("/press/2020/03/a3/")
    site.engine.build(site.options, [])
    assert "二度目" in site.tiny.page("/press/2020/03/a3/")
    assert verify(site.options, site.tiny.root / "full") == []


@pytest.mark.parametrize("doubt", DOUBTS)
def test_anything_else_is_left_to_a_whole_build(site: Site, doubt: str) -> None:
    file = DOUBTS[doubt](site)
    assert site.engine.edit(site.options, [file]) is None
    site.engine.build(site.options, [])
    assert site.engine.edit(site.options, []) is not None, "the whole build has brought it in"


def test_what_a_link_leads_to_is_read_again_when_it_appears(site: Site) -> None:
    link = site.change("press/2020/a3.md", lambda text: text + "\n[あとの話](a7.md)\n")
    later = site.tiny.article("press/2020/a7.md", "あとの話", "2021-04-02")
    assert site.engine.edit(site.options, [link, later])
    assert "/press/2021/04/a7/" not in site.tiny.page("/press/2020/03/a3/")
    then = replace(site.options, now=NOW + dt.timedelta(days=3))
    assert site.engine.edit(then, [])
    assert 'href="/press/2021/04/a7/"' in site.tiny.page("/press/2020/03/a3/")
    assert verify(then, site.tiny.root / "full") == []
    assert site.engine.edit(site.options, [])
    assert verify(site.options, site.tiny.root / "full") == []


def test_a_mistake_leaves_what_is_public_and_its_correction_is_brought_in(site: Site) -> None:
    site.engine.build(site.options)
    new = site.tiny.write("press/2020/wrong.md", "---\ntitle: 題\n---\n日付がありません。\n")
    assert site.engine.edit(site.options, [new]) is None
    new.write_text(new.read_text("utf-8").replace("題\n", "題\ndate: 2020-07-01\n", 1), encoding="utf-8")
    assert site.engine.edit(site.options, [new])
    assert verify(site.options, site.tiny.root / "full") == []


def test_with_other_options_everything_is_looked_at(site: Site) -> None:
    assert site.engine.edit(replace(site.options, now=NOW + dt.timedelta(minutes=1)), []) is not None
    assert site.engine.edit(replace(site.options, strict=False), []) is None
    assert site.engine.edit(replace(site.options, site_url="https://other.example.jp"), []) is None


def test_after_a_build_by_another_process_everything_is_looked_at(site: Site) -> None:
    build(replace(site.options, fresh=True))
    file = site.change("press/2020/a3.md", lambda text: text + "\nさらに一文です。\n")
    assert site.engine.edit(site.options, [file]) is None
    site.engine.build(site.options, [])
    assert verify(site.options, site.tiny.root / "full") == []


def test_a_walk_finds_what_changed_without_an_event(site: Site) -> None:
    old = NOW.timestamp() - 1_000_000
    for file in (*site.tiny.content.rglob("*.*"), site.tiny.root / "publications.toml"):
        os.utime(file, (old, old))
    site.engine.build(site.options)
    assert site.engine.changed_files() == set() and site.engine.is_output_intact()
    file = site.change("press/2020/a3.md", lambda text: text + "\nまた一文です。\n")
    assert site.engine.changed_files() == {file}
    new = site.tiny.article("press/2020/a8.md", "増えた話", "2020-08-01")
    assert site.engine.changed_files() == {file, new}
    site.tiny.article("press/2019/a8.md", "新しいフォルダーの話", "2019-08-01")
    assert site.engine.changed_files() is None
    page = site.tiny.site / "press/index.html"
    page.unlink()
    page.write_text("altered", encoding="utf-8")
    assert not site.engine.is_output_intact()
