"""What a build says is to be announced: the marked articles, the issues, the notices; `channels` reads it, and nothing of it is on the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.announcement import AnnouncementKind, Change, read_folder
from plugins.diagnostics import ContentErrors
from tests.samples.tiny import TinySite, make_site

NOTICE = """---
title: {title}
date: {date}
expires: 2021-04-01 12:00
severity: 注意
hazard: 交通
municipalities: [石巻市]
areas: 国道398号
what: 崖が崩れました。
action: 通らないでください。
issued_by: 県土木事務所
phone: 土木事務所 0225-00-0103
announce: {announce}
{more}---
"""


@pytest.fixture
def site(tmp_path: Path) -> TinySite:
    site = make_site(tmp_path)
    (tmp_path / "publications.toml").write_text(
        (tmp_path / "publications.toml").read_text("utf-8").replace("sample = true", "sample = false"), "utf-8"
    )
    return site


def mark(file: Path, lines: str) -> None:
    """Put lines at the end of a source's front matter."""
    head, front, body = file.read_text("utf-8").split("---\n", 2)
    file.write_text(f"{head}---\n{front}{lines}---\n{body}", "utf-8")


def test_marked_articles_and_no_others_are_announced_and_nothing_of_it_is_on_the_site(site: TinySite) -> None:
    site.image()
    marked = site.article("press/2020/open.md", "開通", lead="橋が通れます。くわしくは記事で。")
    mark(marked, "announce: true\nexpires: 2021-12-31\nimage: ../../images/sea.png\nimage_alt: 海\n")
    site.article("press/2020/quiet.md", "そのほか")
    site.build()
    reading = read_folder(site.output / "announcements")
    (announced,) = reading.live
    assert (announced.record, announced.kind, announced.publication) == ("article/press/2020/open", AnnouncementKind.ARTICLE, "press")
    assert announced.address == "https://site.example.jp/press/2020/05/open/" and announced.until is not None
    assert announced.wordings["ja"].title == "開通" and announced.wordings["ja"].body == ("橋が通れます。くわしくは記事で。",)
    (picture,) = announced.pictures
    assert (site.site / picture.path).is_file() and dict(picture.alternatives) == {"ja": "海"}
    assert reading.problems == () and reading.drills == ()
    assert not any("announcements" in path.parts for path in site.site.rglob("*"))


def test_the_same_sources_give_the_same_bytes_and_an_article_that_is_not_marked_any_more_has_no_file(site: TinySite) -> None:
    marked = site.article("press/2020/open.md")
    mark(marked, "announce: true\n")
    site.build()
    files = {path: path.read_bytes() for path in (site.output / "announcements").rglob("*.json")}
    assert len(files) == 2
    site.article("press/2020/other.md")
    site.build()
    assert {path: path.read_bytes() for path in files} == files
    site.article("press/2020/open.md")
    site.build()
    assert [path.name for path in (site.output / "announcements").rglob("*.json")] == ["site.json"]


def test_of_a_sample_site_everything_is_a_drill(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    mark(site.article("press/2020/open.md"), "announce: true\n")
    site.build()
    reading = read_folder(site.output / "announcements")
    assert reading.live == () and len(reading.drills) == 1


def test_a_notice_and_the_one_that_ends_it_are_announced_and_one_that_says_no_is_not(site: TinySite) -> None:
    site.write("notices/2021/closed.md", NOTICE.format(title="通行止め", date="2021-03-31 10:00", more="", announce="true"))
    ending = NOTICE.format(title="通れます", date="2021-03-31 11:00", more="cancels: closed.md\n", announce="true")
    site.write("notices/2021/open.md", ending)
    site.write("notices/2021/quiet.md", NOTICE.format(title="見回り中", date="2021-03-31 11:30", more="", announce="false"))
    site.build()
    by_record = {each.record: each for each in read_folder(site.output / "announcements").live}
    assert set(by_record) == {"emergency/notices/2021/closed", "emergency/notices/2021/open"}
    ended = by_record["emergency/notices/2021/open"]
    assert (ended.change, ended.follows) == (Change.CANCEL, "emergency/notices/2021/closed")
    assert ended.is_urgent and ended.wordings["ja"].title == "通れます"
    assert by_record["emergency/notices/2021/closed"].wordings["ja"].title == "【緊急】通行止め"


def test_an_entry_of_a_partner_cannot_be_announced(site: TinySite) -> None:
    site.write(
        "partners/2021/x.md",
        "---\ntitle: 題\ndate: 2021-01-01\noriginal: https://blog.example.jp/1\nauthor: 人\nlicence: 許可\nfeed: a\nentry_id: x\n"
        "first_seen: 2021-01-01\nhash: abc\nannounce: true\n---\n本文\n",
    )
    with pytest.raises(ContentErrors, match="協力ブログの記事は、こちらからは告知しません"):
        site.build()
