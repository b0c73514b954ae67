"""Files that others put into the pack (reports of drills, history of the verifier): taken over as they are, but for what could be a mail address.

An address that stands on a page of the site, such as a department's, is no subscriber's, and an auditor has to see whether somebody exchanged it. So a file
that is byte for byte one that was released stays as it is, and its addresses stay in all files of the folder: the verifier keeps the released page beside the
altered one. Every other address is masked, also one that only the altered page has: whoever altered it may have written anything.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from publisher.proof.archive import Part
from publisher.release.scan import digest

ADDRESS = re.compile(r'(?:"[^"\n]*"|[^\s<>()",;:、。（）「」]+)@[^\s<>",;、。（）「」]+')
MASK = "(address)"
MOST_BYTES = 50_000_000
"""Of one file: above it, it is named and left where it is."""

_DAY = re.compile(r"(?<!\d)(20\d\d)[-_]?([01]\d)[-_]?([0-3]\d)(?!\d)")


@dataclass
class Taken:
    """What a folder gave: ``parts`` by path, and ``notes`` about what is not there as it was, English first."""

    parts: dict[str, Part] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


IsReleased = Callable[[str], bool]
"""Tells whether a content with this SHA-256 was ever released."""


def take_folder(folder: Path, name: str, first: dt.date, last: dt.date, is_released: IsReleased) -> Taken:
    """Return the regular files below ``folder`` as ``name/…``. One whose path names a day outside of the range is left out, and counted.

    No link is followed. A text that holds what could be a mail address, and is not public, is copied with the address masked; its note has the digest of the
    original.
    """
    taken, there = Taken(), sorted(_regular_files(folder))
    chosen = [file for file in there if _is_in_range(file.relative_to(folder).as_posix(), first, last)]
    public = _public_addresses(chosen, is_released)
    for file in chosen:
        _take(file, f"{name}/{file.relative_to(folder).as_posix()}", taken, public)
    if elsewhere := len(there) - len(chosen):
        taken.notes.append(
            f"{name}: {elsewhere} files name a day outside of the range and are left out / 期間の外の{elsewhere}件は入れていません"
        )
    return taken


def _regular_files(folder: Path) -> list[Path]:
    paths = []
    for root, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".")]
        paths += [Path(root, each) for each in names if not each.startswith(".")]
    return [file for file in paths if file.is_file() and not file.is_symlink()]


def _is_in_range(path: str, first: dt.date, last: dt.date) -> bool:
    """Tell whether every day that the path names lies in the range. A path without a day does."""
    days = []
    for match in _DAY.finditer(path):
        try:
            days.append(dt.date(*map(int, match.groups())))
        except ValueError:
            continue
    return all(first <= day <= last for day in days)


def _public_addresses(files: Sequence[Path], is_released: IsReleased) -> frozenset[str]:
    """Return the addresses in those of ``files`` that were released as they are."""
    released = (file for file in files if file.stat().st_size <= MOST_BYTES and is_released(digest(file)))
    return frozenset(address for file in released for address in ADDRESS.findall(file.read_bytes().decode("utf-8", "ignore")))


def _take(file: Path, path: str, taken: Taken, public: frozenset[str]) -> None:
    if not path.isprintable():
        taken.notes.append(f"{path!r}: left out, its name has control characters / 名前に制御文字があるため入れていません")
        return
    length = file.stat().st_size
    if length > MOST_BYTES:
        taken.notes.append(f"{path}: left out, it has {length:,} bytes / 大きすぎるため入れていません")
        return
    data = file.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        taken.parts[path] = data
        taken.notes.append(
            f"{path}: no text, so it was not searched for mail addresses / 文字のファイルでないため、アドレスを調べていません"
        )
        return
    number = sum(address not in public for address in ADDRESS.findall(text))
    taken.parts[path] = ADDRESS.sub(lambda match: match[0] if match[0] in public else MASK, text).encode()
    if number:
        original = hashlib.sha256(data).hexdigest()
        taken.notes.append(f"{path}: {number} mail addresses masked; SHA-256 of the original {original} / アドレスを{number}か所伏せました")
