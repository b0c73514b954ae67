"""Plans and writes the Markdown files of imported events. A file that an editor has changed is never overwritten.

The line ``imported:`` of a file is a digest of the file as the import wrote it, without that line. If the digest still matches, nobody has changed the file
and the import may renew it; otherwise the file belongs to its editor.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

import yaml

from plugins.events.table_import.row import Entry
from plugins.files import write_into
from plugins.inputs import InputFolder

_IMPORTED = re.compile(r"^imported: *['\"]?([0-9a-f]+)['\"]? *\n", re.MULTILINE)
_DATE = re.compile(r"^date: *['\"]?([^'\"\n]+?)['\"]? *$", re.MULTILINE)
_MARKUP = re.compile(r"([\\`*_\[\]|])")
_BLOCK_START = re.compile(r"^(#+|[-+~](?=\s|$|[-+~])|\d+(?=\.\s))")


class Outcome(Enum):
    """What the import does with the file of one event; the values are the messages."""

    NEW = "新しく書きました / new"
    RENEWED = "新しい内容にしました / renewed"
    SAME = "変わりません / unchanged"
    KEPT = "人が直したファイルなので、そのままにしました / edited by hand: kept"


@dataclass(frozen=True)
class Planned:
    """The file of one event as it would be now. ``path`` is relative to ``content/``."""

    path: PurePosixPath
    text: str
    outcome: Outcome


def plan(content: Path, publication: str, entry: Entry, published: str) -> Planned:
    """Return the file of one event. ``published`` is the ``date`` of a new file; an existing file keeps its date and its path.

    Raises `plugins.inputs.UnreadableInput` if the existing file is a link that leads out of ``content``, a pipe or the like.
    """
    path = _existing(content, publication, entry.name)
    if path is None:
        return Planned(PurePosixPath(publication, str(entry.year), f"{entry.name}.md"), render(entry, published), Outcome.NEW)
    # Git or an editor on Windows may have changed the line ends, and an editor may have added a BOM: neither is a change of the text.
    before = InputFolder(content).read(str(path)).decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    text = render(entry, date[1] if (date := _DATE.search(before)) else published)
    if before == text:
        return Planned(path, text, Outcome.SAME)
    return Planned(path, text, Outcome.RENEWED if _is_unchanged(before) else Outcome.KEPT)


def write(content: Path, planned: Iterable[Planned]) -> None:
    """Write the files that are new or renewed, and no other. Raises `plugins.files.WriteRefused` where a link leads out of ``content``, `OSError`."""
    for file in planned:
        if file.outcome in (Outcome.NEW, Outcome.RENEWED):
            write_into(content, str(file.path), file.text.encode(), replace=True)


def _existing(content: Path, publication: str, name: str) -> PurePosixPath | None:
    """The event's file, whatever year it lies in: an event that moves to another year keeps its permalink."""
    files = sorted((content / publication).glob(f"*/{name}.md"))
    return PurePosixPath(files[0].relative_to(content).as_posix()) if files else None


def _is_unchanged(text: str) -> bool:
    line = _IMPORTED.search(text)
    return line is not None and line[1] == _digest(text.replace(line[0], "", 1))


def render(entry: Entry, published: str) -> str:
    """Return the text of the file: front matter, the digest of the rest, and the body."""
    meta = {"title": entry.meta["title"], "date": published} | dict(entry.meta) | {"source": entry.source}
    front = yaml.safe_dump(meta, allow_unicode=True, sort_keys=False, width=1_000_000, default_flow_style=None)
    body = "\n\n".join(map(_escape, entry.paragraphs))
    undigested = f"---\n{front}---\n{body}\n"
    return f"---\n{front}imported: '{_digest(undigested)}'\n---\n{body}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _escape(line: str) -> str:
    """``line`` as Markdown that shows it unchanged: text from outside must not make headings, links or tags."""
    escaped = _MARKUP.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    # "=" would underline a heading and ":" begin a directive of ours, but Markdown knows no backslash before them.
    escaped = re.sub(r"^[=:]", lambda match: f"&#{ord(match[0])};", escaped)
    return _BLOCK_START.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", escaped)
