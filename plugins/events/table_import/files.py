"""Imported events as Markdown files. What an editor has changed by hand is never written over.

The line ``imported:`` of a file is a digest of the file as the import wrote it, without that line. While it still fits, the file is the
import's own and may be renewed; once an editor has touched it, it is the editor's.
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
from plugins.files import write_atomically

_IMPORTED = re.compile(r"^imported: *['\"]?([0-9a-f]+)['\"]? *\n", re.MULTILINE)
_DATE = re.compile(r"^date: *['\"]?([^'\"\n]+?)['\"]? *$", re.MULTILINE)
_SPECIAL = re.compile(r"([\\`*_\[\]|])")
_OPENING = re.compile(r"^(#+|[-+~](?=\s|$|[-+~])|\d+(?=\.\s))")


class Outcome(Enum):
    """What became of one event."""

    NEW = "新しく書きました / new"
    RENEWED = "新しい内容にしました / renewed"
    SAME = "変わりません / unchanged"
    KEPT = "人が直したファイルなので、そのままにしました / edited by hand: kept"


@dataclass(frozen=True)
class Planned:
    """A file that the import would write. ``path`` is relative to ``content/``."""

    path: PurePosixPath
    text: str
    outcome: Outcome


def plan(content: Path, publication: str, entry: Entry, published: str) -> Planned:
    """Decide about one event. ``published`` is the ``date`` of a new file; an existing file keeps its date and its place."""
    found = _existing(content, publication, entry.name)
    path = found or PurePosixPath(publication, str(entry.year), f"{entry.name}.md")
    if found is None:
        return Planned(path, render(entry, published), Outcome.NEW)
    before = (content / found).read_bytes().decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    text = render(entry, date[1] if (date := _DATE.search(before)) else published)
    if before == text:
        return Planned(path, text, Outcome.SAME)
    return Planned(path, text, Outcome.RENEWED if _is_ours(before) else Outcome.KEPT)


def write(content: Path, planned: Iterable[Planned]) -> None:
    """Write what is new or renewed, and nothing else."""
    for each in planned:
        if each.outcome in (Outcome.NEW, Outcome.RENEWED):
            write_atomically(content / each.path, each.text.encode())


def _existing(content: Path, publication: str, name: str) -> PurePosixPath | None:
    """The event's file in whatever year it lies: an event that moves to another year keeps its address."""
    found = sorted((content / publication).glob(f"*/{name}.md"))
    return PurePosixPath(found[0].relative_to(content).as_posix()) if found else None


def _is_ours(text: str) -> bool:
    mark = _IMPORTED.search(text)
    return mark is not None and mark[1] == _digest(text.replace(mark[0], "", 1))


def render(entry: Entry, published: str) -> str:
    """Return the file: front matter, body, and the digest that tells later whether somebody has changed it."""
    meta = {"title": entry.meta["title"], "date": published} | dict(entry.meta) | {"source": entry.source}
    front = yaml.safe_dump(meta, allow_unicode=True, sort_keys=False, width=1_000_000, default_flow_style=None)
    body = "\n\n".join(map(_escape, entry.paragraphs))
    without = f"---\n{front}---\n{body}\n"
    return f"---\n{front}imported: '{_digest(without)}'\n---\n{body}\n"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _escape(line: str) -> str:
    """Text that Markdown shows as it is: a table from elsewhere writes no headings, links or tags."""
    plain = _SPECIAL.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    plain = re.sub(r"^[=:]", lambda found: f"&#{ord(found[0])};", plain)
    return _OPENING.sub(lambda found: f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}", plain)
