"""Headings, lists and tables that say what they are: T201 to T206."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from plugins.checks.rules.manuscript import Manuscript
from plugins.checks.rules.rule import Hit, Rule
from plugins.control_characters import words

# Python-Markdown needs no space after the marks: a line that begins with # is a heading (HashHeaderProcessor).
_HEADING = re.compile(
    r"^(?P<marks>#{1,6})(?P<text>[^\n]*)$"
    r"|(?:\A|(?<=\n\n)|(?<=\x00\n))(?P<under>[^\s#>|\-*+\x00][^\n]*)\n(?P<line>=+|-+)[ \t]*$"
    r"|<h(?P<tag>[1-6])\b[^<>]*>(?P<inner>.*?)</h(?P=tag)>",
    re.MULTILINE | re.IGNORECASE | re.DOTALL,
)
_HASHES = re.compile(r"(?P<marks>#(?<![^\n]#)#{0,5})(?P<text>[^\n]*)$", re.MULTILINE)
_WIDE = re.compile(r"^[#＃]{2,6}", re.MULTILINE)
_OTHERWISE = ("\n=", "\n-", "<h", "<H")
"""If a body has none of these, all its headings are lines that begin with #."""
_BOLD = re.compile(r"(?:\A|(?<=\n\n)|(?<=\x00\n))(\*\*|__)([^*_\n]{1,40}[^*_\n。．.！!？?])\1[ \t]*(?=\n\n|\n?\Z)")
_DOTS = re.compile(r"(?:^[ \u3000]*[・･]\S[^\n]*(?:\n|\Z)){2,}", re.MULTILINE)
_DOT = re.compile(r"^[ \u3000]*([・･])", re.MULTILINE)
_DIVIDER = re.compile(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*$|^[ \t]*\|[ \t]*:?-+:?[ \t]*\|[ \t]*$", re.MULTILINE)
_TABLE = re.compile(r"<table\b.*?(?:</table>|\Z)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """Offsets, level 1 to 6, words."""

    start: int
    end: int
    level: int
    words: str


@lru_cache(maxsize=1)  # three rules ask for the same source, one after the other
def headings(source: Manuscript) -> list[Heading]:
    """Return the headings of the body in order: with number signs, underlined, or as HTML."""
    marked = _WIDE.sub(lambda match: match[0].replace("＃", "#"), source.marked) if "＃" in source.marked else source.marked
    if any(sign in marked for sign in _OTHERWISE):
        return [_heading(match, source.text) for match in _HEADING.finditer(marked)]
    return [_with_words(match, "text", len(match["marks"]), source.text) for match in _HASHES.finditer(marked)]


def _heading(match: re.Match[str], text: str) -> Heading:
    level = len(match["marks"] or "") or int(match["tag"] or 0) or (1 if match["line"][0] == "=" else 2)
    return _with_words(match, next(name for name in ("text", "under", "inner") if match[name] is not None), level, text)


def _with_words(match: re.Match[str], group: str, level: int, text: str) -> Heading:
    words = text[match.start(group) : match.end(group)]
    return Heading(*match.span(), level, re.sub(r"<[^<>]*>", "", words).strip(" \t#＃\u3000"))


def _top(source: Manuscript) -> Iterator[Hit]:
    for heading in headings(source):
        if heading.level == 1:
            yield Hit(
                heading.start,
                heading.end,
                f"本文の見出し「{heading.words}」が題名と同じ一段目です。「## {heading.words}」と書いてください",
                f"the heading {heading.words!r} is on the level of the title: write '## {heading.words}'",
            )


def _skipped_levels(source: Manuscript) -> Iterator[Hit]:
    above = 1
    for heading in headings(source):
        if heading.level > above + 1:
            marks = "#" * (above + 1)
            yield Hit(
                heading.start,
                heading.end,
                f"見出し「{heading.words}」が{above}段目から{heading.level}段目へ飛んでいます。「{marks} {heading.words}」と書いてください",
                f"the heading {heading.words!r} jumps from level {above} to {heading.level}: write '{marks} {heading.words}'",
            )
        above = heading.level


def _empty(source: Manuscript) -> Iterator[Hit]:
    for heading in headings(source):
        if not heading.words:
            yield Hit(
                heading.start,
                heading.end,
                "見出しにことばがありません。ことばを書くか、行を消してください",
                "a heading without words: write some, or delete the line",
            )


def _bold(source: Manuscript) -> Iterator[Hit]:
    for match in _BOLD.finditer(source.marked) if "**" in source.marked or "__" in source.marked else ():
        yield Hit(
            *match.span(),
            f"太字だけの段落「{match[2]}」は、見出しとして飛ばし読みできません。「## {match[2]}」と書いてください",
            f"the bold paragraph {match[2]!r} is no heading to a screen reader: write '## {match[2]}'",
        )


def _dots(source: Manuscript) -> Iterator[Hit]:
    for match in _DOTS.finditer(source.marked) if "・" in source.marked or "･" in source.marked else ():
        for dot in _DOT.finditer(match[0]):
            yield Hit(
                match.start() + dot.start(1),
                match.start() + dot.end(1),
                "「・」で始めた行は、ほかのMarkdownでは一つの段落につながります。行のはじめを「- 」にしてください",
                "lines that begin with ・ run together into one paragraph elsewhere: begin each with '- '",
                "- " if dot.start() == dot.start(1) else None,
            )


def _tables(source: Manuscript) -> Iterator[Hit]:
    for match in _DIVIDER.finditer(source.marked) if "|" in source.marked and "-" in source.marked else ():
        above = source.marked[: match.start()].rstrip("\n").rpartition("\n")[2]
        empty_line = source.marked[: match.start()].endswith("\n\n")
        cells = [words(cell) for cell in above.strip().strip("|").split("|")]
        if "|" not in above or empty_line or not all(cells[1:]) or not any(cells):
            yield _no_header(match.span())
    for match in _TABLE.finditer(source.marked):
        if "<th" not in match[0].lower():
            yield _no_header(match.span())


def _no_header(span: tuple[int, int]) -> Hit:
    return Hit(
        *span,
        "表に見出しのない列があります。一行目に、列ごとの見出しを書いてください（左上だけは空にできます）",
        "a column of the table has no header: write the headers into the first row (only the first cell may be empty)",
    )


RULES = (
    Rule(
        "T201", "error", "本文の中の一段目の見出し", "a first-level heading in the body",
        "一段目の見出しは題名です。二つあると、ページの題名がどれか分かりません",
        "the title is the first-level heading; a second one hides what the page is called",
        "JIS X 8341-3 1.3.1, WCAG 2.2 H42", "# 駅が開きました", "## 駅が開きました", _top,
    ),
    Rule(
        "T202", "error", "見出しの順番", "the order of headings",
        "見出しを飛ばしながら読む人は、抜けた段に何かあったと思います",
        "whoever reads by headings takes a missing level for missing content",
        "JIS X 8341-3 1.3.1, WCAG 2.2 G141", "### 駅が開きました", "## 駅が開きました", _skipped_levels,
    ),
    Rule(
        "T203", "error", "空の見出し", "an empty heading",
        "読み上げソフトが「見出し」とだけ言います", "a screen reader says 'heading' and nothing else",
        "WCAG 2.2 2.4.6", "##\n\n本文です。", "## 駅\n\n本文です。", _empty,
    ),
    Rule(
        "T204", "warn", "太字で作った見出し", "a heading made of bold text",
        "太字だけの段落は、見出しの一覧に出ません", "a bold paragraph is missing from the list of headings",
        "WCAG 2.2 F2", "**日程と会場**\n\n3月21日です。", "## 日程と会場\n\n3月21日です。", _bold,
    ),
    Rule(
        "T205", "error", "見出しのない表", "a table without headers",
        "見出しがないと、読み上げのときに何の数か分かりません", "without headers nobody who listens knows what a number is",
        "JIS X 8341-3 1.3.1, WCAG 2.2 H51", "|  |  |\n|---|---|\n| 石巻市 | 5戸 |", "| 市町村 | 戸数 |\n|---|---|\n| 石巻市 | 5戸 |", _tables,
    ),
    Rule(
        "T206", "warn", "「・」で作った並び", "a list made of ・",
        "このサイトでは並びになりますが、ほかのMarkdownでは一つの段落につながり、並びとして読み上げられません", "this site makes a list of them, but elsewhere the lines run together, and no list is announced",
        "WCAG 2.2 H48", "・水\n・毛布", "- 水\n- 毛布", _dots, fixes=True,
    ),
)  # fmt: skip
