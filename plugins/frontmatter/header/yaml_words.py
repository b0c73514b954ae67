"""Says what is wrong with front matter that is no YAML: the line, the cause and what to write, in words of our own.

The parser names the place where it gave up, which is often the line after the mistake, in terms of YAML that no editor has to know.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from plugins.frontmatter.header.keys import english_key


@dataclass(frozen=True)
class Culprit:
    """A line (from 0) of the front matter, and what is wrong with it in both languages. ``mended`` is the line as it was meant; None if nobody can tell."""

    line: int
    ja: str
    en: str
    mended: str | None = None


_KEY = r"[A-Za-z_][A-Za-z0-9_]*"
# Any word in the place of a key: Japanese too, with what nobody sees. Not the sentence of a text: no punctuation, and not long.
_WORD = r"[^\s:：=＝#\"'\[\]{},、。「」]{1,20}"
_ENTRY = re.compile(rf"^(?P<before>[ \t]*(?:- )?(?P<key>{_KEY}):[ \t]+)(?P<value>\S.*?)[ \t]*$")
_SPACES = "[ \u3000\u00a0\u2000-\u200b\u202f\u205f]"
"""What people take for a space. YAML knows one of them."""
_OTHER_SPACE = "[\u3000\u00a0\u2000-\u200b\u202f\u205f]"
_LISTS = ("municipalities", "topics")
"""Keys under which people write words with number signs, as in a post."""
_BULLET = "[－・‐–—•◦▪‣●○■□＊]"
_Words = tuple[str, str, str | None]
_Look = Callable[[str], "_Words | None"]


def find_culprit(text: str, at: int) -> Culprit | None:
    """Return the line of ``text`` that is most likely wrong: the one at ``at`` (from 0), where the parser gave up, or one before it."""
    lines = text.split("\n")
    near = [at, at - 1, *range(at - 2, -1, -1), *range(at + 1, len(lines))]
    for number in near:
        if 0 <= number < len(lines) and (words := _words(lines[number])):
            return Culprit(number, *words)
    return _indented(lines, at)


def find_silent(text: str) -> list[Culprit]:
    """Return the lines that YAML reads as something else than what was meant, without a word: a space before a key that is no space of YAML, ``-石巻市``."""
    lines = text.split("\n")
    return [
        Culprit(number, *words)
        for number, line in enumerate(lines)
        if (words := _space_before(line) or _joined_dash(lines, number) or _comment(line))
    ]


def mend_line(line: str) -> str | None:
    """Return ``line`` as it was meant; None if nothing is known to be wrong with it, or nobody can tell."""
    words = _words(line)
    return words[2] if words else None


def _words(line: str) -> _Words | None:
    return next((words for look in _LOOKS if (words := look(line))), None)


def _space_before(line: str) -> _Words | None:
    if match := re.match(rf"^{_SPACES}*{_OTHER_SPACE}{_SPACES}*({_KEY}[ \t]*[:：].*)$", line):
        return (
            "行のはじめに全角などの空白があります。消してください",
            "there is a full-width or other space at the beginning of the line: delete it",
            match[1],
        )
    return None


def _joined_dash(lines: list[str], number: int) -> _Words | None:
    """A row of a list without a space after its dash, below a key without a value or another such row."""
    match = re.match(rf"^([ \t]*)(?:(-)(?![-\s])|({_BULLET})[ \t\u3000]*)(.+)$", lines[number])
    above = next((line for line in reversed(lines[:number]) if line.strip()), "")
    if match is None or not re.match(rf"^[ \t]*(?:[A-Za-z_]\w*:[ \t]*$|-|{_BULLET})", above):
        return None
    indent, sign, value = match[1], match[2] or match[3], match[4]
    cause = "「-」のあとに空白がありません" if sign == "-" else f"並びの行が「{sign}」で始まっています"
    return (
        f"{cause}。「- {value}」のように、半角の「-」と空白で書いてください",
        f"write '- {value}': an ASCII hyphen and a space",
        f"{indent}- {value}",
    )


def _comment(line: str) -> _Words | None:
    """A value that begins with a number sign is a comment to YAML: ``title: #石巻の春``."""
    if match := re.match(rf"^[ \t]*({_KEY}):[ \t]+(#[^\s#].*?)[ \t]*$", line):
        if match[1] in _LISTS:
            words = filter(None, re.split(r"[#＃、，,\s]+", match[2]))
            listed = f"{match[1]}: [{', '.join(words)}]"
            return (
                f"「#」からあとはメモになり、{match[1]} が空になります。「#」を付けずに {listed} と書いてください",
                f"what follows a number sign is a comment, and {match[1]} is empty: write {listed}",
                listed,
            )
        quoted = _quoted(match[2])
        return (
            f"「#」からあとはメモになり、{match[1]} が空になります。{match[1]}: {quoted} と、引用符「'」で囲んでください",
            f"what follows a number sign is a comment, and {match[1]} is empty: write {match[1]}: {quoted}",
            f"{match[1]}: {quoted}",
        )
    return None


