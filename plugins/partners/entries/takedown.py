"""Entries that were taken down on request: ``content/partners/takedown.txt``, one address or id on a line. They never come back.

The list is beside the entries, in Git, so that the reason for a removal is in its history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from plugins.files import write_atomically
from plugins.partners.entries.entry import Entry, identity
from plugins.partners.entries.files import read_front, remove
from plugins.partners.model.errors import TakedownError
from plugins.partners.model.urls import canonical

_HEADER = """# 書き手の求めで取り下げた記事。一行に一つ、元の記事のアドレス（original）か entry_id。消しません。
# Taken down on request, one original address or entry_id on a line. todoke feeds update removes them and never imports them again.
"""


@dataclass(frozen=True)
class Takedown:
    """The list, as identities (``entry.identity``): the spelling of an address makes no difference."""

    names: frozenset[str] = frozenset()

    def covers(self, entry: Entry) -> bool:
        """Tell whether an entry must not be imported."""
        return not self.names.isdisjoint({entry.identity, canonical(entry.original)})

    def covers_file(self, front: dict[str, object]) -> bool:
        """Tell whether the file with this front matter must be removed."""
        return not self.names.isdisjoint(identity(name) for name in _names(front))


def _names(front: dict[str, object]) -> tuple[str, ...]:
    """Return the names of an entry: its address and its id."""
    return tuple(str(front[key]) for key in ("original", "entry_id") if front.get(key))


def list_path(content: Path) -> Path:
    return content / "partners" / "takedown.txt"


def read_takedown(content: Path) -> Takedown:
    """Read the list. Without the file, nothing was taken down. Raises TakedownError if it cannot be read: then nothing may be imported."""
    path = list_path(content)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Takedown()
    except (OSError, UnicodeDecodeError) as error:
        raise TakedownError(path, str(error)) from error
    return Takedown(frozenset(identity(line) for line in _lines(text)))


def _lines(text: str) -> list[str]:
    """Return the lines that name an entry. ``#`` begins a comment only at the start of a line, since addresses may hold one."""
    stripped = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return [line for line in stripped if line and not line.startswith("#")]


def note(content: Path, names: Iterable[str]) -> None:
    """Add addresses or ids to the list, each once."""
    path = list_path(content)
    text = path.read_text("utf-8") if path.exists() else _HEADER
    listed = set(_lines(text))
    missing = [name for name in dict.fromkeys(names) if name not in listed]
    if missing:
        lines = "".join(f"{name}\n" for name in missing)
        write_atomically(path, f"{text.rstrip()}\n{lines}".encode())


def apply(content: Path, *, dry_run: bool = False) -> tuple[str, ...]:
    """Remove every file that the list covers, with its pictures, and return the paths.

    The other names of each removed entry are added to the list, so that a blog that changes its ids or its address brings nothing back.
    """
    listed = read_takedown(content)
    if not listed.names:
        return ()
    fronts = {path: read_front(path) for path in sorted((content / "partners").rglob("*.md"))}
    covered = {path: front for path, front in fronts.items() if listed.covers_file(front)}
    if covered and not dry_run:
        note(content, (name for front in covered.values() for name in _names(front)))
        for path in covered:
            remove(path)
    return tuple(path.as_posix() for path in covered)
