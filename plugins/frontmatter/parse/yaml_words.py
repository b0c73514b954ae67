"""Says what is wrong with front matter that is no YAML: the line, the cause and what to write, in words of our own.

The parser names the place where it gave up, which is often the line after the mistake, in terms of YAML that no editor has to know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Culprit:
    """A line (from 0) of the front matter, and what is wrong with it in both languages."""

    line: int
    ja: str
    en: str


_KEY = r"[A-Za-z_][A-Za-z0-9_]*"
_ENTRY = re.compile(rf"^[ \t]*(?:- )?(?P<key>{_KEY}):[ \t]+(?P<value>\S.*?)[ \t]*$")
_Words = tuple[str, str]
_Look = Callable[[str], "_Words | None"]


def find_culprit(text: str, at: int) -> Culprit | None:
    """Return the line of ``text`` that is most likely wrong: the one at ``at`` (from 0), where the parser gave up, or one before it."""
    lines = text.split("\n")
    near = [at, at - 1, *range(at - 2, -1, -1), *range(at + 1, len(lines))]
    for number in near:
        if 0 <= number < len(lines) and (words := _words(lines[number])):
            return Culprit(number, *words)
    return None


def _words(line: str) -> _Words | None:
    return next((words for look in _LOOKS if (words := look(line))), None)


def _wide_colon(line: str) -> _Words | None:
    if match := re.match(rf"^[ \t\u3000]*({_KEY})[ \u3000]*：[ \u3000]*(.*)$", line):
        return f"「：」が全角です。「{match[1]}: {match[2]}」のように、半角の「:」と半角の空白で書いてください", (
            f"the colon is full-width: write '{match[1]}: {match[2]}', with an ASCII colon and a space"
        )
    return None


def _wide_space(line: str) -> _Words | None:
    if match := re.match(rf"^(\u3000*)({_KEY}):(\u3000*)(.*)$", line):
        if match[1]:
            return "行のはじめに全角の空白があります。消してください", "there is a full-width space at the beginning of the line: delete it"
        if match[3]:
            return f"「:」のあとの空白が全角です。「{match[2]}: {match[4]}」のように、半角の空白にしてください", (
                f"the space after the colon is full-width: write '{match[2]}: {match[4]}'"
            )
    return None


def _no_space(line: str) -> _Words | None:
    if match := re.match(rf"^[ \t]*({_KEY}):(?=[^\s:/])(.+)$", line):
        return (
            f"「:」のあとに空白がありません。「{match[1]}: {match[2]}」と書いてください",
            f"no space after the colon: write '{match[1]}: {match[2]}'",
        )
    return None


def _tab(line: str) -> _Words | None:
    if re.match(r"^ *\t", line) or re.match(rf"^ *{_KEY}:\t", line):
        return "タブがあります。半角の空白にしてください", "there is a tab: write spaces"
    return None


def _value(line: str) -> _Words | None:
    match = _ENTRY.match(line)
    if match is None:
        return None
    key, value = match["key"], match["value"]
    first = value[0]
    quoted = _quoted(value)
    if first in "\"'" and not _is_whole(value, first):
        return f"引用符「{first}」で始まる内容が、同じ引用符で終わっていません。{key}: {quoted} と書いてください", (
            f"the value begins with {first} but does not end with it: write {key}: {quoted}"
        )
    if first == '"' and "\\" in value:
        return f"「\\」は、二重の引用符の中では特別な字です。{key}: '{value[1:-1]}' と書いてください", (
            f"a backslash has a meaning between double quotes: write {key}: '{value[1:-1]}'"
        )
    if first in "[{" and not _is_closed(value):
        return f"「{first}」で始まる内容は並びです。並びでなければ {key}: {quoted} と、並びなら終わりまで書いてください", (
            f"a value that begins with {first} is a list: write {key}: {quoted}, or close the list"
        )
    if first not in "\"'[{" and (re.search(r":[ \t]", value) or value.endswith(":") or first in "@`%&*!|>?-,]}"):
        return f"「{value[:30]}」には、YAMLで意味のある記号があります。{key}: {quoted} と、引用符で囲んでください", (
            f"{value[:30]!r} holds signs that have a meaning in YAML: write {key}: {quoted}"
        )
    return None


def _quoted(value: str) -> str:
    """Return ``value`` between single quotes, without a quote of its own that has no counterpart."""
    quote = value[0] if value[0] in "\"'" else ""
    if quote and value.count(quote) == 1:
        value = value[1:]
    elif quote == "'" and value.endswith("'"):
        value = value[1:-1]
    return "'" + value.replace("'", "''") + "'"


def _is_whole(value: str, quote: str) -> bool:
    """Tell whether a quoted value ends with its quote, and holds none besides."""
    inside = value[1:-1].replace("''", "") if quote == "'" else re.sub(r"\\.", "", value[1:-1])
    return len(value) > 1 and value[-1] == quote and quote not in inside


def _is_closed(value: str) -> bool:
    return value.count("[") == value.count("]") and value.count("{") == value.count("}") and value[-1] in "]}"


def _no_colon(line: str) -> _Words | None:
    if line.strip() and not line.startswith((" ", "\t", "#", "-")) and ":" not in line:
        return f"「{line.strip()[:30]}」に項目の名前がありません。「項目: 内容」の形で書き、前の行の続きなら一行にまとめてください", (
            f"{line.strip()[:30]!r} has no key: write 'key: value', and keep a value on one line"
        )
    return None


_LOOKS: tuple[_Look, ...] = (_wide_colon, _wide_space, _no_space, _tab, _value, _no_colon)
