"""One source file, split into front matter and body, with the line of every key (`yaml_block`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from plugins.control_characters import CONTROL, control_words
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.parse.yaml_block import FrontMatterError, Place, parse_yaml
from plugins.inputs import InputFolder, InputStat, InputTree, UnreadableInput, survey

NOT_SOURCES = frozenset({"images", "files", "data"})
"""Folders directly below ``content/`` that hold no documents."""

_PUBLISHABLE = NOT_SOURCES | {"partners"}
"""The folders whose files go public as they are, if a public document names them; `plugins.partners` puts the pictures of an entry beside it."""

DRAWINGS = "images/drawings/"
"""The sources of some pictures, which are never public."""


def is_publishable(path: str) -> bool:
    """Tell whether the file at ``path`` below ``content/`` may be public if a public document names it: not a source, not a file of another program."""
    folder, *below = path.split("/")
    if not below or folder not in _PUBLISHABLE or path.startswith(DRAWINGS) or any(part.startswith(".") for part in below):
        return False
    return folder in NOT_SOURCES or not path.endswith(".md")


def scan_sources(tree: InputTree) -> dict[str, InputStat]:
    """Return every Markdown file of ``content/`` that is a document, by its path below ``content``, sorted by the parts of the paths."""
    documents = [path for path in tree.files if path.endswith(".md") and path.partition("/")[0] not in NOT_SOURCES]
    return {path: tree.files[path] for path in sorted(documents, key=lambda path: path.split("/"))}


def find_sources(content: Path) -> list[PurePosixPath]:
    """Return every Markdown file that is a document and may be read, in the order of `scan_sources`."""
    return list(map(PurePosixPath, scan_sources(survey(content))))


LARGEST = 1_000_000
"""Bytes. A larger source is a mistake (an image pasted as text), not an article."""


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
    try:
        data = InputFolder(root).read(str(path), LARGEST + 1)
    except UnreadableInput as error:
        return error.diagnostic()
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
    if match := CONTROL.search(text):
        return Diagnostic(path, text[: match.start()].count("\n") + 1, *control_words(match[0]), "F103")
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
        data, places = parse_yaml("\n".join(lines[1:end]), first_line=2)
    except FrontMatterError as error:
        return Diagnostic(path, error.line, error.ja, error.en, error.rule)
    return Source(path, data, places, "\n".join(lines[end + 1 :]), end + 2)
