"""The Markdown files of partner entries: read their front matter, write them whole.

Front matter goes through PyYAML in both directions, so that no title can end it or add a key to it.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from functools import lru_cache
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


_LETTER = r"0-9A-Za-z_/\u3005-\u3007\u3041-\u3096\u30a1-\u30fc\u4e00-\u9fff\uff01-\uff5e"
_PLAIN = re.compile(rf"[{_LETTER}](?:[{_LETTER}.,;%=+~@!?()&'\"-]++|[: ](?=[{_LETTER}]))*+")
"""Texts that libyaml writes as they are, or between quotes if they read as another type (a number, a date): no indicator stands where it would be one
(YAML 1.1, section 5.3)."""

_LONGEST_KEY = 100
"""Bytes; libyaml writes a key of more than 128 as a complex one."""


def _simple_yaml(front: Mapping[str, object]) -> str | None:
    """Return what libyaml would write, or None unless all keys and values, also those of a mapping in it, are plain texts: of most entries they are.

    PyYAML makes two objects of each key and value before libyaml sees them: nine tenths of the time to render a file.
    """
    lines: list[str] = []
    for key, value in front.items():
        if isinstance(value, dict):
            inner = _simple_yaml(value)
            text = None if inner is None else "\n  " + inner[:-1].replace("\n", "\n  ")
        else:
            text = f" {simple}" if isinstance(value, str) and (simple := _simple_text(value)) else None
        if text is None or not _is_simple_key(key):
            return None
        lines.append(f"{key}:{text}\n")
    return "".join(lines) or None  # an empty mapping has a form of its own


@lru_cache(maxsize=256)
def _is_simple_key(key: str) -> bool:
    return len(key.encode()) <= _LONGEST_KEY and _simple_text(key) == key


def _simple_text(text: str) -> str | None:
    """Return ``text`` as libyaml would write it in a mapping; None if that takes more than a look at its characters."""
    if not text:
        return "''"
    if _PLAIN.fullmatch(text) is None:
        return None
    forms = yaml.SafeDumper.yaml_implicit_resolvers.get(text[0], ())
    return f"'{text}'" if any(form.match(text) for _, form in forms) else text


def render(front: Mapping[str, object], body: str) -> bytes:
    """Return a file's bytes: the same values always give the same bytes."""
    keys = _simple_yaml(front)
    if keys is None:
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


def remove_unused_assets(entries: Mapping[Path, tuple[Mapping[str, object], str]]) -> None:
    """Remove the pictures and files beside ``entries`` that neither body nor front matter of their entry names any more. Each folder is read once."""
    by_stem = {(path.parent, path.stem): texts for path, texts in entries.items()}
    for folder in {folder for folder, _ in by_stem}:
        for name in sorted(name for name in os.listdir(folder) if name.endswith(ASSETS)):  # noqa: PTH208 - thousands of names: no object for each
            owners = (by_stem[folder, stem] for stem in _stems(name) if (folder, stem) in by_stem)
            if any(name not in body and name != front.get("image") for front, body in owners):
                (folder / name).unlink()


def _stems(asset: str) -> list[str]:
    """Return the stems of the entries to which a file of this name can belong."""
    parts = asset.split("-")
    return ["-".join(parts[:count]) for count in range(1, len(parts))]


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
