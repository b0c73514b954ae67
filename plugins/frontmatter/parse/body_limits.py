"""Bounds of a body, told in words, and what its entities stand for. `check_text` comes before Markdown is parsed, `check_tree` after.

Python-Markdown looks for the end of each bracket, tag and footnote anew, to the end of its block: twice the number takes four times as long. A text
with hundreds that never end is a slip, and is told before the time is spent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

from plugins.control_characters import control_words
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.normalise.notes import find_notes
from plugins.frontmatter.parse.markdown import Body, control_character
from plugins.frontmatter.parse.source import Source

MOST_OPEN = 300
"""Brackets or tags that are opened and never closed. 4,000 cost two seconds; texts that people wrote have none, or a handful."""

MOST_MARKS = 500
"""Marks of one footnote. Each adds a link back to the note, which is written anew for each of them."""

DEEPEST = 40
"""Elements inside each other. A list in a list takes two. libxml2 ends at 256, and what lies deeper would be lost without a word."""

MOST_CELLS = 20_000
"""Cells of all tables of a body. A larger table belongs into a file (``content/files/``): no page could show it (60 kB)."""

_TAGS = re.compile(r"<(?=[A-Za-z/!?])|>")
_TARGETS = re.compile(r"(?<=\])\(|\)")
_BRACKETS = re.compile(r"\[|\]")
_RUNS = (("[", _BRACKETS), ("(", _TARGETS), ("<", _TAGS))
_MARK = re.compile(r"\[\^([^\]\n]{1,100})\](?!:)")
_REFERENCE = re.compile(r"&#([xX][0-9a-fA-F]{1,8}|[0-9]{1,8})")

_TOO_DEEP = etree.XPath(f"boolean({'/'.join('*' * DEEPEST)})")
_CELLS = etree.XPath("count(.//td) + count(.//th)")


def check_text(source: Source, *, in_markdown: bool = True) -> list[Diagnostic]:
    """Return what Markdown would take too long to find out, and a note for other editors that is never closed: what follows it would go public."""
    return [*_open_runs(source), *_repeated_marks(source), *(_open_notes(source) if in_markdown else ())]


def _open_notes(source: Source) -> Iterator[Diagnostic]:
    for note in find_notes(source.body):
        if note.end is None:
            sign, end = ("<!--", "-->") if source.body.startswith("<!--", note.start) else ("%%", "%%")
            ja = f"編集メモの「{sign}」が閉じていません。メモの終わりに「{end}」を書くか、「{sign}」を消してください"
            en = f"a note for other editors that begins with {sign!r} is not closed: write {end!r} where it ends, or delete {sign!r}"
            yield Diagnostic(source.path, source.body_line + source.body.count("\n", 0, note.start), ja, en, "F703")


def check_tree(source: Source, body: Body) -> list[Diagnostic]:
    """Return control characters behind entities, elements that lie too deep, tables that are too large."""
    if _TOO_DEEP(body.root):
        ja, en = (
            f"並びや引用の入れ子が深すぎます（{DEEPEST}段まで）",
            f"lists or quotations inside each other are too deep: at most {DEEPEST} levels",
        )
        return [Diagnostic(source.path, source.body_line, ja, en, "F108")]
    if "table" in body.tags and (count := int(_CELLS(body.root))) > MOST_CELLS:  # type: ignore[arg-type]
        ja = f"表の欄が{count:,}個あります。{MOST_CELLS:,}個までにし、大きな表は content/files/ にファイルとして置いてください"
        en = f"{count:,} cells in tables, at most {MOST_CELLS:,}: put a large table into content/files/"
        return [Diagnostic(source.path, source.body_line, ja, en, "F108")]
    return _controls(source, body)


def _open_runs(source: Source) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each kind of bracket of which too many are never closed."""
    text = source.body
    for sign, pattern in _RUNS:
        if text.count(sign) > MOST_OPEN and len(lines := _unclosed(text, sign, pattern)) > MOST_OPEN:
            ja = f"「{sign}」が{len(lines)}個、閉じていません。要らないものを消すか、前に「\\」を付けてください"
            yield Diagnostic(
                source.path,
                source.body_line + text.count("\n", 0, lines[0]),
                ja,
                f"{len(lines)} times {sign!r} is not closed: delete what is not needed, or put a backslash before it",
                "F108",
            )


def _unclosed(text: str, sign: str, pattern: re.Pattern[str]) -> list[int]:
    """Return the offsets of the opening signs that no closing one answers."""
    opened: list[int] = []
    for match in pattern.finditer(text):
        if match[0] == sign:
            opened.append(match.start())
        elif opened:
            opened.pop()
    return opened


def _repeated_marks(source: Source) -> Iterator[Diagnostic]:
    if source.body.count("[^") <= MOST_MARKS:
        return
    for name, count in Counter(match[1] for match in _MARK.finditer(source.body)).items():
        if count > MOST_MARKS:
            ja = f"注「{name}」を{count}回使っています（{MOST_MARKS}回まで）"
            yield Diagnostic(
                source.path, source.line_with(f"[^{name}]"), ja, f"footnote {name!r} is used {count} times: at most {MOST_MARKS}", "F108"
            )


def _controls(source: Source, body: Body) -> list[Diagnostic]:
    """Look for control characters that are written as entities (``&#8;``): the raw ones were looked for in the bytes."""
    if "&#" not in source.body or not (character := control_character(body.root)):
        return []
    references = (match for match in _REFERENCE.finditer(source.body) if _number(match[1]) == ord(character))
    at = next((match.start() for match in references), 0)
    return [Diagnostic(source.path, source.body_line + source.body.count("\n", 0, at), *control_words(character), "F103")]


def _number(reference: str) -> int:
    return int(reference[1:], 16) if reference[0] in "xX" else int(reference)
