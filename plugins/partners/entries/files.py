"""The Markdown files of partner entries: read their front matter, write them whole.

Front matter goes through PyYAML in both directions, so that no title can end it or add a key to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from plugins.files import write_atomically
from plugins.inputs import InputFolder, UnreadableInput, survey
from plugins.partners.entries.file_copies import SUFFIXES
from plugins.partners.entries.reconcile import EntryChange
from plugins.partners.entries.versions import StoredEntry
from plugins.partners.model.errors import EntryFileError

FENCE = "---\n"
ASSETS = (".jpg", ".webp", ".svg", *(f".{suffix}" for suffix in SUFFIXES))
"""Suffixes of what the importer writes beside an entry: pictures, and copies of its files."""

_NEVER = 2**31 - 1
"""Columns after which libyaml breaks a line: as far as it can count."""

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _WithoutAliases:
    """Writes equal lists in full each time. An editor should not meet an alias (``*id001``), and the site refuses aliases."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


class _Dumper(_WithoutAliases, yaml.SafeDumper):
    """PyYAML's own writer, which leaves emoji and rare kanji as they are."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Write U+0085 escaped. PyYAML takes it for printable, and YAML 1.1 for a line break: it would be read back as a space."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\x85" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


class _FastDumper(_WithoutAliases, getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """libyaml's writer: ten times as fast, and the same bytes where it escapes nothing. It escapes every character outside the BMP."""


def feed_folder(content: Path, key: str) -> Path:
    """Return the folder of a feed's entries. ``key`` was validated by ``model.config`` (a-z, 0-9, hyphen)."""
    return content / "partners" / key


def read_stored(folder: Path) -> tuple[StoredEntry, ...]:
    """Read the front matter of every entry under ``folder``. Raises EntryFileError."""
    return tuple(_stored(folder, path) for path in find_entries(folder))


def find_entries(folder: Path) -> list[Path]:
    """Return the files of the entries under ``folder``, sorted. The importer writes beside them and below the same folders.

    Raises EntryFileError for a link that leads out of ``folder``, a pipe and the like, before anything is read or written there.
    """
    if not folder.is_dir():
        return []
    places = (folder, folder.parent) if folder.parent.name == "partners" else (folder,)
    for place in places:
        if place.is_symlink():
            raise EntryFileError(place, "a link in the place of a folder: put the folder itself here")
    tree = survey(folder)
    for error in tree.errors:
        raise EntryFileError(folder / error.name, str(error))
    return sorted(folder / name for name in tree.files if name.endswith(".md"))


def _stored(folder: Path, path: Path) -> StoredEntry:
    front, body = read_entry(path)
    return StoredEntry(path.relative_to(folder), front, body)


def has_entries(folder: Path) -> bool:
    """Tell whether a feed was ever imported here."""
    return next(folder.rglob("*.md"), None) is not None


def read_front(path: Path) -> dict[str, object]:
    """Read the front matter of one file. Raises EntryFileError."""
    return read_entry(path)[0]


def read_entry(path: Path) -> tuple[dict[str, object], str]:
    """Read one file: its front matter and its body. Raises EntryFileError."""
    try:
        keys, body = _split(InputFolder(path.parent).read(path.name).decode("utf-8"))
        front = yaml.load(keys, Loader=_Loader)  # noqa: S506 - a safe loader, in C where there is one
    except (UnreadableInput, ValueError, yaml.YAMLError) as error:
        raise EntryFileError(path, f"{type(error).__name__}") from error
    if not isinstance(front, dict):
        raise EntryFileError(path, "no keys")
    return {str(key): value for key, value in front.items()}, body


def _split(text: str) -> tuple[str, str]:
    """Return the lines between the first two ``---``, and the text after them. Raises ValueError if there are none."""
    if not text.startswith(FENCE):
        raise ValueError("no front matter")
    end = text.index("\n" + FENCE, len(FENCE) - 1)
    return text[len(FENCE) : end + 1], text[end + 1 + len(FENCE) :].removeprefix("\n")


def _yaml(front: Mapping[str, object], dumper: type[Any], width: float) -> str:
    text: str = yaml.dump(dict(front), Dumper=dumper, allow_unicode=True, sort_keys=False, width=width, line_break="\n")
    return text


def render(front: Mapping[str, object], body: str) -> bytes:
    """Return a file's bytes: the same values always give the same bytes."""
    keys = _yaml(front, _FastDumper, _NEVER)
    if "\\" in keys:
        keys = _yaml(front, _Dumper, math.inf)
    return f"{FENCE}{keys}{FENCE}\n{body}".encode()


def write(folder: Path, change: EntryChange) -> Path:
    """Write the file of one change and return its path; remove an obsolete one. Raises EntryFileError and OSError."""
    path = folder / change.path
    if change.kind == "obsolete":
        remove(path)
    else:
        body = read_entry(path)[1] if change.body is None else change.body
        write_atomically(path, render(change.front, body))
    return path


def remove(path: Path) -> None:
    """Remove the file of an entry, and its pictures and files."""
    for asset in _assets(path):
        asset.unlink()
    path.unlink()


def remove_unused_assets(path: Path, front: Mapping[str, object], body: str) -> None:
    """Remove the pictures and files that neither the body nor the front matter of the entry names any more."""
    for asset in _assets(path):
        if asset.name not in body and asset.name != front.get("image"):
            asset.unlink()


def move_assets(source: Path, target: Path, body: str) -> str:
    """Give the pictures and files of ``source`` to the entry ``target``, and return ``body`` with their new names."""
    for asset in _assets(source):
        name = asset.name.replace(source.stem, target.stem, 1)
        asset.replace(target.with_name(name))
        body = body.replace(f'"{asset.name}"', f'"{name}"')
    return body


def _assets(path: Path) -> list[Path]:
    """Return what ``images`` and ``attachments`` wrote beside an entry."""
    return sorted(file for file in path.parent.glob(f"{path.stem}-*") if file.suffix in ASSETS)
