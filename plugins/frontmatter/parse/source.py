"""One source file, cut into front matter and body, with the line of every key.

Every YAML scalar stays text: ``4:30`` is not 270, ``2015-03-21`` is not yet a date, ``no`` is not False. The models convert.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from plugins.diagnostics import Diagnostic

NOT_SOURCES = frozenset({"images", "files", "data"})
"""Folders of ``content/`` that hold no documents."""


@dataclass(frozen=True)
class SourceStat:
    """A file as the walk met it: bytes, and modification time in ns."""

    size: int
    time: int


def scan_sources(content: Path) -> dict[str, SourceStat]:
    """Return every Markdown file that is a document, by its path below ``content``, in the order of the paths' parts."""
    found = dict(_walk(str(content), ""))
    return {path: found[path] for path in sorted(found, key=lambda path: path.split("/"))}


def find_sources(content: Path) -> list[PurePosixPath]:
    """Return every Markdown file that is a document, in a fixed order."""
    return list(map(PurePosixPath, scan_sources(content)))


def _walk(folder: str, below: str) -> Iterator[tuple[str, SourceStat]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if below or entry.name not in NOT_SOURCES:
                    yield from _walk(entry.path, f"{below}{entry.name}/")
            elif entry.name.endswith(".md"):
                stat = entry.stat()
                yield f"{below}{entry.name}", SourceStat(stat.st_size, stat.st_mtime_ns)


Place = tuple[int | str, ...]


LARGEST = 1_000_000
"""Bytes. A source beyond this is a mistake (a picture pasted as text), not an article."""


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Source:
    """``data`` is the front matter, ``lines`` the line of each place in it, ``body`` the Markdown, which begins at ``body_line``; ``digest`` that of the file."""

    path: PurePosixPath
    data: dict[str, object]
    lines: dict[Place, int]
    body: str
    body_line: int
    digest: bytes = b""

    def line_of(self, place: Place) -> int:
        """Return the line of the innermost part of ``place`` that is there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def line_with(self, text: str) -> int:
        """Return the first line of the body that holds ``text``, or the body's first line."""
        lines = self.body.splitlines()
        return self.body_line + next((number for number, line in enumerate(lines) if text in line), 0)


def read_source(root: Path, path: PurePosixPath) -> Source | Diagnostic:
    """Read ``root / path``. A file that cannot be read as text with YAML front matter is a `Diagnostic`."""
    with open(f"{root}/{path}", "rb") as file:  # noqa: PTH123 - thousands of sources: no object for each
        raw = file.read()
    if len(raw) > LARGEST:
        return Diagnostic(
            path,
            1,
            "ファイルが1MBを超えています。画像は別のファイルにしてください",
            "larger than 1 MB: keep pictures in files of their own",
            "F101",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Diagnostic(
            path, line, "UTF-8で保存されていません。「UTF-8」を選んで保存し直してください", "not UTF-8: save the file as UTF-8", "F102"
        )
    source = split_front_matter(path, text.replace("\r\n", "\n").replace("\r", "\n"))
    return source if isinstance(source, Diagnostic) else replace(source, digest=hashlib.blake2b(raw, digest_size=16).digest())


def split_front_matter(path: PurePosixPath, text: str) -> Source | Diagnostic:
    """Cut ``text`` at its two ``---`` lines and read the YAML between them."""
    if found := _CONTROL.search(text):
        line = text[: found.start()].count("\n") + 1
        return Diagnostic(
            path,
            line,
            f"見えない制御文字（U+{ord(found[0]):04X}）があります。消してください",
            f"control character U+{ord(found[0]):04X}: delete it",
            "F103",
        )
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in (ends := [line.rstrip() for line in lines[1:]]):
        return Diagnostic(
            path,
            1,
            "先頭に「---」で囲んだ題名や日付がありません",
            "no front matter: begin with ---, title and date, and another ---",
            "F104",
        )
    end = ends.index("---") + 1
    try:
        data, places = _load("\n".join(lines[1:end]))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        return Diagnostic(
            path,
            line,
            f"YAMLとして読めません。「項目: 内容」の形にし、内容に「: 」や「#」があれば引用符で囲んでください（{error.problem}）",
            f"not valid YAML: {error.problem}",
            "F105",
        )
    return Source(path, data, places, "\n".join(lines[end + 1 :]), end + 2)


# libyaml reads ten times as fast; a platform whose wheel lacks it reads the same with the loader in Python.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _load(text: str) -> tuple[dict[str, object], dict[Place, int]]:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    lines: dict[Place, int] = {}
    if node is None:
        return {}, lines
    if not isinstance(node, yaml.MappingNode):
        raise yaml.MarkedYAMLError(problem="a list of 'key: value' lines is needed", problem_mark=node.start_mark)
    value = _value(node, (), lines, set())
    return (value if isinstance(value, dict) else {}), lines


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], seen: set[int]) -> object:
    if id(node) in seen:  # an alias: the road to a billion laughs, and no editor needs it
        raise yaml.MarkedYAMLError(problem="anchors and aliases (& and *) are not used here", problem_mark=node.start_mark)
    seen.add(id(node))
    lines.setdefault(place, node.start_mark.line + 2 if place else 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, lines, seen)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, (*place, number), lines, seen) for number, child in enumerate(node.value)]
    return str(node.value)


def _mapping(node: yaml.MappingNode, place: Place, lines: dict[Place, int], seen: set[int]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, child in node.value:
        name = str(key.value)
        if name in result:
            raise yaml.MarkedYAMLError(problem=f"{name!r} is written twice", problem_mark=key.start_mark)
        lines[(*place, name)] = key.start_mark.line + 2
        result[name] = _value(child, (*place, name), lines, seen)
    return result
