"""Fixtures that more than one module uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from audit.browser import chromium
from audit.server import serving
from audit.site import build_sample
from plugins.build import BuildReport
from tests.tiny import TinySite, make_site


@pytest.fixture
def tiny(tmp_path: Path) -> TinySite:
    """An empty checkout."""
    return make_site(tmp_path)


@pytest.fixture(scope="session")
def noted_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildReport, dict[str, str]]:
    """The whole sample site, built once for the session as of 2021-03-31, and the template of each page."""
    return build_sample(tmp_path_factory.mktemp("sample") / "output")


@pytest.fixture(scope="session")
def sample(noted_sample: tuple[BuildReport, dict[str, str]]) -> BuildReport:
    """The whole sample site."""
    return noted_sample[0]


@pytest.fixture(scope="session")
def templates(noted_sample: tuple[BuildReport, dict[str, str]]) -> dict[str, str]:
    """The name of the template of each page of the sample, by address."""
    return noted_sample[1]


@pytest.fixture(scope="session")
def address(sample: BuildReport) -> Iterator[str]:
    """The sample site on loopback, without a trailing slash."""
    with serving(sample.output / "site") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    with chromium() as browser:
        yield browser
