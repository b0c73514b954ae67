"""Front matter: every fault is told with file, line and remedy; what holds becomes typed values."""

from __future__ import annotations

import datetime as dt
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.frontmatter.faults import ContentFaults, Fault
from plugins.frontmatter.kinds import Job
from plugins.frontmatter.registry import read_registry
from plugins.frontmatter.source import Source, cut
from tests.tiny import NOW, PUBLICATIONS, TinySite

GOOD = "title: 題\ndate: 2020-01-02 10:00\n"


def faults(site: TinySite) -> list[str]:
    with pytest.raises(ContentFaults) as caught:
        site.library()
    return [str(fault) for fault in caught.value.faults]


# case: (file, text, line, Japanese words, English words)
FAULTS = {
    "unknown key": (
        "press/2020/a.md",
        f"---\n{GOOD}titel: 題\n---\n本文\n",
        4,
        "「titel」という項目はありません。「title」ではありませんか",
        "did you mean 'title'",
    ),
    "missing title": ("press/2020/a.md", "---\ndate: 2020-01-02\n---\n本文\n", 1, "「title」がありません", "'title' is missing"),
    "empty title": ("press/2020/a.md", "---\ntitle:\ndate: 2020-01-02\n---\n本文\n", 2, "「title」が空です", "'title' is empty"),
    "blank title": ("press/2020/a.md", "---\ntitle: '　'\ndate: 2020-01-02\n---\n本文\n", 2, "「title」が空です", "'title' is empty"),
    "bad date": (
        "press/2020/a.md",
        "---\ntitle: 題\ndate: 2020年1月2日\n---\n本文\n",
        3,
        "日付「2020年1月2日」が読めません",
        "write 2015-03-21",
    ),
    "impossible date": (
        "press/2020/a.md",
        "---\ntitle: 題\ndate: 2020-02-30\n---\n本文\n",
        3,
        "日付「2020-02-30」が読めません",
        "is no date",
    ),
    "unknown publication folder": (
        "pres/2020/a.md",
        f"---\n{GOOD}---\n本文\n",
        1,
        "「pres」という出版物はありません",
        "no publication 'pres'",
    ),
    "unknown publication": (
        "press/2020/a.md",
        f"---\n{GOOD}publication: prss\n---\n本文\n",
        4,
        "「prss」という出版物はありません",
        "no publication 'prss'",
    ),
    "unknown kind": ("press/2020/a.md", f"---\n{GOOD}kind: artcle\n---\n本文\n", 4, "「artcle」という種類はありません", "no kind 'artcle'"),
    "unknown municipality": (
        "press/2020/a.md",
        f"---\n{GOOD}municipalities: [石巻]\n---\n本文\n",
        4,
        "「石巻」という市町村はありません",
        "no municipality '石巻'",
    ),
    "unknown topic": (
        "press/2020/a.md",
        f"---\n{GOOD}topics:\n  - 住まい\n  - 住居\n---\n本文\n",
        6,
        "「住居」というテーマはありません",
        "no topic '住居'",
    ),
    "not a list": ("press/2020/a.md", f"---\n{GOOD}topics: 住まい\n---\n本文\n", 4, "のような並びで書いてください", "is a list"),
    "image without words": (
        "press/2020/a.md",
        f"---\n{GOOD}image: ../../images/sea.png\n---\n本文\n",
        4,
        "image_alt に、絵が伝えること",
        "the image has no text",
    ),
    "image in the body without alt": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n本文\n\n![](../../images/sea.png)\n",
        7,
        "に説明がありません",
        "has no alt text",
    ),
    "missing image": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n本文\n\n![海](../../images/no.png)\n",
        7,
        "画像「../../images/no.png」がありません",
        "no image at",
    ),
    "image of somebody else": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n![海](https://x.example/a.png)\n",
        5,
        "content/images/ に置き",
        "no image at",
    ),
    "link to nowhere": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n本文\n\n[駅](../2019/eki.md)\n",
        7,
        "リンク先「../2019/eki.md」がありません",
        "no page or file",
    ),
    "link out of the content": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n[鍵](../../../../../etc/passwd)\n",
        5,
        "がありません",
        "no page or file",
    ),
    "link to a missing anchor": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n[注](#fn:9)\n",
        5,
        "リンク先「#fn:9」がありません",
        "no page or file",
    ),
    "script": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n本文\n\n<script>alert(1)</script>\n",
        7,
        "本文に「<script」は書けません",
        "may not stand in a body",
    ),
    "event attribute": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n<p onclick='x()'>本文</p>\n",
        5,
        "本文に「onclick=」は書けません",
        "may not stand",
    ),
    "script address": (
        "press/2020/a.md",
        f"---\n{GOOD}---\n[押す](javascript:alert(1))\n",
        5,
        "「javascript:alert(1)」は書けません",
        "may not stand",
    ),
    "title in two lines": (
        "press/2020/a.md",
        '---\ntitle: "一\\n二"\ndate: 2020-01-02\n---\n本文\n',
        2,
        "一行で書いてください",
        "on one line",
    ),
    "file name in Japanese": ("press/2020/記事.md", f"---\n{GOOD}---\n本文\n", 1, "アドレスになりません", "cannot be an address"),
    "no front matter": ("press/2020/a.md", "# 題\n本文\n", 1, "「---」で囲んだ題名や日付がありません", "no front matter"),
    "front matter without end": ("press/2020/a.md", "---\ntitle: 題\n本文\n", 1, "「---」で囲んだ", "no front matter"),
    "broken YAML": ("press/2020/a.md", "---\ntitle: [題\ndate: 2020-01-02\n---\n本文\n", 3, "YAMLとして読めません", "not valid YAML"),
    "key twice": ("press/2020/a.md", f"---\n{GOOD}title: 題2\n---\n本文\n", 4, "YAMLとして読めません", "'title' is written twice"),
    "alias": (
        "press/2020/a.md",
        "---\ntitle: &a 題\nsummary: *a\ndate: 2020-01-02\n---\n本文\n",
        2,
        "YAMLとして読めません",
        "anchors and aliases",
    ),
    "expires before date": (
        "press/2020/a.md",
        f"---\n{GOOD}expires: 2019-12-31\n---\n本文\n",
        4,
        "公開の終わり",
        "expires lies before date",
    ),
    "notice without end": (
        "notices/2020/a.md",
        f"---\n{GOOD}severity: 警報\n---\n本文\n",
        1,
        "「expires」がありません",
        "'expires' is missing",
    ),
    "job without employer": (
        "jobs/2020/a.md",
        f"---\n{GOOD}place: 石巻市\nemployment: 正社員\npay: 月20万円\ndeadline: 2020-02-01\n---\n本文\n",
        1,
        "「employer」がありません",
        "missing",
    ),
    "job of no known form": (
        "jobs/2020/a.md",
        f"---\n{GOOD}employer: 社\nplace: 市\nemployment: 社員\npay: 円\ndeadline: 2020-02-01\n---\n本文\n",
        6,
        "「employment」に使えるのは",
        "must be one of",
    ),
    "more done than planned": (
        "press/2020/a.md",
        f"---\n{GOOD}kind: progress\nfigures:\n  - {{label: 住宅, done: 11, total: 10, unit: 戸}}\n---\n本文\n",
        6,
        "超えています",
        "more than total",
    ),
    "event ends first": (
        "press/2020/a.md",
        f"---\n{GOOD}kind: event\nstart: 2020-05-02 10:00\nend: 2020-05-01 10:00\nvenue: 駅前\n---\n本文\n",
        6,
        "始まり",
        "end lies before start",
    ),
    "issue of no list": ("mail/pres/1.md", f"---\n{GOOD}---\n## 話題\n\n本文\n", 1, "「pres」という配信先はありません", "no list 'pres'"),
    "issue with an unknown article": (
        "mail/press/1.md",
        f"---\n{GOOD}---\n## 話題\n\n::記事 ../../press/2020/no.md\n",
        7,
        "がありません",
        "no page or file",
    ),
    "issue since an unknown publication": (
        "mail/press/1.md",
        f"---\n{GOOD}---\n## 話題\n\n::前号から prss\n",
        7,
        "「prss」という出版物はありません",
        "no publication",
    ),
    "control character": ("press/2020/a.md", f"---\n{GOOD}---\n本\x08文\n", 5, "見えない制御文字（U+0008）", "control character U+0008"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_told_with_file_line_and_remedy(case: str, tiny: TinySite) -> None:
    path, text, line, ja, en = FAULTS[case]
    tiny.image()
    tiny.write(path, text)
    told = faults(tiny)
    assert len(told) == 1, told
    assert told[0].startswith(f"content/{path}:{line}: ")
    assert ja in told[0]
    assert en in told[0]


def test_all_faults_of_all_files_come_in_one_run(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", "---\ntitel: 題\ndate: x\n---\n本文\n")
    tiny.write("press/2020/b.md", f"---\n{GOOD}---\n[駅](no.md)\n\n![](no.png)\n")
    told = faults(tiny)
    assert [line.split(": ")[0] for line in told] == [
        "content/press/2020/a.md:1",
        "content/press/2020/a.md:2",
        "content/press/2020/a.md:3",
        "content/press/2020/b.md:5",
        "content/press/2020/b.md:7",
    ]


def test_a_name_used_twice_in_a_publication_names_the_other_file(tiny: TinySite) -> None:
    tiny.article("press/2020/station.md")
    tiny.article("press/2021/station.md", date="2021-01-01")
    assert faults(tiny) == [
        "content/press/2021/station.md:1: アドレスの名前が press/2020/station.md と同じです。どちらかのファイル名か slug を変えてください"
        " / the same name as press/2020/station.md: change the file name or slug of one of them"
    ]


def test_a_file_that_is_not_utf8_is_a_fault_and_no_crash(tiny: TinySite) -> None:
    file = tiny.article("press/2020/a.md")
    file.write_bytes(file.read_text(encoding="utf-8").encode("cp932"))
    assert "UTF-8で保存されていません" in faults(tiny)[0]


def test_an_unreadable_image_is_a_fault(tiny: TinySite) -> None:
    tiny.image()
    (tiny.content / "images" / "sea.png").write_bytes(b"not a picture")
    tiny.write("press/2020/a.md", f"---\n{GOOD}---\n![海](../../images/sea.png)\n")
    assert "が読めません" in faults(tiny)[0]


def test_dates_are_japans(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", date="2020-05-01 09:30")
    date = tiny.library().documents[PurePosixPath("press/2020/a.md")].date
    assert date.isoformat() == "2020-05-01T09:30:00+09:00"


@pytest.mark.parametrize(
    ("expires", "minutes", "live"), [("2021-03-31", 12 * 60 - 1, True), ("2021-03-31", 12 * 60, False), ("2021-03-31 12:00", 0, False)]
)
def test_expires_lasts_to_the_end_of_its_day_or_to_its_minute(tiny: TinySite, expires: str, minutes: int, live: bool) -> None:
    tiny.write("press/2020/a.md", f"---\n{GOOD}expires: {expires}\n---\n本文\n")
    document = tiny.library().documents[PurePosixPath("press/2020/a.md")]
    assert document.is_live(NOW + dt.timedelta(minutes=minutes)) is live


def test_a_future_date_is_not_published_until_then(tiny: TinySite) -> None:
    tiny.article("press/2021/a.md", date="2021-03-31 12:01")
    document = tiny.library().documents[PurePosixPath("press/2021/a.md")]
    assert not document.is_live(NOW)
    assert document.is_live(NOW + dt.timedelta(minutes=1))


def test_a_job_comes_down_when_the_day_of_its_deadline_is_over(tiny: TinySite) -> None:
    tiny.write(
        "jobs/2021/a.md", f"---\n{GOOD}employer: 社\nplace: 石巻市\nemployment: 正社員\npay: 月20万円\ndeadline: 2021-04-01\n---\n本文\n"
    )
    document = tiny.library().documents[PurePosixPath("jobs/2021/a.md")]
    assert isinstance(document.meta, Job)
    assert document.meta.ends == dt.datetime(2021, 4, 2, tzinfo=NOW.tzinfo)


def test_a_link_to_a_page_that_is_not_there_today_keeps_its_words(tiny: TinySite) -> None:
    tiny.write("press/2020/gone.md", f"---\n{GOOD}expires: 2021-01-01\n---\n本文\n")
    tiny.article("press/2021/soon.md", date="2022-01-01")
    tiny.write("press/2020/a.md", f"---\n{GOOD}---\n[前の話](gone.md)と[次の話](../2021/soon.md)\n")
    html = tiny.library().documents[PurePosixPath("press/2020/a.md")].html
    assert "<a" not in html
    assert "前の話</span>（掲載終了）" in html
    assert "次の話</span>" in html


def test_the_summary_is_the_first_paragraph_without_notes_and_readings(tiny: TinySite) -> None:
    tiny.write(
        "press/2020/a.md", f"---\n{GOOD}---\n<ruby>閖上<rp>（</rp><rt>ゆりあげ</rt><rp>）</rp></ruby>の朝[^1]。\n\n次。\n\n[^1]: 注。\n"
    )
    assert tiny.library().documents[PurePosixPath("press/2020/a.md")].summary == "閖上の朝。"


def test_faults_of_publications_toml_are_told_together(tiny: TinySite) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(
        PUBLICATIONS.replace('colour = "#1a6f8f"', 'colour = "#ffee00"').replace('kind = "job"', 'kind = "work"'), encoding="utf-8"
    )
    with pytest.raises(ContentFaults) as caught:
        read_registry(toml, tiny.content / "data" / "municipalities.csv")
    told = [str(fault) for fault in caught.value.faults]
    assert [line.split(" ")[0] for line in told] == ["publications.toml:11:", "publications.toml:21:"]
    assert "対比" in told[0]
    assert "publications.jobs.kind" in told[1]


@given(st.text(max_size=300))
def test_any_text_is_a_source_or_a_fault(text: str) -> None:
    assert isinstance(cut(PurePosixPath("a.md"), f"---\n{text}\n---\n"), Source | Fault)
