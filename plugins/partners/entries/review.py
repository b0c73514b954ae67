"""Entries that wait for an editor: drafts under ``content/partners``. Publishing one removes a line of its front matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plugins.files import write_atomically
from plugins.partners.entries import takedown
from plugins.partners.entries.files import read_entry, render
from plugins.partners.model.errors import EntryFileError


@dataclass(frozen=True)
class WaitingEntry:
    """One draft. ``path`` is relative to ``content/partners``; the command line takes it."""

    path: str
    date: str
    title: str
    original: str


def waiting(content: Path, keys: Iterable[str] = ()) -> tuple[WaitingEntry, ...]:
    """Return the drafts of the feeds ``keys``, or of all, oldest first. Raises EntryFileError."""
    root, chosen = content / "partners", set(keys)
    drafts = []
    for path in sorted(root.rglob("*.md")):
        front, _ = read_entry(path)
        if front.get("draft") is True and (not chosen or path.relative_to(root).parts[0] in chosen):
            name = path.relative_to(root).as_posix()
            drafts.append(WaitingEntry(name, str(front.get("date", "")), str(front.get("title", "")), str(front.get("original", ""))))
    return tuple(sorted(drafts, key=lambda draft: (draft.date, draft.path)))


def publish(content: Path, name: str) -> None:
    """Make a draft public with the next build. Raises EntryFileError."""
    path = _entry(content, name)
    front, body = read_entry(path)
    write_atomically(path, render({key: value for key, value in front.items() if key != "draft"}, body))


def refuse(content: Path, name: str) -> None:
    """Take an entry down: it is removed and never comes back. Raises EntryFileError."""
    front, _ = read_entry(_entry(content, name))
    takedown.note(content, [str(front.get("original") or front.get("entry_id"))])
    takedown.apply(content)


def _entry(content: Path, name: str) -> Path:
    """Return the file of ``name``. Raises EntryFileError for anything but an entry under ``content/partners``."""
    root = (content / "partners").resolve()
    path = (root / name.removeprefix("content/partners/")).resolve()
    if root not in path.parents or path.suffix != ".md" or not path.is_file():
        raise EntryFileError(Path(name), "no such entry")
    return path
