"""Reports of drills travel as snapshots do: the machine of the drill puts them into the storages, and each snapshot brings new ones home.

So the site that sends knows whether a drill is overdue or was not passed, wherever it was held.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from continuity.settings import ContinuitySettings
from storage.connect import connect
from storage.model import Storage, StorageError
from storage.settings import LocalStorage, S3Storage, SshStorage

FOLDER = "drills"
"""In every storage."""
NEWEST_FEW = 6
"""Files: three drills."""
_NAME = re.compile(r"drill-(\d{8}T\d{6}Z)\.(?:md|json)")


def send(settings: ContinuitySettings, report: Path) -> dict[str, str]:
    """Bring both forms of a report to every storage. Return for each why it could not be done, or nothing."""

    async def every() -> list[str]:
        return list(await asyncio.gather(*(_send_to(each, report) for each in settings.targets)))

    return {each.name: failure for each, failure in zip(settings.targets, asyncio.run(every()), strict=True)}


async def _send_to(settings: LocalStorage | SshStorage | S3Storage, report: Path) -> str:
    try:
        storage = connect(settings)
    except StorageError as error:
        return str(error)
    try:
        for file in (report, report.with_suffix(".json")):
            await storage.upload(file, f"{FOLDER}/{file.name}")
    except (StorageError, OSError) as error:
        return str(error)
    finally:
        await storage.close()
    return ""


async def fetch(storage: Storage, folder: Path) -> None:
    """Fetch the newest reports that are not here. A file has the time of its drill. Raises `StorageError` and `OSError`."""
    named = {name: match[1] for name in await storage.names(FOLDER) if (match := _NAME.fullmatch(name))}
    for name, moment in sorted(named.items())[-NEWEST_FEW:]:
        if not (folder / name).exists():
            with _written_whole(folder / name, moment) as part:
                await storage.download(f"{FOLDER}/{name}", part)


@contextmanager
def _written_whole(file: Path, moment: str) -> Iterator[Path]:
    """Yield where a file is to be written; it gets the time of its drill, and then its name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    try:
        yield part
        held = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        os.utime(part, (held, held))
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
