"""What waits for an editor: drafts under ``content/partners``, and new versions of entries beside them (``edit-<name>.md``)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from plugins.files import write_atomically
from plugins.partners.entries import takedown
from plugins.partners.entries.files import find_entries, move_assets, read_entry, remove, remove_unused_assets, render
from plugins.partners.entries.versions import StoredEntry, accepted_version, refused_version, with_written
from plugins.partners.model.errors import EntryFileError


@dataclass(frozen=True)
class WaitingEntry:
    """One draft. ``path`` is relative to ``content/partners``; the command line takes it.

    ``kind``: "new" is an entry that was never public; "edit" a new version of ``edit_of``; "conflict" one of an entry that an editor changed.
    """

    path: str
    date: str
    title: str
    original: str
    kind: Literal["new", "edit", "conflict"] = "new"
    edit_of: str = ""


def waiting(content: Path, keys: Iterable[str] = ()) -> tuple[WaitingEntry, ...]:
    """Return the drafts of the feeds ``keys``, or of all, oldest first. A new version waits even without ``draft: true``. Raises EntryFileError."""
    root, chosen = content / "partners", set(keys)
    drafts = []
    for path in find_entries(root):
        front, _ = read_entry(path)
        if (front.get("draft") is True or front.get("edit_of")) and (not chosen or path.relative_to(root).parts[0] in chosen):
            drafts.append(_waiting_entry(root, path, front))
    return tuple(sorted(drafts, key=lambda draft: (draft.date, draft.path)))


def _waiting_entry(root: Path, path: Path, front: dict[str, object]) -> WaitingEntry:
    edit_of = str(front.get("edit_of", ""))
    date, title, original = (str(front.get(key, "")) for key in ("date", "title", "original"))
    name = path.relative_to(root).as_posix()
    if not edit_of:
        return WaitingEntry(name, date, title, original)
    base = root / path.relative_to(root).parts[0] / edit_of
    edited = base.is_file() and StoredEntry(base.relative_to(root), *read_entry(base)).is_edited
    return WaitingEntry(name, date, title, original, "conflict" if edited else "edit", base.relative_to(root).as_posix())


def publish(content: Path, name: str) -> None:
    """Make a draft public with the next build; a new version takes the place of the old one. Raises EntryFileError."""
    path = file_of(content, name)
    front, body = read_entry(path)
    if front.get("edit_of"):
        _accept(content, path, front, body)
    else:
        write_atomically(path, render({key: value for key, value in front.items() if key != "draft"}, body))


def publish_by_hand(content: Path, *, dry_run: bool = False) -> tuple[str, ...]:
    """Publish the new versions from whose files an editor deleted ``draft: true``, and return their names.

    Such a file is not shown by itself, since two versions of one entry would be public. One whose entry is gone stays as it is.
    """
    root = content / "partners"
    published = []
    for path in (path for path in find_entries(root) if path.name.startswith("edit-")):
        with suppress(EntryFileError):  # the import of its feed reports it
            front, body = read_entry(path)
            if not front.get("edit_of") or front.get("draft") is True:
                continue
            _base(content, path, front)
            if not dry_run:
                _accept(content, path, front, body)
            published.append(path.relative_to(root).as_posix())
    return tuple(published)


def refuse(content: Path, name: str) -> None:
    """Take an entry down: it is removed and never comes back. A new version that is refused is removed, and its entry stays. Raises EntryFileError."""
    path = file_of(content, name)
    front, _ = read_entry(path)
    if front.get("edit_of"):
        base = _base(content, path, front)
        base_front, base_body = read_entry(base)
        write_atomically(base, render(refused_version(base_front, front), base_body))
        remove(path)
    else:
        takedown.take_down_file(content, path)


def _accept(content: Path, path: Path, front: dict[str, object], body: str) -> None:
    """Write a new version into the file of its entry, with its pictures, and remove it. The entry's other keys stay."""
    base = _base(content, path, front)
    old_front, _ = read_entry(base)
    new_body = move_assets(path, base, body)
    new_front = with_written(accepted_version(old_front, front), new_body)
    write_atomically(base, render(new_front, new_body))
    remove(path)
    remove_unused_assets({base: (new_front, new_body)})


def _base(content: Path, path: Path, front: dict[str, object]) -> Path:
    """Return the entry's file of a new version. Raises EntryFileError if it is not there any more."""
    partners = content.resolve() / "partners"
    base = (partners / path.resolve().relative_to(partners).parts[0] / str(front["edit_of"])).resolve()
    if partners not in base.parents or not base.is_file():
        raise EntryFileError(path, f"no such entry: {front['edit_of']}")
    return base


def file_of(content: Path, name: str) -> Path:
    """Return the file of ``name``. Raises EntryFileError for anything but an entry under ``content/partners``."""
    root = content / "partners"
    path = root / name.removeprefix("content/partners/")
    if root.resolve() not in path.resolve().parents or path.suffix != ".md" or not path.is_file() or ".." in path.parts:
        raise EntryFileError(Path(name), "no such entry")
    return path