def _bracketed(line: str) -> _Words | None:
    if match := re.match(rf"^[ \t\u3000]*[【\[［<＜]({_WORD})[】\]］>＞][ \u3000]*(\S.*)$", line):
        mended = f"{english_key(match[1])}: {match[2]}"
        return (
            f"「{line.strip()[:30]}」に項目の名前がありません。「{mended}」のように、「項目: 内容」の形で書いてください",
            f"{line.strip()[:30]!r} has no key: write '{mended}'",
            mended,
        )
    return None


def _wide_colon(line: str) -> _Words | None:
    if match := re.match(rf"^([ \t\u3000]*(?:- )?)({_WORD}?)[ \u3000]*：[ \u3000]*(.*)$", line):
        mended = f"{english_key(match[2])}: {match[3]}"
        before = match[1].replace("\u3000", "").replace("\t", "") if match[1].endswith("- ") else ""
        return (
            f"「：」が全角です。「{mended}」のように、半角の「:」と半角の空白で書いてください",
            f"the colon is full-width: write '{mended}', with an ASCII colon and a space",
            before + mended,
        )
    return None


def _wide_space(line: str) -> _Words | None:
    if match := re.match(rf"^({_KEY}):({_SPACES}*?{_OTHER_SPACE}{_SPACES}*)(.*)$", line):
        mended = f"{match[1]}: {match[3]}"
        cause = "全角です" if "\u3000" in match[2] else "ふつうの空白ではありません"
        return (
            f"「:」のあとの空白が{cause}。「{mended}」のように、半角の空白にしてください",
            f"the space after the colon is full-width or another one: write '{mended}'",
            mended,
        )
    return None


def _no_space(line: str) -> _Words | None:
    if match := re.match(rf"^[ \t]*({_KEY}):(?=[^\s:/])(.+)$", line):
        mended = f"{match[1]}: {match[2]}"
        return f"「:」のあとに空白がありません。「{mended}」と書いてください", f"no space after the colon: write '{mended}'", mended
    return None


def _tab(line: str) -> _Words | None:
    if re.match(r"^ *\t", line) or re.match(rf"^ *{_KEY}:\t", line):
        mended = re.sub(r"\t[ \t]*", " ", line.lstrip(" \t") if re.match(rf"^[ \t]*{_KEY}:", line) else line)
        return "タブがあります。半角の空白にしてください", "there is a tab: write spaces", mended
    return None


def _two_keys(line: str) -> _Words | None:
    match = _ENTRY.match(line)
    if match and (second := re.search(rf"[,、，;][ \u3000]*({_KEY}):[ \t]+", match["value"])) and match["value"][0] not in "\"'[{":
        return (
            f"一行に項目が二つあります（「{match['key']}」と「{second[1]}」）。行を分けて書いてください",
            f"two keys stand on one line ({match['key']} and {second[1]}): write each on a line of its own",
            None,
        )
    return None


