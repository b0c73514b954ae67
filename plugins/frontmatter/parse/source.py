"""One source file, split into front matter and body, with the line of every key.

Every YAML scalar stays the text that the editor wrote, and the models convert it. PyYAML follows YAML 1.1, which would read ``4:30`` as 270 (a number
in base 60), ``no`` as False, and ``2015-03-21`` as a date without a zone.
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
"""Folders directly below ``content/`` that hold no documents."""


@dataclass(frozen=True)
class SourceStat:
    """Size in bytes and modification time in ns of a file."""

    size: int
    time: int


def scan_sources(content: Path) -> dict[str, SourceStat]:
    """Return every Markdown file that is a document, by its path below ``content``, sorted by the parts of the paths."""
    files = dict(_walk(str(content), ""))
    return {path: files[path] for path in sorted(files, key=lambda path: path.split("/"))}


def find_sources(content: Path) -> list[PurePosixPath]:
    """Return every Markdown file that is a document, in the order of `scan_sources`."""
    return list(map(PurePosixPath, scan_sources(content)))


def _walk(folder: str, below: str) -> Iterator[tuple[str, SourceStat]]:
    # os.scandir and plain strings: there is no Path object for each of thousands of files. Linked folders are not entered, so no walk is endless.
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if below or entry.name not in NOT_SOURCES:
                    yield from _walk(entry.path, f"{below}{entry.name}/")
            elif entry.name.endswith(".md"):
                stat = entry.stat()
                yield f"{below}{entry.name}", SourceStat(stat.st_size, stat.st_mtime_ns)


Place = tuple[int | str, ...]
"""The keys and list indices that lead to a value in the front matter: ``("attachments", 0, "file")``."""

LARGEST = 1_000_000
"""Bytes. A larger source is a mistake (an image pasted as text), not an article."""

# A feed cannot hold these, and no reader would see them. XML 1.0 (2.2) allows of C0 only tab, LF and CR, and neither surrogates nor U+FFFE and U+FFFF; C1, U+2028, U+2029
# and a U+FEFF inside the text are invisible, and programs disagree on whether they end a line.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Source:
    """``data`` is the front matter and ``lines`` the line of each place in it. ``body`` is the Markdown, which begins at ``body_line``. ``digest`` is
    that of the file's bytes.
    """

    path: PurePosixPath
    data: dict[str, object]
    lines: dict[Place, int]
    body: str
    body_line: int
    digest: bytes = b""

    def line_of(self, place: Place) -> int:
        """Return the line of ``place``, or of the innermost value around it that is there: a missing key is reported where it should stand."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def line_with(self, text: str) -> int:
        """Return the first line of the body that holds ``text``, or the body's first line."""
        lines = self.body.splitlines()
        return self.body_line + next((number for number, line in enumerate(lines) if text in line), 0)


def read_source(root: Path, path: PurePosixPath) -> Source | Diagnostic:
    """Read ``root / path``. If it cannot be read as text with YAML front matter, return the `Diagnostic` that says why."""
    with open(f"{root}/{path}", "rb") as file:  # noqa: PTH123 - no Path object for each of thousands
        data = file.read()
    if len(data) > LARGEST:
        return Diagnostic(
            path,
            1,
            "ファイルが1MBを超えています。画像は別のファイルにしてください",
            "larger than 1 MB: keep pictures in files of their own",
            "F101",
        )
    try:
        text = data.decode("utf-8-sig")  # Windows' Notepad may put a byte order mark in front
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return Diagnostic(
            path, line, "UTF-8で保存されていません。「UTF-8」を選んで保存し直してください", "not UTF-8: save the file as UTF-8", "F102"
        )
    source = split_front_matter(path, text.replace("\r\n", "\n").replace("\r", "\n"))
    return source if isinstance(source, Diagnostic) else replace(source, digest=hashlib.blake2b(data, digest_size=16).digest())


def split_front_matter(path: PurePosixPath, text: str) -> Source | Diagnostic:
    """Split ``text`` at its two ``---`` lines and read the YAML between them. Lines end in LF."""
    if match := _CONTROL.search(text):
        line = text[: match.start()].count("\n") + 1
        return Diagnostic(
            path,
            line,
            f"見えない制御文字（U+{ord(match[0]):04X}）があります。消してください",
            f"control character U+{ord(match[0]):04X}: delete it",
            "F103",
        )
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in (stripped := [line.rstrip() for line in lines[1:]]):
        return Diagnostic(
            path,
            1,
            "先頭に「---」で囲んだ題名や日付がありません",
            "no front matter: begin with ---, title and date, and another ---",
            "F104",
        )
    end = stripped.index("---") + 1
    try:
        data, places = _parse_yaml("\n".join(lines[1:end]))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1  # a mark counts from 0, and the line of "---" is above
        return Diagnostic(
            path,
            line,
            f"YAMLとして読めません。「項目: 内容」の形にし、内容に「: 」や「#」があれば引用符で囲んでください（{error.problem}）",
            f"not valid YAML: {error.problem}",
            "F105",
        )
    return Source(path, data, places, "\n".join(lines[end + 1 :]), end + 2)


# libyaml parses ten times as fast. Where a platform's wheel of PyYAML lacks it, the loader in Python gives the same nodes.
# The base loaders resolve no types: every scalar is text (see above).
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def _parse_yaml(text: str) -> tuple[dict[str, object], dict[Place, int]]:
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
    value = _construct(node, (), lines, set())
    return (value if isinstance(value, dict) else {}), lines


def _construct(node: yaml.Node, place: Place, lines: dict[Place, int], constructed: set[int]) -> object:
    """Return the value of ``node``, and put the line of each place in it into ``lines``."""
    if id(node) in constructed:  # an alias. A few lines of them can grow to gigabytes ("billion laughs"), and no editor needs one
        raise yaml.MarkedYAMLError(problem="anchors and aliases (& and *) are not used here", problem_mark=node.start_mark)
    constructed.add(id(node))
    lines.setdefault(place, node.start_mark.line + 2 if place else 1)
    if isinstance(node, yaml.MappingNode):
        return _construct_mapping(node, place, lines, constructed)
    if isinstance(node, yaml.SequenceNode):
        return [_construct(child, (*place, number), lines, constructed) for number, child in enumerate(node.value)]
    return str(node.value)


def _construct_mapping(node: yaml.MappingNode, place: Place, lines: dict[Place, int], constructed: set[int]) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, child in node.value:
        name = str(key.value)
        if name in result:  # YAML forbids it (1.1, 3.2.1.1); PyYAML would silently keep the last
            raise yaml.MarkedYAMLError(problem=f"{name!r} is written twice", problem_mark=key.start_mark)
        lines[(*place, name)] = key.start_mark.line + 2
        result[name] = _construct(child, (*place, name), lines, constructed)
    return result
