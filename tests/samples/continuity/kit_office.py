"""An installation that can write kits, and an empty disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.samples.continuity.two_buildings import Building, building
from tests.samples.offline import checkout

PEOPLE = '[[people]]\nname = "髙橋 花子"\nrole = "危機対策課"\ntelephone = "022-211-0000"\n'


@dataclass(frozen=True)
class Office:
    """``disk`` is where kits go; ``program`` is the checkout that the installation runs."""

    building: Building
    disk: Path
    program: Path


def office(folder: Path) -> Office:
    program = checkout(folder / "program", folder / "wheels")
    kit = f'[kit]\nprogram = "{program}"\nwheels = "{folder}/wheels"\n'
    home = building(folder, storages=[kit, PEOPLE])
    (home.home / "publish.toml").write_text('store = "publishing/store"\nkeys = "publishing/keys"\n', "utf-8")
    (folder / "disk").mkdir()
    return Office(home, folder / "disk", program)
