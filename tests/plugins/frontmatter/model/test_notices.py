"""Notices and drills: what a record has to say, what it may not say, and which notice holds."""

from __future__ import annotations

import pytest

from plugins.diagnostics import ContentErrors, Diagnostic
from plugins.frontmatter.model.notices import Notice
from plugins.frontmatter.model.registry import read_registry
from plugins.frontmatter.model.words.warning_levels import ABOLISHED, LEVELS, SEVERITIES
from plugins.frontmatter.notice_chains import earlier_ones, in_force
from tests.samples.tiny import PLACES, PUBLICATIONS, TinySite

DRILLS = """
[publications.drills]
title = "訓練の知らせ"
reading = "くんれんのしらせ"
kind = "drill"
colour = "#5a4a00"
department = "危機対策課"
contact = "kiki@example.jp"
description = "訓練の知らせ"
"""
RECORD = {
    "title": "石巻市に避難指示",
    "date": "2021-03-31 09:00",
    "expires": "2021-03-31 21:00",
    "level": "4",
    "hazard": "土砂災害",
    "areas": "石巻市の牡鹿地区",
    "what": "強い雨が続いています。",
    "action": "いますぐ避難してください。",
}


@pytest.fixture
def site(tiny: TinySite) -> TinySite:
    """A site with a folder of drills."""
    (tiny.root / "publications.toml").write_text(PUBLICATIONS + DRILLS, encoding="utf-8")
    return tiny


def record(**changes: str | None) -> str:
    body = changes.pop("body", "本文です。")
    rows = {key: value for key, value in {**RECORD, **changes}.items() if value is not None}
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in rows.items()) + f"---\n{body}\n"


def told(site: TinySite) -> list[Diagnostic]:
    with pytest.raises(ContentErrors) as caught:
        site.library()
    return list(caught.value.diagnostics)


def read(site: TinySite) -> Notice:
    (document,) = site.library().documents.values()
    assert isinstance(document.meta, Notice)
    return document.meta


def test_a_record_says_who_where_what_until_when_and_what_to_do(site: TinySite) -> None:
    site.write("notices/2021/a.md", record(phone="危機対策課　０２２－２１１－２３７５", issued_by="県災害対策本部"))
    meta = read(site)
    assert (meta.level, meta.hazard, meta.where, meta.action, meta.issued_by) == (
        4, "土砂災害", "石巻市の牡鹿地区", ("いますぐ避難してください。",), "県災害対策本部",
    )  # fmt: skip
    assert meta.level_words and meta.level_words.words == "警戒レベル4 避難指示" and meta.severity_word == "危険警報"
    assert [(phone.name, phone.number, phone.dialled) for phone in meta.phone] == [("危機対策課", "022-211-2375", "0222112375")]


def test_the_scheme_of_2026_has_five_levels_and_a_word_of_weight_for_each() -> None:
    assert [(level.number, level.instruction, level.warning) for level in LEVELS.values()] == [
        (5, "緊急安全確保", "特別警報"), (4, "避難指示", "危険警報"), (3, "高齢者等避難", "警報"), (2, "注意報", "注意報"), (1, "早期注意情報", "早期注意情報"),
    ]  # fmt: skip
    assert sorted(SEVERITIES.values()) == sorted(LEVELS)


def test_a_notice_of_the_old_form_is_still_read(site: TinySite) -> None:
    site.write("notices/2021/a.md", record(level=None, hazard=None, what=None, action=None, severity="警報"))
    assert (read(site).weight, read(site).is_old_form) == (3, True)


@pytest.mark.parametrize(
    ("changes", "line", "rule", "words"),
    [
        ({"level": None, "severity": None}, 1, "F208", "level is missing"),
        ({"level": "6"}, 5, "F208", "level is 1 to 5"),
        ({"level": "避難指示"}, 5, "F208", "level is 1 to 5"),
        ({"severity": "注意"}, 10, "F208", "contradicts level 4"),
        ({"hazard": "あめ"}, 6, "F208", "no hazard"),
        ({"hazard": None}, 1, "F208", "say what the danger is"),
        ({"action": None}, 1, "F208", "say what to do now"),
        ({"areas": None}, 1, "F208", "say whom it concerns"),
        ({"expires": None}, 1, "F201", "'expires' is missing"),
        ({"phone": "[課 12-34]"}, 10, "F208", "is no telephone"),
        ({"phone": '"' + "0 " * 4_900 + 'x"'}, 10, "F208", "is no telephone"),
        ({"aliases": "[/notices/2021/03/b/easy/]"}, 10, "F208", "the site makes"),
        ({"aliases": "[/notices/2021/03/b/zh-hans/]"}, 10, "F208", "the site makes"),
        ({"aliases": "[/notices/2021/03/b/light.html/]"}, 10, "F208", "the site makes"),
        ({"translations": "{xx: {title: a, what: b, action: c}}"}, 10, "F208", "no language 'xx'"),
        ({"translations": "{en: {title: a, what: b}}"}, 10, "F201", "translations.en.action"),
        ({"easy": "{title: a, what: b, action: []}"}, 10, "F209", "easy.action"),
        ({"updates": "none.md"}, 10, "F804", "there is no none.md"),
        ({"updates": "/etc/passwd"}, 10, "F208", "is no source"),
        ({"updates": "a.md"}, 10, "F804", "later than this notice"),
        ({"title": "石巻市にレベル３の知らせ"}, 2, "F803", "level 3"),
        ({"title": "石巻市に高齢者等避難"}, 2, "F803", "level 3"),
    ],
)
def test_what_a_record_lacks_or_contradicts_is_told_with_its_line(
    site: TinySite, changes: dict[str, str | None], line: int, rule: str, words: str
) -> None:
    site.write("notices/2021/a.md", record(**changes))
    (diagnostic,) = told(site)
    assert (diagnostic.line, diagnostic.rule) == (line, rule) and words in diagnostic.en, diagnostic


