"""Finds in a file what a program, or a hasty hand, left there and nobody wrote for readers: marks of a merge in Git, a second front matter. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugins.media_types import CONFLICT_WORDS, find_conflicts

_SECOND = re.compile(r"\A\s*?^---[ \t]*\n(?:[A-Za-z_]\w*:(?:[ \t].*)?\n(?:[ \t-].*\n)*)+---[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Leftover:
    """A line (from 0), and what is wrong with it in both languages. ``rule`` is the code, ``end`` the offset behind what was left, if it is known."""

    line: int
    ja: str
    en: str
    rule: str
    end: int = 0


def conflict_leftovers(text: str) -> list[Leftover]:
    """Return each place that Git could not merge."""
    return [Leftover(each.first, *CONFLICT_WORDS, "F109") for each in find_conflicts(text)]


def merged(text: str) -> str:
    """Return ``text`` with the upper side of each conflict alone, on the same lines, so that the rest can be checked."""
    lines = text.split("\n")
    for each in find_conflicts(text):
        lines[each.first] = ""
        lines[each.divider : each.last + 1] = [""] * (each.last + 1 - each.divider)
    return "\n".join(lines)


def find_second_header(body: str) -> Leftover | None:
    """Return the second front matter at the beginning of ``body``; its ``line`` counts from the body's first."""
    match = _SECOND.match(body) if body.lstrip().startswith("---") else None
    if match is None:
        return None
    at = body.count("\n", 0, match[0].index("---"))
    ja = "題名や日付（「---」で囲んだところ）が二つあり、二つ目が本文になります。一つにまとめ、こちらを消してください"
    return Leftover(at, ja, "there is a second front matter, which becomes a part of the body: make one of both", "F104", match.end())
