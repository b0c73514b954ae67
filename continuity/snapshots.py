"""Makes a snapshot, keeps the newest here, brings it to every storage, and removes what is too old.

Incremental by content: a snapshot after a full one leaves out each content that the full one has. So a snapshot needs at most one other file.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from continuity import archive, drill_exchange
from continuity.gather import LEFT_OUT, gather
from continuity.installation import Installation, find_installation
from continuity.model import ContinuityError, SnapshotDamaged, SnapshotIndex, SnapshotName
from continuity.settings import ContinuitySettings
from storage.connect import connect
from storage.model import StorageError
from storage.settings import LocalStorage, S3Storage, SshStorage

FOLDER = "snapshots"
"""In every storage."""
WORK = ".work"


@dataclass(frozen=True)
class NewSnapshot:
    """A snapshot that was made: its file here, its list, and what became of it in each storage (an empty word: it is there)."""

    file: Path
    index: SnapshotIndex
    length: int
    failures: dict[str, str]


def make(config: Path, settings: ContinuitySettings, moment: dt.datetime, *, full: bool = False) -> NewSnapshot:
    """Make a snapshot and bring it to every storage. Raises `ContinuityError`; then no half file is anywhere under a snapshot's name."""
    folder = settings.snapshot.folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ContinuityError(f"{folder}: another snapshot is being made / ほかの控えを作成中です") from None
    try:
        file, index = _write(find_installation(config, settings), settings, moment, full=full)
        failures = asyncio.run(_bring(file, index.name, settings, folder))
        return NewSnapshot(file, index, file.stat().st_size, failures)
    except OSError as error:
        raise ContinuityError(f"{error.filename or folder}: {error.strerror or error} / 書き込めません") from error
    finally:
        archive.remove_folder(folder / WORK)
        lock.release()


def _write(installation: Installation, settings: ContinuitySettings, moment: dt.datetime, *, full: bool) -> tuple[Path, SnapshotIndex]:
    folder, work = settings.snapshot.folder, settings.snapshot.folder / WORK
    archive.remove_folder(work)  # of a run that was killed
    work.mkdir(mode=0o700)
    gathered = gather(installation, work)
    base = None if full else _base(settings, moment)
    held = {file.sha256 for file in base.files.values() if file.is_here} if base is not None else set()
    files = {path: replace(file, is_here=file.sha256 not in held) for path, file in gathered.files.items()}
    uses_base = base is not None and any(not file.is_here for file in files.values())
    name = SnapshotName.at(moment, base.name.moment if base is not None and uses_base else "")
    index = SnapshotIndex(name, files, gathered.rows, gathered.database, LEFT_OUT)
    archive.write(work / "file", index, gathered.sources, settings.recipients)
    target = folder / str(name)
    if target.exists():
        raise ContinuityError(f"{target}: there is a snapshot of this second already / この時刻の控えがあります")
    (work / "list").write_bytes(index.render())
    (work / "list").rename(_list_of(target))
    (work / "file").rename(target)
    return target, index


def _list_of(file: Path) -> Path:
    """The list of a snapshot beside it, in clear: digests and paths only. Without the private key nobody here can read it from the file."""
    return file.with_name(f"{file.name}.json")


def _base(settings: ContinuitySettings, moment: dt.datetime) -> SnapshotIndex | None:
    """Return the newest full snapshot that is here and young enough."""
    oldest = moment - dt.timedelta(days=settings.snapshot.full_days)
    for file in reversed(local_snapshots(settings.snapshot.folder)):
        name = SnapshotName.parse(file.name)
        if name is not None and not name.base and oldest < name.time < moment:
            with suppress(OSError, SnapshotDamaged):
                return SnapshotIndex.parse(_list_of(file).read_bytes())
    return None


def local_snapshots(folder: Path) -> list[Path]:
    """Return the snapshots in a folder, oldest first."""
    named = [(name, file) for file in folder.iterdir() if (name := SnapshotName.parse(file.name)) is not None] if folder.is_dir() else []
    return [file for _, file in sorted(named)]


async def _bring(file: Path, name: SnapshotName, settings: ContinuitySettings, folder: Path) -> dict[str, str]:
    results = await asyncio.gather(*(_bring_to(each, file, name, settings) for each in settings.targets))
    for old in too_old([each.name for each in local_snapshots(folder)], settings.snapshot.keep):
        (folder / old).unlink()
        _list_of(folder / old).unlink(missing_ok=True)
    return {each.name: failure for each, failure in zip(settings.targets, results, strict=True)}


async def _bring_to(target: LocalStorage | SshStorage | S3Storage, file: Path, name: SnapshotName, settings: ContinuitySettings) -> str:
    """Bring a snapshot, and the one it builds on if that is missing there; take home new reports of drills. Return why it could not be done, or nothing."""
    folder = settings.snapshot.folder
    try:
        storage = connect(target)
    except StorageError as error:
        return str(error)
    try:
        there = await storage.sizes(FOLDER)
        base = str(SnapshotName(name.base)) if name.base else None
        for each in filter(None, (base, file.name)):
            if there.get(each) != (folder / each).stat().st_size:
                await storage.upload(folder / each, f"{FOLDER}/{each}")
        for old in too_old([*there, file.name], settings.snapshot.keep):
            await storage.remove(f"{FOLDER}/{old}")
        await drill_exchange.fetch(storage, settings.drills)
    except (StorageError, OSError) as error:
        return str(error)
    finally:
        await storage.close()
    return ""


def too_old(names: Sequence[str], keep: int) -> list[str]:
    """Return the snapshots that are to go: all but the newest ``keep``, and those that one of these builds on. Other files stay."""
    named = sorted(name for text in set(names) if (name := SnapshotName.parse(text)) is not None)
    kept = named[-keep:]
    bases = {name.base for name in kept}
    return [str(name) for name in named[:-keep] if name.moment not in bases or name.base]
