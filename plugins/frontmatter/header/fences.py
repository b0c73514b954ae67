"""Looks for the two lines ``---`` around front matter where they are not as they should be. Pure.

Only a file that cannot be read as it stands comes here: so what is meant may be guessed, and is always told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plugins.frontmatter.header.keys import english_key

_DASHES = re.compile("^[ \t\u3000]*([-ーｰ－−—–―‐‑─━＿_=＝*＊]{2,}|[—―─━])[ \t\u3000]*$")
"""A line of dashes of any kind; Word makes one of three. Three of the keyboard's hyphens at the beginning of the line are right, and are no match for
`_is_odd`.
"""
_LINE = re.compile(r"^[ \t\u3000]*(?:【)?([^\s:：=＝#、。「」\[\]()（）]{1,20})[ \t\u3000】]*[:：=＝]")
"""A line that begins like a key."""
_WRITE = "一行目から「---」「title: 題名」「date: 2015-03-21」「---」の四行を書いてください"
_WRITE_EN = "begin with the four lines ---, title: …, date: 2015-03-21, ---"


@dataclass(frozen=True)
class FenceMistake:
    """A line (from 0) of the file, and what is wrong with it in both languages."""

    line: int
    ja: str
    en: str


@dataclass(frozen=True)
class Fences:
    """The front matter is the lines from ``first`` to before ``last``; the body begins with the line ``body`` (all from 0)."""

    first: int
    last: int
    body: int
    mistakes: tuple[FenceMistake, ...]


def find_fences(lines: Sequence[str]) -> Fences:
    """Return where front matter lies most likely, and what is wrong with the lines around it. Without any, it is empty."""
    first, mistakes = _begin(lines)
    if first is None:
        others = [number for number, line in enumerate(lines) if line.rstrip() == "+++"][:2]
        return Fences(0, 0, others[1] + 1 if others[:1] == [0] and others[1:] else 0, tuple(mistakes))
    last, body, of_end = _end(lines, first)
    if any("```" in mistake.ja for mistake in mistakes) and lines[body : body + 1] == ["```"]:
        body += 1
    return Fences(first, last, body, (*mistakes, *of_end))


def header_end(text: str) -> int:
    """Return the offset at which the body of ``text`` begins, if its front matter is not between two right lines ``---``."""
    lines = text.split("\n")
    return min(len(text), sum(len(line) + 1 for line in lines[: find_fences(lines).body]))


def _begin(lines: Sequence[str]) -> tuple[int | None, list[FenceMistake]]:
    """Return the first line of the front matter; None if there is none."""
    at = next((number for number, line in enumerate(lines) if line.strip()), None)
    if at is None:
        return None, [
            FenceMistake(0, f"空のファイルです。{_WRITE}。使わないなら消してください", f"an empty file: {_WRITE_EN}; or delete it")
        ]
    mistakes = []
    if at:
        mistakes.append(FenceMistake(0, "「---」の前に空の行があります。消してください", "there is an empty line before ---: delete it"))
    line = lines[at]
    if line.startswith("```") and at + 1 < len(lines) and lines[at + 1].strip() == "---":
        mistakes.append(FenceMistake(at, "「---」の前に「```」があります。消してください", "there is ``` before ---: delete it"))
        at, line = at + 1, lines[at + 1]
    if line.rstrip() == "---":
        return _after_doubled(lines, at + 1, mistakes)
    if match := _DASHES.match(line):
        return at + 1, [*mistakes, _odd(at, line, match[1])]
    if _is_key(line):
        ja = "一行目に「---」がありません。題名や日付の前に「---」とだけ書いた行を置いてください"
        return at, [*mistakes, FenceMistake(at, ja, "the line --- before title and date is missing: write it")]
    return None, [_without(at, line)]


def _without(at: int, line: str) -> FenceMistake:
    if line.startswith("+++"):
        ja = f"「+++」で囲む形は、ほかのプログラムのものです。{_WRITE}"
        return FenceMistake(at, ja, f"+++ is the form of another program: {_WRITE_EN}")
    if line.startswith("# "):
        ja = f"題名が「{line.strip()}」の形で書かれています。「title: {line[2:].strip()}」とし、{_WRITE}"
        return FenceMistake(at, ja, f"the title is a heading: make it title: {line[2:].strip()}, and {_WRITE_EN}")
    return FenceMistake(at, f"先頭に「---」で囲んだ題名や日付がありません。{_WRITE}", f"no front matter: {_WRITE_EN}")


def _after_doubled(lines: Sequence[str], first: int, mistakes: list[FenceMistake]) -> tuple[int, list[FenceMistake]]:
    """Go over a second ``---`` right below the first, if keys follow it."""
    following = [number for number in range(first, min(len(lines), first + 4)) if lines[number].strip()][:2]
    if len(following) == 2 and _is_fence(lines[following[0]]) and _is_key(lines[following[1]]):
        at = following[0]
        return at + 1, [*mistakes, FenceMistake(at, "「---」が二つ続いています。一つを消してください", "--- is there twice: delete one")]
    return first, mistakes


def _end(lines: Sequence[str], first: int) -> tuple[int, int, list[FenceMistake]]:
    """Return the line after the front matter, the first line of the body, and what is wrong."""
    for number in range(first, len(lines)):
        line = lines[number]
        if line.rstrip() in ("---", "..."):
            return number, number + 1, [] if line.rstrip() == "---" else [_odd(number, line, "...")]
        if match := _DASHES.match(line):
            return number, number + 1, [_odd(number, line, match[1])]
        if not line.strip() and not _goes_on(lines, number):
            return _without_end(lines, first, number)
    return _without_end(lines, first, len(lines))


def _without_end(lines: Sequence[str], first: int, until: int) -> tuple[int, int, list[FenceMistake]]:
    """Let front matter end with its last line before ``until`` that can belong to it."""
    last = max((number + 1 for number in range(first, until) if _belongs(lines[number])), default=first)
    ja = "題名や日付の終わりに「---」がありません。ここに「---」とだけ書いた行を置いてください"
    mistake = FenceMistake(
        min(last, len(lines) - 1), ja, "no front matter that ends: the line --- after title and date is missing; write it here"
    )
    return last, last, [mistake]


def _goes_on(lines: Sequence[str], at: int) -> bool:
    """Tell whether front matter goes on after an empty line: the next line that is not empty is a key, a comment, a row of a list, or ``---``."""
    following = next((line for line in lines[at:] if line.strip()), "")
    return _is_fence(following) or _belongs(following) if following else False


def _belongs(line: str) -> bool:
    return _is_key(line) or line.startswith((" ", "\t", "#", "- "))


def _is_key(line: str) -> bool:
    match = _LINE.match(line)
    return match is not None and re.fullmatch(r"[a-z_][a-z0-9_]*", english_key(match[1])) is not None


def _is_fence(line: str) -> bool:
    return line.rstrip() == "---"


def _odd(at: int, line: str, dashes: str) -> FenceMistake:
    if dashes == "---":
        ja = "「---」の前に空白があります。消して、行のはじめに「---」とだけ書いてください"
        return FenceMistake(at, ja, "there is a space before ---: delete it")
    ja = f"「{line.strip()}」ではなく、半角の「---」（ハイフン三つ）とだけ書いてください"
    return FenceMistake(at, ja, f"write --- (three ASCII hyphens), not {line.strip()!r}")
