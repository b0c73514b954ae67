"""What editors write for each other reaches no reader, in whatever form, and a note without an end is refused."""

from __future__ import annotations

import pytest

from plugins.diagnostics import ContentErrors
from plugins.frontmatter.normalise.notes import find_notes, without_notes
from plugins.frontmatter.parse.markdown import parse_markdown
from tests.samples.tiny import TinySite

SECRET = "内緒の金額"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("本文です。<!-- 内緒 -->つづき", "本文です。つづき"),
        ("本文です。%% 内緒 %%つづき", "本文です。つづき"),
        ("<!-- 内緒\n\n二つめ -->\n本文", "\n\n\n本文"),
        ("%%\n内緒\n%%\n本文", "\n\n\n本文"),
        ("`<!-- コード -->`と`%% コード %%`", "`<!-- コード -->`と`%% コード %%`"),
        ("```\n<!-- コード -->\n%% コード %%\n```\n<!-- 内緒 -->", "```\n<!-- コード -->\n%% コード %%\n```\n"),
        ("100%と50%です。", "100%と50%です。"),
        ("割合は%%%%です。", "割合は%%%%です。"),
    ],
)
def test_a_note_is_taken_out_and_every_line_keeps_its_number(text: str, left: str) -> None:
    assert without_notes(text) == left
    assert without_notes(text).count("\n") == text.count("\n")


@pytest.mark.parametrize("note", [f"<!-- {SECRET} -->", f"%% {SECRET} %%", f"<!--{SECRET}\n\n{SECRET}-->", f"%%\n{SECRET}\n%%"])
@pytest.mark.parametrize("around", ["本文です。{}つづき", "{}\n\n本文", "- 水\n{}\n- 毛布", "> 引用\n> {}", "| a | b |\n|---|---|\n{}\n| 1 | 2 |", "## 見出し {}", "    {}", "<div>\n{}\n</div>"])  # fmt: skip
def test_no_note_is_on_the_page(note: str, around: str) -> None:
    assert SECRET not in parse_markdown(around.format(note)).html


def test_a_note_between_rows_or_items_does_not_cut_them_apart() -> None:
    assert parse_markdown("| a | b |\n|---|---|\n%% 確認中 %%\n| 1 | 2 |").html.count("<td>") == 2
    assert parse_markdown("- 水\n<!-- 確認中 -->\n- 毛布").html.count("<ul>") == 1


@pytest.mark.parametrize("text", ["本文 <!-- 内緒", "本文 %% 内緒", "```\ncode\n```\n<!-- 内緒"])
def test_a_note_that_is_never_closed_is_the_last_and_has_no_end(text: str) -> None:
    assert [note.end for note in find_notes(text)] == [None]
    assert "内緒" not in without_notes(text)


@pytest.mark.parametrize(
    ("front_matter", "body", "line", "rule"),
    [
        ("title: 題", "本文\n\n%% 内緒", 7, "F703"),
        ("title: 題", "本文 <!-- 内緒", 5, "F703"),
        ("title: 題\nsummary: 要約 <!-- 内緒 -->", "本文", 3, "F704"),
        ("title: 題 %% 内緒 %%", "本文", 2, "F704"),
    ],
)
def test_a_note_that_might_go_public_holds_the_file_back(front_matter: str, body: str, line: int, rule: str, tiny: TinySite) -> None:
    tiny.write("press/2020/a.md", f"---\n{front_matter}\ndate: 2020-01-02\n---\n{body}\n")
    with pytest.raises(ContentErrors) as refused:
        tiny.library()
    assert [(each.line, each.rule) for each in refused.value.diagnostics] == [(line, rule)]


def test_no_file_of_a_built_site_holds_a_note(tiny: TinySite) -> None:
    note = f"<!-- {SECRET} -->"
    tiny.article("press/2020/a.md", lead=f"最初の段落です。{note}\n\n%% {SECRET} %%")
    tiny.article("press/2020/b.md", title="題2", lead="本文です。")
    tiny.write(
        "mail/press/1.md",
        f"---\ntitle: 第1号\ndate: 2020-06-01 10:00\npreheader: 前\n---\nごあいさつです。{note}\n\n## 話\n\n%% {SECRET} %%\n文です。\n",
    )
    tiny.build()
    # last-good.sqlite holds the sources themselves, for files that are held back. It stays beside the checkout and goes nowhere.
    files = [file for file in tiny.output.rglob("*") if file.is_file() and file.name != "last-good.sqlite"]
    assert any(file.suffix == ".html" for file in files)
    assert [file for file in files if SECRET.encode() in file.read_bytes()] == []