@pytest.mark.parametrize("word", [each.word for each in ABOLISHED])
@pytest.mark.parametrize("place", ["title", "what", "action", "areas", "summary", "body"])
def test_an_abolished_order_is_refused_wherever_it_stands_from_the_day_on_that_it_was_abolished(
    site: TinySite, word: str, place: str
) -> None:
    text = f"{word}が出ました"
    changes: dict[str, str | None] = {"expires": "2026-12-31", "body": text} if place == "body" else {"expires": "2026-12-31", place: text}
    site.write("notices/2021/a.md", record(date="2021-05-20", **changes))
    assert [(d.rule, "abolished" in d.en) for d in told(site)] == [("F801", True)]
    site.write("notices/2021/a.md", record(date="2021-05-19", **changes))
    read(site)


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "津波の訓練です"},
        {"action": "これは訓練です。"},
        {"easy": "{title: くんれんです, what: b, action: c}"},
        {"translations": "{en: {title: Drill, what: b, action: c}}"},
        {"translations": "{ko: {title: 훈련, what: b, action: c}}"},
        {"translations": "{zh-Hant: {title: 演練, what: b, action: c}}"},
        {"body": "この訓練は九時に始めます。"},
    ],
)
def test_a_real_notice_that_speaks_of_a_drill_is_refused(site: TinySite, changes: dict[str, str]) -> None:
    site.write("notices/2021/a.md", record(**changes))
    assert {d.rule for d in told(site)} == {"F802"}


@pytest.mark.parametrize(
    "text", ["これは訓練ではありません。", "県立職業訓練校が開いています。", "消防の訓練センターへ。", "Drilling は止めます。"]
)
def test_words_that_only_look_like_a_drill_are_allowed(site: TinySite, text: str) -> None:
    site.write("notices/2021/a.md", record(what=text))
    read(site)


def test_a_drill_needs_its_mark_and_its_own_folder_and_has_its_own_address(site: TinySite) -> None:
    site.write("drills/2021/a.md", record(title="大津波警報が出ました"))
    assert [(d.rule, d.line) for d in told(site)] == [("F802", 2)]
    site.write("drills/2021/a.md", record(title="【訓練】大津波警報が出ました", body="訓練です。"))
    (document,) = site.library().documents.values()
    assert (document.content_type, document.url) == ("drill", "/drills/2021/03/a/")
    site.write("notices/2021/b.md", record(kind="drill"))
    site.write("drills/2021/c.md", record(kind="notice"))
    assert [d.rule for d in told(site)] == ["F302", "F302"]


def test_drills_and_notices_share_neither_folder_nor_list(site: TinySite) -> None:
    (site.content / "data/municipalities.csv").write_text(PLACES, encoding="utf-8")
    for changed in (
        PUBLICATIONS + DRILLS + 'list = "press"\n',
        PUBLICATIONS + DRILLS.replace("drills]", "exercises]"),
        PUBLICATIONS.replace("publications.notices]", "publications.drills]"),
    ):
        (site.root / "publications.toml").write_text(changed, encoding="utf-8")
        with pytest.raises(ContentErrors) as caught:
            read_registry(site.root / "publications.toml", site.content / "data/municipalities.csv")
        assert [d.rule for d in caught.value.diagnostics] == ["R103"]


def test_what_another_notice_updates_or_cancels_no_longer_holds_and_the_gravest_comes_first(site: TinySite) -> None:
    site.write("notices/2021/first.md", record(date="2021-03-31 06:00"))
    site.write("notices/2021/second.md", record(date="2021-03-31 07:00", updates="first.md"))
    site.write("notices/2021/third.md", record(date="2021-03-31 08:00", updates="../2021/second.md", level="2", title="石巻市の雨"))
    site.write("notices/2021/other.md", record(date="2021-03-31 05:00", level=None, severity="特別警報"))
    site.write("notices/2021/waits.md", record(date="2021-03-31 23:00", expires="2021-04-01", cancels="other.md"))
    library = site.library()
    assert [d.path.stem for d in in_force(library.live())] == ["other", "third"]
    third = next(d for d in library.documents.values() if d.path.stem == "third")
    assert [d.path.stem for d in earlier_ones(third, library.documents)] == ["second", "first"]


def test_a_notice_cannot_follow_a_drill_nor_a_drill_a_notice(site: TinySite) -> None:
    site.write("notices/2021/a.md", record(date="2021-03-31 06:00"))
    site.write("drills/2021/b.md", record(title="【訓練】雨", updates="../../notices/2021/a.md"))
    assert [d.rule for d in told(site)] == ["F804"]
