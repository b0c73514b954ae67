"""Fixtures that more than one module uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.build import BuildOrder, BuildReport, build
from tests.tiny import NOW, TinySite, make_site


@pytest.fixture
def tiny(tmp_path: Path) -> TinySite:
    """An empty checkout."""
    return make_site(tmp_path)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The whole sample site, built once for the session as of 2021-03-31."""
    return build(BuildOrder(NOW, output=tmp_path_factory.mktemp("sample") / "output"))
