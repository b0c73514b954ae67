"""One run of `todoke check` tells everything: no mistake hides another, in whatever part of the checkout they are."""

from __future__ import annotations

import pytest

from plugins.builder.checkout.source_check import check_sources
from plugins.diagnostics import ContentErrors
from tests.samples.mistakes import picture
from tests.samples.tiny import NOW, TinySite

BODY = "# 大見出し\n\n![列車](../../images/nai.png)\n\n[資料](nai.md)と[こちら](https://www.example.jp/)①\n\n[計画](C:\\plan.md)\n"
ISSUE = "---\ntitle: 第1号\ndate: 2020-06-01 10:00\n---\n## 今月\n\n〔ここに今月のことばを書く〕\n"


def told(site: TinySite) -> list[str]:
    report = check_sources(site.content, site.root / "publications.toml", NOW)
    return sorted({f"{each.path}:{each.line}:{each.rule}" for each in (*report.errors, *report.warnings)})


def test_all_that_is_wrong_in_one_body_is_told_at_once(tiny: TinySite) -> None:
    tiny.write("press/2020/all.md", f"---\ntitle: 題\ndate: 2016-02-10\n---\n{BODY}")
    of_body = [(5, "F701"), (5, "T201"), (7, "F403"), (9, "F401"), (9, "T101"), (9, "T401"), (11, "F702")]
    assert told(tiny) == sorted(f"content/press/2020/all.md:{line}:{rule}" for line, rule in of_body)


def test_front_matter_that_is_no_yaml_hides_neither_its_other_lines_nor_the_body(tiny: TinySite) -> None:
    header = "---\ntitle：題\ndate: 令和3年2月30日\nsumary:要約\ntopics: [住まい、道路・交通]\n---\n"
    tiny.write("press/2020/all.md", header + BODY)
    of_header = [(2, "F105"), (3, "F208"), (4, "F105"), (4, "F202"), (5, "F208")]
    of_body = [(7, "F701"), (7, "T201"), (9, "F403"), (11, "F401"), (11, "T101"), (11, "T401"), (13, "F702")]
    assert told(tiny) == sorted(f"content/press/2020/all.md:{line}:{rule}" for line, rule in of_header + of_body)


def test_a_source_at_fault_hides_neither_tables_nor_pictures_nor_mails_nor_other_sources(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", "---\ntitle: 題\ndate: 2020/5/1\n---\n本文です。\n")
    tiny.write("press/2020/b.md", "---\ntitle: 題\ndate: 2020-05-01\n---\n![海](../../images/sea.jpg)\n")
    tiny.write("mail/press/001.md", ISSUE)
    tiny.write("data/readings.csv", "語,読み\n")
    file = tiny.content / "images" / "sea.jpg"
    file.parent.mkdir()
    file.write_bytes(picture("cut jpeg"))
    assert {
        "content/press/2020/a.md:3:F208",
        "content/press/2020/b.md:5:F405",
        "content/mail/press/001.md:7:I104",
        "content/data/readings.csv:1:D102",
    } <= {*told(tiny)}


def test_settings_that_do_not_hold_hide_no_source_that_cannot_be_read(tiny: TinySite) -> None:
    toml = tiny.root / "publications.toml"
    toml.write_text(
        toml.read_text("utf-8").replace('title = "とどけ"', "title = 「とどけ」").replace("sample = true", "sample = はい"), "utf-8"
    )
    tiny.write("press/2020/a.md", "---\ntitle：題\n---\n本文です。\n")
    assert told(tiny) == ["content/press/2020/a.md:2:F105", "publications.toml:3:R102", "publications.toml:9:R102"]


def test_who_links_to_a_source_at_fault_is_not_accused(tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", "---\ntitle: 題\ndate: 2020/5/1\n---\n本文です。\n")
    tiny.write("press/2020/b.md", "---\ntitle: 題\ndate: 2020-05-01\n---\n[aの話](a.md)\n")
    tiny.write("mail/press/001.md", "---\ntitle: 第1号\ndate: 2020-06-01\n---\n## 今月\n\n::記事 ../../press/2020/a.md\n")
    assert {each.split(":")[0] for each in told(tiny)} == {"content/press/2020/a.md"}


def test_the_next_mail_passes_the_gate_before_it_is_due(tiny: TinySite) -> None:
    words = "ことば" * 3_000
    tiny.write(
        "mail/press/001.md",
        f"---\ntitle: 第1号\ndate: 2021-04-30 10:00\npreheader: 春です。\n---\n## 今月\n\n{words}\n\n{words}\n\n{words}\n",
    )
    assert [each for each in told(tiny) if ":M" in each] == ["content/mail/press/001.md:6:M701"]


def test_the_link_to_a_source_at_fault_is_told_as_soon_as_that_source_is_gone(tiny: TinySite) -> None:
    """The document with the link was read without a word in the first run. No cache may take it for one that holds."""
    tiny.article("press/2020/b.md", lead="[aの話](a.md)を見る。")
    fault = tiny.write("press/2020/a.md", "---\ntitle: 題\ndate: 2020/5/1\n---\n本文です。\n")
    with pytest.raises(ContentErrors) as first:
        tiny.build()
    fault.unlink()
    with pytest.raises(ContentErrors) as second:
        tiny.build()
    assert {str(each.path) for each in first.value.diagnostics} == {"content/press/2020/a.md"}
    assert [(str(each.path), each.line, each.rule) for each in second.value.diagnostics] == [("content/press/2020/b.md", 7, "F401")]
