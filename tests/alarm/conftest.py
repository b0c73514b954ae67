"""Two mirrors for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.samples.publishing.mirrors import Mirrors, mirrors_on_loopback


@pytest.fixture
def mirrors(tmp_path: Path) -> Iterator[Mirrors]:
    with mirrors_on_loopback(tmp_path) as mirrors:
        yield mirrors
