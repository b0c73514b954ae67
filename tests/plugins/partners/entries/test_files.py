"""The Markdown files of entries: whatever a title holds, it comes back, and editors can read it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from plugins.partners.entries.files import _NEVER, _Dumper, _FastDumper, _yaml, find_entries, read_entry, read_stored, render
from plugins.partners.model.errors import EntryFileError

NASTY = st.sampled_from(
    [
        "---",
        "a: b",
        " # x",
        "'",
        '"',
        "null",
        "2012-03-11",
        "1e3",
        "é\x85x",
        "\u2028",
        "x" * 300,
        "題 " * 100,
        "- a",
        "? b",
        "{x}",
        "😀",
        "\ufeff",
        "a\tb",
        "@x",
        "%y",
        "`z",
        "!t",
        "&a",
        "*b",
        "yes",
        "0x1f",
        "12:30",
        "~",
        "",
        " lead",
        "trail ",
        "a\nb",
        "=",
        "<<",
        "...",
        "𠮷野家",
        "C:\\x",
    ]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.one_of(NASTY, TEXT, st.tuples(NASTY, TEXT).map("".join))
FRONTS = st.fixed_dictionaries(
    {"title": VALUES, "topics": st.lists(VALUES, max_size=2), "source": st.fixed_dictionaries({"title": VALUES, "written": VALUES})}
)


@given(FRONTS)
@example({"title": "---", "topics": [], "source": {"title": "---", "written": "é\x85x"}})
def test_front_matter_comes_back_and_both_writers_give_the_same_bytes(front: dict[str, object]) -> None:
    text = render(front, "").decode()
    assert text == f"---\n{_yaml(front, _Dumper, float('inf'))}---\n\n"
    assert yaml.safe_load(text.removeprefix("---\n").removesuffix("---\n\n")) == front
    fast = _yaml(front, _FastDumper, _NEVER)
    assert "\\" in fast or fast in text


SIMPLE = st.text(st.sampled_from("aAyn0129eE_/.,;%=+~@?&-: #'\"*!()|[{浜のー、～　"), max_size=8)
PLAIN_FRONTS = st.dictionaries(
    st.one_of(SIMPLE, st.sampled_from(["title", "date", "k" * 130])),
    st.one_of(VALUES, SIMPLE, st.dictionaries(SIMPLE, st.one_of(VALUES, SIMPLE), max_size=2)),
    max_size=3,
)


@given(PLAIN_FRONTS)
@example({"title": "浜のたより 3", "date": "2012-03-11 10:00", "source": {"written": "123456789012", "body": "12345678901e"}})
@example({"k" * 130: "a", "yes": "no", "a": {"12": {}}})
def test_front_matter_without_lists_is_written_as_libyaml_would(front: dict[str, object]) -> None:
    libyaml = _yaml(front, _FastDumper, _NEVER)
    expected = _yaml(front, _Dumper, float("inf")) if "\\" in libyaml else libyaml
    assert render(front, "").decode() == f"---\n{expected}---\n\n"


def test_emoji_rare_kanji_and_long_titles_stay_on_one_line_as_they_are() -> None:
    title = "😀𠮷野家の長い題 " * 20 + "終"
    assert f"title: {title}\n" in render({"title": title}, "").decode()


def test_equal_lists_are_written_in_full() -> None:
    topics = ["食"]
    assert "&" not in render({"a": topics, "b": topics}, "").decode()


ENTRY = render({"title": "題"}, "本文")


def test_entries_are_found_in_the_order_of_their_paths(tmp_path: Path) -> None:
    for name in ("partners/hama/2013/b.md", "partners/hama/2012/a.md", "partners/hama/2012/a-1.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(ENTRY)
    assert [path.name for path in find_entries(tmp_path / "partners" / "hama")] == ["a.md", "b.md"]
    assert find_entries(tmp_path / "partners" / "none") == []


@pytest.mark.parametrize("linked", ["partners", "partners/hama", "partners/hama/2012", "partners/hama/2012/a.md"])
def test_an_import_stops_at_a_link_that_leads_out_before_it_reads_or_writes(tmp_path: Path, linked: str) -> None:
    elsewhere, content = tmp_path / "elsewhere", tmp_path / "content"
    for root in (elsewhere, content):
        (root / "partners/hama/2012").mkdir(parents=True)
        (root / "partners/hama/2012/a.md").write_bytes(ENTRY)
    (content / linked).rename(tmp_path / "moved")
    (content / linked).symlink_to(elsewhere / linked)
    with pytest.raises(EntryFileError, match="link"):
        read_stored(content / "partners" / "hama")


def test_an_import_waits_for_no_pipe_in_the_place_of_an_entry(tmp_path: Path) -> None:
    (tmp_path / "hama").mkdir()
    os.mkfifo(tmp_path / "hama" / "a.md")
    for read in (lambda: read_stored(tmp_path / "hama"), lambda: read_entry(tmp_path / "hama" / "a.md")):
        with pytest.raises(EntryFileError):
            read()
