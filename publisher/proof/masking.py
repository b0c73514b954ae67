"""Files that others put into the pack (reports of drills, history of the verifier): taken over as they are, but for what could be a mail address."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from publisher.proof.archive import Part

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


def take_folder(folder: Path, name: str, first: dt.date, last: dt.date) -> Taken:
    """Return the regular files below ``folder`` as ``name/…``. One whose path names a day outside of the range is left out, and counted.

    No link is followed. A text that holds what could be a mail address is copied with the addresses masked; its note has the digest of the original.
    """
    taken, elsewhere = Taken(), 0
    for file in sorted(_regular_files(folder)):
        inside = file.relative_to(folder).as_posix()
        if not _is_in_range(inside, first, last):
            elsewhere += 1
            continue
        _take(file, f"{name}/{inside}", taken)
    if elsewhere:
        taken.notes.append(
            f"{name}: {elsewhere} files name a day outside of the range and are left out / 期間の外の{elsewhere}件は入れていません"
        )
    return taken


def _regular_files(folder: Path) -> list[Path]:
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith(".")]
        found += [Path(root, each) for each in names if not each.startswith(".")]
    return [file for file in found if file.is_file() and not file.is_symlink()]


def _is_in_range(path: str, first: dt.date, last: dt.date) -> bool:
    """Tell whether every day that the path names lies in the range. A path without a day does."""
    days = []
    for match in _DAY.finditer(path):
        try:
            days.append(dt.date(*map(int, match.groups())))
        except ValueError:
            continue
    return all(first <= day <= last for day in days)


def _take(file: Path, path: str, taken: Taken) -> None:
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
    masked, number = ADDRESS.subn(MASK, text)
    taken.parts[path] = masked.encode()
    if number:
        digest = hashlib.sha256(data).hexdigest()
        taken.notes.append(f"{path}: {number} mail addresses masked; SHA-256 of the original {digest} / アドレスを{number}か所伏せました")
