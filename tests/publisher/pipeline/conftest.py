"""An office for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.samples.publishing.publishing_office import Office, mirrors


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with mirrors(tmp_path) as ports:
        office = Office(tmp_path, ports)
        office.site.article("press/2020/bridge.md", "橋が通れます", "2020-05-01")
        yield office
