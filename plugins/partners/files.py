"""The Markdown files of partner entries: read their front matter, write them whole.

Front matter goes through PyYAML in both directions, so no title can end it or add a key to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from .errors import EntryFileError
from .matching import Change, Stored
from .state import replace_file

FENCE = "---\n"


class _Dumper(yaml.SafeDumper):
    """Writes lists out each time: an alias (``*id001``) is nothing an editor should meet."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Say that nothing is shared."""
        return True


def feed_folder(content: Path, key: str) -> Path:
    """Return the folder of a feed's entries. ``key`` was checked by ``config`` (a-z, 0-9, hyphen)."""
    return content / "partners" / key


def read_stored(folder: Path) -> tuple[Stored, ...]:
    """Read the front matter of every entry under ``folder``. Raises EntryFileError for one that cannot be read."""
    return tuple(Stored(path.relative_to(folder), read_front(path)) for path in sorted(folder.rglob("*.md")))


def has_entries(folder: Path) -> bool:
    """Tell whether a feed was ever imported here."""
    return next(folder.rglob("*.md"), None) is not None


def read_front(path: Path) -> dict[str, object]:
    """Read one file's front matter."""
    try:
        text = path.read_text("utf-8")
        front = yaml.safe_load(_between_fences(text))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise EntryFileError(path, f"{type(error).__name__}") from error
    if not isinstance(front, dict):
        raise EntryFileError(path, "no keys")
    return {str(key): value for key, value in front.items()}


def _between_fences(text: str) -> str:
    """Return the lines between the first two ``---``. Raises ValueError when there are none."""
    if not text.startswith(FENCE):
        raise ValueError("no front matter")
    end = text.index("\n" + FENCE, len(FENCE) - 1)
    return text[len(FENCE) : end + 1]


def render(front: Mapping[str, object], body: str) -> bytes:
    """Return a file's bytes: the same values always give the same bytes."""
    keys = yaml.dump(dict(front), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=float("inf"), line_break="\n")
    return f"{FENCE}{keys}{FENCE}\n{body}".encode()


def write(folder: Path, change: Change) -> Path:
    """Write one change and return its path. Raises OSError."""
    path = folder / change.path
    replace_file(path, render(change.front, change.body))
    return path
