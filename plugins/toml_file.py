"""Reads a TOML file of settings (TOML 1.0) with bounds: every fault is one diagnostic with file and line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from plugins.control_characters import CONTROL
from plugins.diagnostics import ContentErrors, Diagnostic, unexpected
from plugins.inputs import UnreadableInput, kind_of, read_named

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
        ja, en = "UTF-8で保存されていません", "not UTF-8"
        raise _refused(path, error.object.count(b"\n", 0, error.start) + 1, ja, en) from error
    except RecursionError as error:
        raise _too_deep(path) from error
    except ValueError as error:  # also for numbers of thousands of digits
        line = int(match[1]) if (match := _AT.search(str(error))) else 1
        raise _refused(path, line, f"TOMLとして読めません：{error}", f"not valid TOML: {error}") from error
    except Exception as error:
        raise ContentErrors([unexpected(path, error, rule="R102")]) from error


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
