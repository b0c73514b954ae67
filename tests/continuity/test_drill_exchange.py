"""Reports of drills that were held elsewhere come home with the next snapshot, by every kind of storage."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from continuity import drill_exchange
from continuity.drill_report import CHECKS, Check, DrillReport, write_report
from continuity.settings import ContinuitySettings
from continuity.snapshots import make
from storage.connect import connect
from storage.settings import LocalStorage, S3Storage, SshStorage
from tests.samples.continuity.two_buildings import building
from tests.samples.storages import settings as settings

MOMENT = dt.datetime(2026, 11, 5, 4, 20, tzinfo=dt.UTC)
REPORT = DrillReport(MOMENT, "x", tuple(Check(key, True, "") for key in CHECKS), {"restore": 1.0})


def test_a_report_is_put_into_a_storage_and_fetched_from_it_once(settings: LocalStorage | SshStorage | S3Storage, tmp_path: Path) -> None:
    there = ContinuitySettings(recipients=("age1",), targets=(settings,))
    file = write_report(REPORT, tmp_path / "elsewhere")
    assert drill_exchange.send(there, file) == {settings.name: ""}

    async def fetch() -> None:
        storage = connect(settings)
        await drill_exchange.fetch(storage, tmp_path / "home")
        await storage.close()

    asyncio.run(fetch())
    names = {f"drill-20261105T042000Z{ending}" for ending in (".md", ".json")}
    home = tmp_path / "home"
    assert {each.name for each in home.iterdir()} == names
    for name in names:
        assert (home / name).read_bytes() == (tmp_path / "elsewhere" / name).read_bytes()
        assert (home / name).stat().st_mtime == MOMENT.timestamp()
    (home / "drill-20261105T042000Z.md").write_text("read")
    asyncio.run(fetch())
    assert (home / "drill-20261105T042000Z.md").read_text() == "read", "what is here is not fetched again"


def test_a_snapshot_takes_reports_home_and_other_files_of_the_folder_stay(tmp_path: Path) -> None:
    home = building(tmp_path, storages=[f'[[targets]]\nname = "disk"\nkind = "local"\nfolder = "{tmp_path}/disk"\n'])
    (tmp_path / "disk" / "drills").mkdir(parents=True)
    (tmp_path / "disk" / "drills" / "drill-of-mine.txt").touch()
    for days in range(5):
        write_report(replace(REPORT, moment=MOMENT + dt.timedelta(days=days)), tmp_path / "disk" / "drills")
    assert make(home.config, home.settings, MOMENT).failures == {"disk": ""}
    assert sorted(each.name[6:14] for each in home.settings.drills.glob("*.json")) == ["20261107", "20261108", "20261109"]
    assert not [*home.settings.drills.glob("*.txt")]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_storage_that_is_away_is_named(tmp_path: Path, is_there: bool) -> None:
    place = LocalStorage(name="disk", kind="local", folder=tmp_path / "disk")
    if is_there:
        place.folder.mkdir()
    failures = drill_exchange.send(ContinuitySettings(recipients=("age1",), targets=(place,)), write_report(REPORT, tmp_path / "here"))
    assert bool(failures["disk"]) is not is_there