def _value(line: str) -> _Words | None:
    match = _ENTRY.match(line)
    if match is None:
        return None
    words = _value_words(match["key"], match["value"])
    return (*words[:2], match["before"] + words[2]) if words else None


def _value_words(key: str, value: str) -> tuple[str, str, str] | None:
    """Return what is wrong with a value, and the value as it has to be written."""
    first, quoted = value[0], _quoted(value)
    if first in "\"'" and not _is_whole(value, first):
        return (
            f"引用符「{first}」で始まる内容が、同じ引用符で終わっていません。{key}: {quoted} と書いてください",
            f"the value begins with {first} but does not end with it: write {key}: {quoted}",
            quoted,
        )
    if first == '"' and "\\" in value:
        return (
            f"「\\」は、二重の引用符の中では特別な字です。一重の引用符で {key}: '{value[1:-1]}' と書いてください",
            f"a backslash has a meaning between double quotes: write {key}: '{value[1:-1]}'",
            f"'{value[1:-1]}'",
        )
    if first in "[{" and not _is_closed(value):
        return (
            f"「{first}」で始まる内容は並びです。並びでなければ {key}: {quoted} と、並びなら終わりまで書いてください",
            f"a value that begins with {first} is a list: write {key}: {quoted}, or close the list",
            f"{value}]" if "," in value and first == "[" and "]" not in value else quoted,
        )
    if first not in "\"'[{" and (re.search(r":[ \t]", value) or value.endswith(":") or first in "@`%&*!|>?-,]}"):
        return (
            f"「{value[:30]}」には、YAMLで意味のある記号「{first if first in '@`%&*!|>?-,]}' else ':'}」があります。{key}: {quoted} と、引用符「'」で囲んでください",
            f"{value[:30]!r} holds signs that have a meaning in YAML: write {key}: {quoted}",
            quoted,
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


def _equals(line: str) -> _Words | None:
    if match := re.match(rf"^({_WORD}?)[ \u3000]*[=＝][ \u3000]*[\"']?(.*?)[\"']?[ \u3000]*$", line):
        mended = f"{english_key(match[1])}: {match[2]}"
        return f"「=」ではなく「:」で書きます。「{mended}」と書いてください", f"write a colon for the equals sign: '{mended}'", mended
    return None


def _no_colon(line: str) -> _Words | None:
    if line.strip() and not line.startswith((" ", "\t", "#", "-")) and ":" not in line:
        return (
            f"「{line.strip()[:30]}」に項目の名前がありません。「項目: 内容」の形で書き、前の行の続きなら一行にまとめてください",
            f"{line.strip()[:30]!r} has no key: write 'key: value', and keep a value on one line",
            None,
        )
    return None


def _indented(lines: list[str], at: int) -> Culprit | None:
    """Return a line with a key that spaces move below the key above it, which has a value already."""
    for number in (at, at - 1):
        if 0 < number < len(lines) and (match := re.match(rf"^[ ]+({_KEY}:(?:[ ].*)?)$", lines[number])):
            if above := re.match(rf"^([ ]+)(- )?{_KEY}:", lines[number - 1]):
                column = len(above[1]) + len(above[2] or "")
                mended = f"{' ' * column}{match[1]}"
                ja = f"行のはじめの空白の数が、上の行とそろっていません。「{match[1][:40]}」の前の空白を{column}個にしてください"
                return Culprit(number, ja, f"the spaces before {match[1][:40]!r} are not those of the line above: write {column}", mended)
            ja = f"行のはじめに空白があります。「{match[1][:40]}」の前の空白を消してください"
            return Culprit(number, ja, f"there is a space at the beginning of the line: delete it, and write {match[1][:40]!r}", match[1])
    return None


_LOOKS: tuple[_Look, ...] = (_space_before, _wide_colon, _wide_space, _no_space, _tab, _two_keys, _value, _equals, _bracketed, _no_colon)
