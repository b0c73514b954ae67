"""Reads a TOML file of settings (TOML 1.0) with bounds: every fault is one diagnostic with file and line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.control_characters import CONTROL, control_words
from plugins.diagnostics import ContentErrors, Diagnostic, unexpected
from plugins.inputs import UnreadableInput, kind_of, read_named
from plugins.media_types import CONFLICT_WORDS, find_conflicts, other_encoding

LARGEST = 1_000_000
"""Bytes. A list of a hundred publications has some thirty kilobytes."""

DEEPEST = 10
"""Tables and lists inside each other. Settings have four levels at most."""

_AT = re.compile(r"\(at line ([0-9]+),")
# tomllib walks a dotted key from its beginning for each of its parts: ten thousand parts take seconds.
_LONG_KEY = re.compile(r"(?:(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')[ \t]*\.[ \t]*){20}")


def read_toml(file: Path) -> dict[str, Any]:
    """Return the tables of ``file``. Raises `ContentErrors` with one diagnostic."""
    path = PurePosixPath(file.name)
    try:
        return _read(file, path)
    except ContentErrors:
        raise
    except FileNotFoundError as error:
        raise ContentErrors([missing(file)]) from error
    except UnreadableInput as error:
        raise ContentErrors([missing(file) if error.kind == "missing" else replace(error.diagnostic(), rule="R101")]) from error
    except UnicodeDecodeError as error:
        encoding = other_encoding(error.object)
        ja = f"UTF-8ではなく{encoding[0]}で保存されています" if encoding else "UTF-8で保存されていません"
        ja, en = f"{ja}。「UTF-8」を選んで保存し直してください", f"{encoding[0] if encoding else 'not UTF-8'}: save the file as UTF-8"
        raise _refused(path, error.object.count(b"\n", 0, error.start) + 1, ja, en) from error
    except RecursionError as error:
        raise _too_deep(path) from error
    except ValueError as error:  # also for numbers of thousands of digits
        raise ContentErrors(_mistakes(file, path, error)) from error
    except Exception as error:
        raise ContentErrors([unexpected(path, error, rule="R102")]) from error


_MOST_MISTAKES = 20

LONGEST_SHOWN = 200
"""Characters of a line that a message writes anew."""


def _mistakes(file: Path, path: PurePosixPath, error: ValueError) -> list[Diagnostic]:
    """Return every line that is no TOML: after each, the file is read on as if the line were right."""
    lines = read_named(file, LARGEST).decode("utf-8-sig").split("\n")
    if conflicts := find_conflicts("\n".join(line.rstrip("\r") for line in lines)):
        return [Diagnostic(path, each.first + 1, *CONFLICT_WORDS, "R102") for each in conflicts]
    diagnostics: list[Diagnostic] = []
    for _ in range(_MOST_MISTAKES):
        at = int(match[1]) - 1 if (match := _AT.search(str(error))) else 0
        if "(at end of document)" in str(error) or at >= len(lines):  # a list or a text of several lines that is never closed
            at = max((number for number, line in enumerate(lines) if line.strip()), default=0)
        ja, en, mended = _line_words(lines[at], str(error))
        diagnostics.append(Diagnostic(path, at + 1, ja, en, "R102"))
        if lines[at].lstrip().startswith("["):  # a table of its own: its keys are not those of the table before
            mended = f"[line-{at + 1}]"
        if lines[at] == (mended or ""):
            break
        lines[at] = mended or ""
        try:
            tomllib.loads("\n".join(lines))
        except ValueError as following:
            error = following
        else:
            break
    return diagnostics


_ENTRY = re.compile(r"^\s*(?P<key>[\w.\"-]+?)\s*(?P<sign>[=＝:：])[ \t\u3000]*(?P<value>.*?)\s*(?:#.*)?$")
_OPEN_HEADER = re.compile(r"^\s*(\[[\w.-]+)\s*$")
_BOOLEANS = {
    "はい": "true", "いいえ": "false", "yes": "true", "no": "false", "True": "true", "False": "false", "TRUE": "true", "FALSE": "false", "on": "true", "off": "false",
}  # fmt: skip


def _line_words(line: str, reason: str) -> tuple[str, str, str | None]:
    """Say what is wrong with a line that is no TOML, in Japanese and English, and what it was meant to be. The parser's words are English and of TOML."""
    match = _ENTRY.match(line)
    shown = line.strip()[:60]
    if control := CONTROL.search(line):
        return (*control_words(control[0]), CONTROL.sub("", line))
    if "Cannot overwrite" in reason or "twice" in reason or "Cannot mutate" in reason or "Cannot declare" in reason:
        name = match["key"] if match else shown
        return f"「{name}」が二度書かれています。どちらかを消してください", f"{name!r} is written twice: delete one of them", None
    if (header := _OPEN_HEADER.match(line)) and not match:
        return f"「]」がありません。「{header[1]}]」と書いてください", f"a bracket is missing: write {header[1]}]", None
    if match is None or not match["value"]:
        example = '[名前] か「項目 = "内容"」'
        return f"「{shown}」のあたりが読めません。{example} の形で書いてください", f'cannot read {shown!r}: write key = "value"', None
    return _entry_words(match["key"], match["sign"], match["value"])


