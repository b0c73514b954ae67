"""Snapshots on each kind of storage, on real servers: a disk, an sshd, a store that speaks S3. They are brought there, thinned out, fetched and restored."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

from continuity.drill import download_newest
from continuity.restoring import read_identities, restore
from continuity.snapshots import FOLDER, make
from storage.connect import connect
from storage.settings import LocalStorage, S3Storage, SshStorage
from tests.samples.continuity.two_buildings import building
from tests.samples.storages import settings as settings

NOW = dt.datetime(2026, 11, 29, 6, 0, tzinfo=dt.UTC)


def test_snapshots_are_brought_thinned_out_fetched_and_restored(settings: LocalStorage | SshStorage | S3Storage, tmp_path: Path) -> None:
    home = building(tmp_path, storages=["[snapshot]\nkeep = 2\n"])
    there = home.settings.model_copy(update={"targets": (settings,)})
    for hours in range(4):
        made = make(home.config, there, NOW + dt.timedelta(hours=hours))
        assert made.failures == {settings.name: ""}

    async def names() -> list[str]:
        storage = connect(settings)
        try:
            return await storage.names(FOLDER)
        finally:
            await storage.close()

    assert [name[7:16] + name[16:23] for name in asyncio.run(names())] == ["20261129T060000Z", "20261129T080000Z", "20261129T090000Z"]
    (tmp_path / "fetched").mkdir()
    files = asyncio.run(download_newest(settings, tmp_path / "fetched"))
    restored = restore(files, tmp_path / "there", read_identities(home.key))
    assert restored.index.name == made.index.name and restored.serving and not restored.damaged
