"""What Git or a hasty hand left in a file is found at its line, and the rest is read without it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.frontmatter.header.leftovers import conflict_leftovers, find_second_header, merged

CONFLICT = "<<<<<<< HEAD\n古い文です。\n=======\n新しい文です。\n>>>>>>> main\n"


def test_each_conflict_is_found_and_its_upper_side_is_read_on_the_same_lines() -> None:
    text = f"はじめ\n{CONFLICT}なか\n{CONFLICT}おわり\n"
    assert [each.line for each in conflict_leftovers(text)] == [1, 7]
    assert merged(text).split("\n") == ["はじめ", "", "古い文です。", "", "", "", "なか", "", "古い文です。", "", "", "", "おわり", ""]


@pytest.mark.parametrize(
    "text", ["見出し\n=======\n", "<<<<<<< HEAD\n文です。\n", "> > > 引用\n>>>>>>> main\n", "<<<<<<< HEAD\n>>>>>>> main\n"]
)
def test_half_a_conflict_is_none(text: str) -> None:
    assert conflict_leftovers(text) == [] and merged(text) == text


def test_a_conflict_around_another_is_told_too() -> None:
    text = f"<<<<<<< HEAD\n{CONFLICT}=======\nべつの文です。\n>>>>>>> other\n"
    assert [each.line for each in conflict_leftovers(text)] == [0, 1]
    assert merged(text).split() == ["古い文です。"]


@given(st.lists(st.sampled_from(["<<<<<<< a", "=======", ">>>>>>> b", "文", ""])).map("\n".join))
def test_no_line_comes_or_goes_and_nothing_is_left_to_merge(text: str) -> None:
    assert merged(text).count("\n") == text.count("\n")
    assert conflict_leftovers(merged(text)) == []


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("---\ntitle: 二つ目\n---\n本文", 0),
        ("\n\n---\ntitle: 二つ目\ntopics:\n  - 住まい\ndate: 2020-01-01\n---\n本文", 2),
        ("---\n\n本文\n\n---\n", None),
        ("---\n本文です。\n---\n", None),
        ("本文\n\n---\ntitle: a\n---\n", None),
    ],
)
def test_a_second_front_matter_is_one_at_the_beginning_of_the_body(body: str, line: int | None) -> None:
    second = find_second_header(body)
    assert (second.line if second else None) == line
    assert second is None or body[second.end :].strip() == "本文"