def _entry_words(key: str, sign: str, value: str) -> tuple[str, str, str | None]:
    """Say the same of a line that has a key and a value."""
    if value[:1] in "\"'" and (bare := value.rstrip(",、;， ")) != value and bare.endswith(value[0]):
        mended = f"{key} = {bare}"
        return (
            f"行の終わりの「{value[len(bare) :].strip()}」は要りません。「{mended}」と書いてください",
            f"nothing follows the value: write {mended}",
            mended,
        )
    if value.startswith('"') and value.count('"') == 1 and sign == "=":
        mended = f'{key} = "{value[1:]}"'
        return (
            f'「{key}」の引用符「"」が閉じていません。途中で行を変えずに、「{mended}」のように一行で書いてください',
            f"the quote of {key!r} is not closed: write it on one line, such as {mended}",
            mended,
        )
    mended = f"{key} = {_value(value)}"
    if len(mended) > LONGEST_SHOWN:
        return (
            f'「{key}」の内容が読めません。ことばは半角の引用符「"」で囲んでください',
            f"cannot read the value of {key!r}: put words between quotes",
            None,
        )
    if sign != "=":
        return (
            f"「{sign}」ではなく半角の「=」で書きます。「{mended}」と書いてください",
            f"write an equals sign: {mended}",
            mended,
        )
    if value in _BOOLEANS:
        return f"「{value}」ではなく true か false で、「{mended}」と書いてください", f"write true or false: {mended}", mended
    if value.startswith('"') and "\\" in value:
        return (
            f"「\\」は、二重の引用符の中では特別な字です。一重の引用符で「{mended}」と書いてください",
            f"a backslash has a meaning here: write {mended}",
            mended,
        )
    return (
        f'「{key}」の内容が読めません。ことばは半角の引用符「"」で囲みます。「{mended}」と書いてください',
        f"cannot read the value of {key!r}: words stand between ASCII quotes; write {mended}",
        mended,
    )


def _value(value: str) -> str:
    if value in _BOOLEANS or value in ("true", "false") or re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", value):
        return _BOOLEANS.get(value, value)
    words = value.strip("\"'“”‘’「」『』＂ \u3000")
    return f"'{words}'" if "\\" in words or '"' in words else f'"{words}"'


def missing(file: Path) -> Diagnostic:
    """Return the diagnostic of a file of settings that is not there, or of what lies in its place."""
    ja, en = "ファイルがありません。場所を確かめてください", "no such file: check where you are"
    if kind := kind_of(file):
        ja, en = f"ファイルではなく{kind[0]}です。ファイルを置いてください", f"{kind[1]}, not a file: put the file here"
    return Diagnostic(PurePosixPath(file.as_posix()), 1, ja, en, "R101")


def _read(file: Path, path: PurePosixPath) -> dict[str, Any]:
    if kind_of(file):
        raise ContentErrors([missing(file)])
    data = read_named(file, LARGEST + 1)
    if len(data) > LARGEST:
        raise _refused(path, 1, "1MBを超えています", "larger than 1 MB")
    text = data.decode("utf-8-sig")
    if _LONG_KEY.search(text):
        raise _too_deep(path)
    tables = tomllib.loads(text)
    # Level by level and without recursion: a dotted key can be as deep as it is long.
    level: list[object] = [tables]
    for _ in range(DEEPEST + 1):
        level = [inner for value in level for inner in _inside(value, path)]
        if not level:
            return tables
    raise _too_deep(path)


def _inside(value: object, path: PurePosixPath) -> list[object]:
    if isinstance(value, dict):
        return [*value, *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, str) and (match := CONTROL.search(value)):
        name = f"U+{ord(match[0]):04X}"
        raise _refused(path, 1, f"「{value[:40]!r}」に見えない制御文字（{name}）があります", f"control character {name} in {value[:40]!r}")
    return []


def _too_deep(path: PurePosixPath) -> ContentErrors:
    return _refused(
        path,
        1,
        f"表や並びの入れ子が深すぎます（{DEEPEST}段まで）",
        f"tables and lists are too deep inside each other: at most {DEEPEST} levels",
    )


def _refused(path: PurePosixPath, line: int, ja: str, en: str) -> ContentErrors:
    return ContentErrors([Diagnostic(path, line, ja, en, "R102")])
