"""Ruby: a reading stands over the kanji that it belongs to, and nothing of the text or its tags is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.readings.analyser import read_text
from plugins.readings.known import KnownReadings
from plugins.readings.reading import Reading
from plugins.readings.ruby import align, ruby, weave

RUBY = re.compile(r"<rp>（</rp><rt>[^<]*</rt><rp>）</rp>")


@pytest.mark.parametrize(
    ("surface", "kana", "runs"),
    [
        ("食べる", "たべる", [("食", "た"), ("べる", "")]),
        ("引き渡し", "ひきわたし", [("引", "ひ"), ("き", ""), ("渡", "わた"), ("し", "")]),
        ("お茶", "おちゃ", [("お", ""), ("茶", "ちゃ")]),
        ("七ヶ宿", "しちかしゅく", [("七ヶ宿", "しちかしゅく")]),
        ("10日", "とおか", [("10日", "とおか")]),
        ("無理な読み", "ちがう", [("無理な読み", "ちがう")]),
    ],
)
def test_a_reading_is_set_above_the_characters_that_it_belongs_to(surface: str, kana: str, runs: list[tuple[str, str]]) -> None:
    assert align(surface, kana) == runs


def test_a_reading_has_brackets_for_browsers_without_ruby() -> None:
    assert weave("港", [], [Reading(0, 1, "みなと")]) == "<ruby>港<rp>（</rp><rt>みなと</rt><rp>）</rp></ruby>"


def test_a_word_with_a_tag_inside_gets_no_reading_and_loses_a_break_inside_of_it() -> None:
    word = [Reading(0, 2, "みなと")]
    assert weave("港町", [(0, "<b>"), (1, "</b>")], word) == "<b>港</b>町"
    assert RUBY.sub("", weave("港町", [(1, "<wbr>"), (2, "<wbr>")], word)) == "<ruby>港町</ruby><wbr>"


@given(st.text(alphabet="港町が開きました<&>\"'。a1 ", max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_no_character_and_no_tag_is_lost(text: str, offsets: list[int]) -> None:
    tags = [(offset, "<i>") for offset in sorted(offsets) if offset <= len(text)]
    html = weave(text, tags, read_text(text, KnownReadings({}, {})))
    without_ruby = re.sub(r"</?ruby>", "", RUBY.sub("", html))
    assert without_ruby.count("<i>") == len(tags)
    assert without_ruby.replace("<i>", "") == text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_a_reading_is_escaped_as_every_text_is() -> None:
    assert (
        ruby("石巻", "<img src=x onerror=alert(3)>") == "<ruby>石巻<rp>（</rp><rt>&lt;img src=x onerror=alert(3)&gt;</rt><rp>）</rp></ruby>"
    )
