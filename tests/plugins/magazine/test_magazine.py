"""Issues: sections, teasers, the three alternatives of a mail, the bundle."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

import lxml.html
import pytest

from plugins.builder.options import BuildReport
from plugins.diagnostics import ContentErrors
from plugins.magazine.compose.blocks import Prose, Teaser
from plugins.magazine.compose.composition import Composition, compose
from plugins.magazine.compose.issues import compose_all
from plugins.magazine.gate.gate import LARGEST, encoded_size
from plugins.magazine.render.renderer import PREFERENCES, UNSUBSCRIBE
from tests.samples.tiny import NOW, TinySite

ISSUE = """---
title: 春の知らせ
date: {date}
preheader: 駅が開きます
---
こんにちは。

## 話題

話題の前書きです。

::記事 ../../press/2020/named.md

## 前の号から

::前号から press

## 空の欄

::since-last jobs

## 編集後記

また来月。
"""


@pytest.fixture
def issues(tiny: TinySite) -> TinySite:
    """Two issues; articles before the first, between them, and after."""
    tiny.image()
    tiny.write(
        "press/2020/named.md", "---\ntitle: 名指し\ndate: 2020-05-02\nimage: ../../images/sea.png\nimage_alt: 海の絵\n---\n名指しの段落。\n"
    )
    tiny.article("press/2020/between.md", "あいだ", "2020-05-20")
    tiny.article("press/2020/long-ago.md", "ずっと前", "2019-05-01")
    tiny.article("press/2020/later.md", "あと", "2020-07-01")
    tiny.write("mail/press/1.md", ISSUE.format(date="2020-05-01 10:00").replace("::記事 ../../press/2020/named.md\n\n", ""))
    tiny.write("mail/press/2.md", ISSUE.format(date="2020-06-10 10:00"))
    return tiny


def composed(site: TinySite, number: int, now: dt.datetime = NOW) -> Composition:
    library = site.library(now)
    return compose(library.documents[PurePosixPath(f"mail/press/{number}.md")], library)


def titles(issue: Composition, section: int) -> list[str]:
    return [block.document.meta.title for block in issue.sections[section].blocks if isinstance(block, Teaser)]


def test_headings_begin_sections_and_the_words_before_them_are_the_greeting(issues: TinySite) -> None:
    issue = composed(issues, 2)
    assert [section.title for section in issue.sections] == ["話題", "前の号から", "編集後記"]
    assert isinstance(issue.greeting[0], Prose)
    assert "こんにちは" in issue.greeting[0].html


def test_the_directive_since_selects_what_was_published_between_two_issues_and_repeats_nothing(issues: TinySite) -> None:
    assert titles(composed(issues, 2), 0) == ["名指し"]
    assert titles(composed(issues, 2), 1) == ["あいだ"]


def test_an_article_that_expired_before_the_issue_is_not_selected(issues: TinySite) -> None:
    issues.write("press/2020/short.md", "---\ntitle: 短い\ndate: 2020-05-21\nexpires: 2020-06-01\n---\n本文。\n")
    assert titles(composed(issues, 2), 1) == ["あいだ"]


def test_the_first_issue_of_a_list_selects_from_ninety_days(issues: TinySite) -> None:
    issues.article("press/2020/winter.md", "冬", "2020-02-20")
    issues.article("press/2020/autumn.md", "秋", "2020-02-01")
    assert titles(composed(issues, 1), 1) == ["冬"]


def test_an_article_of_an_earlier_issue_is_an_error_unless_the_editor_wrote_again(issues: TinySite) -> None:
    issues.write("mail/press/3.md", ISSUE.format(date="2020-07-10"))
    with pytest.raises(ContentErrors, match=r"3\.md:12: 「press/2020/named.md」は第2号に載せました"):
        compose_all(issues.library())
    issues.write("mail/press/3.md", ISSUE.format(date="2020-07-10").replace("named.md", "named.md もう一度"))
    third = compose_all(issues.library())[2]
    assert titles(third, 0) == ["名指し"]
    assert titles(third, 1) == ["あと"]


def test_a_directive_does_not_select_what_an_earlier_issue_named(issues: TinySite) -> None:
    issues.write("mail/press/3.md", ISSUE.format(date="2020-05-03").replace("named.md", "long-ago.md"))
    issues.write("mail/press/2.md", ISSUE.format(date="2020-06-10").replace("::記事 ../../press/2020/named.md", "なし"))
    assert [titles(issue, 1) for issue in compose_all(issues.library())[1:]] == [["名指し"], ["あいだ"]]


def test_an_article_twice_in_one_issue_is_an_error(issues: TinySite) -> None:
    issues.write("mail/press/2.md", ISSUE.format(date="2020-06-10") + "\n::記事 ../../press/2020/named.md\n")
    with pytest.raises(ContentErrors, match="この号に二度あります"):
        compose_all(issues.library())


def test_a_section_whose_directive_finds_nothing_is_left_out(issues: TinySite) -> None:
    assert "空の欄" not in [section.title for section in composed(issues, 2).sections]


def test_an_issue_that_names_an_article_of_the_future_is_an_error(issues: TinySite) -> None:
    issues.article("press/2020/named.md", "名指し", "2020-06-11")
    with pytest.raises(ContentErrors, match="まだ公開されていません"):
        issues.library()


def test_an_issue_with_nothing_to_send_is_an_error(tiny: TinySite) -> None:
    tiny.write("mail/press/1.md", "---\ntitle: 空\ndate: 2020-05-10\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n")
    with pytest.raises(ContentErrors, match="載せるものがありません"):
        tiny.build()


def test_a_digest_that_finds_nothing_is_never_sent_even_with_an_editors_note(tiny: TinySite) -> None:
    tiny.write(
        "mail/press/1.md", "---\ntitle: 空\ndate: 2020-05-10\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n\n## 後記\n\nまた。\n"
    )
    with pytest.raises(ContentErrors, match=r"1\.md:9: 前の号のあとに載せるものが一つも見つかりません"):
        compose_all(tiny.library())
    assert compose_all(tiny.library(dt.datetime(2020, 5, 9, tzinfo=NOW.tzinfo))) == []  # until its day something may come in


def test_an_article_that_was_taken_down_keeps_its_words_and_loses_its_link(issues: TinySite) -> None:
    issues.write("press/2020/named.md", "---\ntitle: 名指し\ndate: 2020-05-02\nexpires: 2020-05-31\n---\n名指しの段落。\n")
    issues.build()
    html = (issues.output / "mail/press/2/mail.html").read_text(encoding="utf-8")
    assert "名指しの段落。" in html
    assert "この記事の掲載は終わりました" in html
    assert "/press/2020/05/named/" not in html


def test_an_issue_of_the_future_has_neither_page_nor_bundle(issues: TinySite) -> None:
    issues.build(now=dt.datetime(2020, 6, 1, tzinfo=NOW.tzinfo))
    assert sorted(path.name for path in (issues.output / "mail/press").iterdir()) == ["1"]
    assert not (issues.site / "mail/press/2").exists()


def test_the_bundle_has_exactly_the_documented_fields(issues: TinySite) -> None:
    issues.build()
    folder = issues.output / "mail/press/2"
    issue = json.loads((folder / "issue.json").read_text(encoding="utf-8"))
    parts, sources = issue.pop("parts"), issue.pop("sources")
    assert issue == {
        "schema": 1,
        "list": "press",
        "number": "2",
        "subject": "春の知らせ（復興プレス メール版 第2号）",
        "preheader": "駅が開きます",
        "date": "2020-06-10T10:00:00+09:00",
        "class": "newsletter",
        "expires": None,
        "archive_url": "https://site.example.jp/mail/press/2/",
    }
    for name, part in parts.items():
        data = (folder / name).read_bytes()
        assert part.pop("charset", None) == ("iso-2022-jp" if name == "light.txt" else None)
        assert part == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    assert sorted(parts) == ["light.txt", "mail.html", "mail.txt", "sections.json"]
    assert sources == {path: hashlib.sha256((issues.content / path).read_bytes()).hexdigest() for path in sources}
    assert {"mail/press/2.md", "press/2020/named.md"} < set(sources), "the issue's own file and all that it carries"
    lists = json.loads((issues.output / "mail/lists.json").read_text(encoding="utf-8"))
    assert lists["lists"][0]["from"] == {"name": "復興プレス メール版", "address": "press@example.jp"}


def test_the_page_of_an_issue_exists_where_the_mail_says(issues: TinySite) -> None:
    issues.build()
    page = issues.page("/mail/press/2/")
    assert "話題の前書きです。" in page
    assert 'href="/press/2020/05/named/"' in page
    assert "data-teaser" not in page


def test_a_mail_that_gmail_would_clip_is_an_error_that_names_the_longest_section(issues: TinySite) -> None:
    words = "\n\n".join(f"{number}番目の長い段落です。" + "あ" * 400 for number in range(90))
    issues.write("mail/press/2.md", ISSUE.format(date="2020-06-10").replace("話題の前書きです。", words))
    with pytest.raises(ContentErrors, match="いちばん長いコーナーは「話題」"):
        issues.build()


def test_an_issue_that_its_gate_refuses_makes_no_bundle_and_all_others_do(issues: TinySite) -> None:
    words = "\n\n".join(f"{number}番目の長い段落です。" + "あ" * 400 for number in range(90))
    issues.write("mail/press/2.md", ISSUE.format(date="2020-06-10").replace("話題の前書きです。", words))
    issues.write("mail/press/3.md", "---\ntitle: 短い号\ndate: 2020-06-20\npreheader: この号の案内です\n---\n## 話題\n\n短い文です。\n")
    report = issues.build(strict=False)
    (entry,) = report.held_back
    assert (entry.path, entry.what, entry.diagnostics[0].rule) == ("content/mail/press/2.md", "mail", "M701")
    assert not (issues.output / "mail/press/2").exists() and (issues.output / "mail/press/3/issue.json").is_file()
    assert "90番目" not in issues.page("/mail/press/2/") and "89番目" in issues.page("/mail/press/2/")


def tree(file: Path) -> Any:
    return lxml.html.fromstring(file.read_text(encoding="utf-8"))


def mails(sample: BuildReport) -> list[Path]:
    files = sorted(
        file for file in sample.output.glob("mail/*/*/mail.html") if file.parts[-3] != "emergency"
    )  # which has a form of its own
    assert len(files) == 5
    return files


def test_every_sample_mail_is_complete(sample: BuildReport) -> None:
    for file in mails(sample):
        root = tree(file)
        assert encoded_size(file.stat().st_size) < LARGEST
        assert (root.get("lang"), root.get("dir")) == ("ja", "ltr")
        assert len(root.findall(".//h1")) == 1
        assert all(table.get("role") == "presentation" for table in root.iter("table") if not table.findall(".//th"))
        assert all(image.get("alt") and image.get("width") and image.get("height") is None for image in root.iter("img"))
        assert [[a.get("href") for a in root.iter("a")].count(place) for place in (UNSUBSCRIBE, PREFERENCES)] == [1, 1]
        assert not root.xpath("//script | //form | //link | //iframe")


def test_every_link_of_a_mail_is_absolute_and_leads_to_a_page_of_the_built_site(sample: BuildReport) -> None:
    base = "https://todoke.example.jp"
    for file in mails(sample):
        root = tree(file)
        links = [e.get("href") for e in root.iter("a")] + [e.get("src") for e in root.iter("img")]
        assert all(re.match(r"(https?:|mailto:|tel:|#)", link) for link in links)
        own = [link.removeprefix(base).partition("#")[0].lstrip("/") for link in links if link.startswith(base)]
        assert own
        missing = [p for p in own if not ((sample.output / "site" / p).is_file() or (sample.output / "site" / p / "index.html").is_file())]
        assert missing == []


def test_the_text_part_holds_every_heading_and_every_link_in_order(sample: BuildReport) -> None:
    for file in mails(sample):
        root = tree(file)
        text = file.with_suffix(".txt").read_text(encoding="utf-8")
        compact = re.sub(r"\s+", "", text)
        at = compact.index("もくじ")
        for heading in root.iter("h2", "h3"):
            words = re.sub(r"\s+", "", heading.text_content())
            at = compact.index(words, at)
        at = 0
        contents = root.xpath("//*[@role='navigation']//li//a")
        links = [a for a in root.iter("a") if a.text_content().strip() and a not in contents]
        for link in (a.get("href") for a in links if a.get("href").startswith("http")):
            at = text.index(f"\n{link}\n", at)


def test_the_text_part_has_no_drawn_characters(sample: BuildReport) -> None:
    for file in mails(sample):
        text = file.with_suffix(".txt").read_text(encoding="utf-8")
        assert not re.search(r"[\u2500-\u27bf■□◆◇○●★☆▼▽▲△※]", text)
        assert not re.search(r"\n{4}", text)
