"""A publishing machine for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.samples.publishing.releases import Publishing


@pytest.fixture
def publishing(tmp_path: Path) -> Publishing:
    return Publishing(tmp_path)
