"""One source file, split into front matter and body, with the line of every key (`yaml_block`)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from plugins.control_characters import CONTROL, compose_kana, control_words
from plugins.diagnostics import Diagnostic
from plugins.frontmatter.header.leftovers import find_second_header
from plugins.frontmatter.header.recovery import recover_header
from plugins.frontmatter.header.yaml_block import FrontMatterError, Place, parse_yaml
from plugins.inputs import InputFolder, InputStat, InputTree, UnreadableInput, survey
from plugins.media_types import file_format, find_conflicts, other_encoding

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


def is_source(path: str) -> bool:
    """Tell whether a file at ``path`` below ``content/`` is a document."""
    return path.endswith(".md") and path.partition("/")[0] not in NOT_SOURCES


def scan_sources(tree: InputTree) -> dict[str, InputStat]:
    """Return every Markdown file of ``content/`` that is a document, by its path below ``content``, sorted by the parts of the paths."""
    documents = filter(is_source, tree.files)
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
    """Read ``root / path``. If it cannot be read as text with YAML front matter, return the first `Diagnostic` that says why."""
    data = _read_bytes(root, path)
    if isinstance(data, Diagnostic):
        return data
    try:
        text = data.decode("utf-8-sig")  # Windows' Notepad may put a byte order mark in front
    except UnicodeDecodeError as error:
        return _not_utf8(path, data, error.start)
    source = split_front_matter(path, _plain(text))
    return source if isinstance(source, Diagnostic) else replace(source, digest=hashlib.blake2b(data, digest_size=16).digest())


def _read_bytes(root: Path, path: PurePosixPath) -> bytes | Diagnostic:
    try:
        data = InputFolder(root).read(str(path), LARGEST + 1)
    except UnreadableInput as error:
        return error.diagnostic()
    if len(data) > LARGEST:
        ja, en = "ファイルが1MBを超えています。画像は別のファイルにしてください", "larger than 1 MB: keep pictures in files of their own"
        return Diagnostic(path, 1, ja, en, "F101")
    return data


def _plain(text: str) -> str:
    """Return ``text`` with line feeds, and with each kana and its voicing mark as one character: a Mac may write two, which T570 tells."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return compose_kana(text) if "\u3099" in text or "\u309a" in text else text


def _not_utf8(path: PurePosixPath, data: bytes, start: int) -> Diagnostic:
    """Say what was saved in the place of a text in UTF-8, whose first wrong byte is at ``start``."""
    if name := file_format(data):
        return _other_format(path, name)
    encoding = other_encoding(data)
    line = 1 if encoding and encoding[0] == "UTF-16" else data.count(b"\n", 0, start) + 1
    ja = f"UTF-8ではなく{encoding[0]}で保存されています" if encoding else "UTF-8で保存されていません"
    return Diagnostic(
        path,
        line,
        f"{ja}。「名前を付けて保存」の文字コードで「UTF-8」を選んで保存し直してください",
        f"{encoding[0] if encoding else 'not UTF-8'}: save the file as UTF-8",
        "F102",
    )


def _other_format(path: PurePosixPath, name: str) -> Diagnostic:
    return Diagnostic(
        path,
        1,
        f"{name}のファイルです。名前を「.md」にしただけでは原稿になりません。文章だけを新しいテキストファイルに貼り付け、「---」で囲んだ題名と日付を先頭に書いて、UTF-8で保存してください",
        f"a file of the format {name}: paste its words into a new text file, with title and date between two lines --- in front, and save it as UTF-8",
        "F102",
    )


def split_front_matter(path: PurePosixPath, text: str) -> Source | Diagnostic:
    """Split ``text`` at its two ``---`` lines and read the YAML between them. Lines end in LF. Returns the first `Diagnostic` if they do not hold."""
    if match := CONTROL.search(text):
        return Diagnostic(path, text[: match.start()].count("\n") + 1, *control_words(match[0]), "F103")
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or "---" not in (stripped := [line.rstrip() for line in lines[1:]]) or find_conflicts(text):
        return _recovered(path, text).mistakes[0]
    end = stripped.index("---") + 1
    try:
        data, places = parse_yaml("\n".join(lines[1:end]), first_line=2)
    except FrontMatterError as error:
        return Diagnostic(path, error.line, error.ja, error.en, error.rule)
    body = "\n".join(lines[end + 1 :])
    if find_second_header(body):
        return _recovered(path, text).mistakes[0]
    return Source(path, data, places, body, end + 2)


@dataclass(frozen=True)
class RecoveredSource:
    """A source that does not hold, read as it was meant, to check the rest of it. ``mistakes`` say what is wrong; there may be none.

    ``knows_fields`` tells whether the source's front matter could be read. Nobody is told that one of the ``lost`` keys is missing.
    """

    source: Source
    mistakes: tuple[Diagnostic, ...]
    knows_fields: bool
    lost: frozenset[str]


def recover_source(root: Path, path: PurePosixPath) -> RecoveredSource | Diagnostic:
    """Read ``root / path`` as far as it can be read. Returns the one `Diagnostic` of a file that is no text."""
    data = _read_bytes(root, path)
    if isinstance(data, Diagnostic):
        return data
    if name := file_format(data):
        return _other_format(path, name)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fault, encoding = _not_utf8(path, data, error.start), other_encoding(data)
        if encoding is None:
            return fault
        recovered = _recovered(path, _plain(encoding[1]).removeprefix("\ufeff"))
        return replace(recovered, mistakes=(fault, *recovered.mistakes))
    if "\x1b$" in text:
        return _not_utf8(path, data, data.index(b"\x1b$"))
    return _recovered(path, _plain(text))


def _recovered(path: PurePosixPath, text: str) -> RecoveredSource:
    header = recover_header(text)
    ja, en = ("。todoke check --fix でも直せます", "; todoke check --fix does it") if header.mended else ("", "")
    mistakes = tuple(Diagnostic(path, mistake.line, f"{mistake.ja}{ja}", f"{mistake.en}{en}", mistake.rule) for mistake in header.mistakes)
    source = Source(path, header.data or {}, header.lines, header.body, header.body_line)
    knows_fields = bool(header.data) or (header.data is not None and not mistakes)
    return RecoveredSource(source, mistakes, knows_fields, header.lost)
