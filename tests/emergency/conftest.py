"""A built site for every office, and a relay."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.samples import duty_office
from tests.samples.duty_office import DutyOffice
from tests.servers.smtp import Receiver

MakeOffice = Callable[..., DutyOffice]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return duty_office.build(tmp_path_factory.mktemp("duty"))


@pytest.fixture
def make_office(built: Path, tmp_path: Path) -> MakeOffice:
    def make(*mirrors: str, port: int = 0, readers: int = 5) -> DutyOffice:
        folder = tmp_path / "machine"
        shutil.copytree(built, folder)
        return DutyOffice(folder, mirrors, port, readers)

    return make


@pytest.fixture
def relay() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
