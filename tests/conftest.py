"""Fixtures that more than one module uses."""

from __future__ import annotations

import asyncio
import itertools
import os
import pickle
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from filelock import FileLock
from hypothesis import settings
from playwright.sync_api import Browser

from audit.browser import chromium
from audit.server import serving
from audit.site import build_sample
from plugins.builder.options import BuildReport
from tests.samples.tiny import TinySite, make_site
from tests.servers.postgres import cluster

# The suite starts hundreds of Python processes. Where bytecode may not be kept, each would compile the whole project again, and pytest every test.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Machines are shared and slow at times: no test fails for its time. In CI the examples are the same in every run.
settings.register_profile("todoke", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("todoke")
COUNT = itertools.count()


LONGEST = (
    "tests/test_journey.py",
    "tests/publisher/pipeline/test_run.py",
    "tests/plugins/incremental/test_random_edits.py",
    "tests/audit/test_axe.py",
    "tests/plugins/preview/test_preview.py",
    "tests/publisher/pipeline/test_follow.py",
    "tests/publisher/pipeline/test_kills.py",
    "tests/plugins/partners/sandbox/test_hostile.py",
    "tests/publisher/targets/portable/test_portable_site.py",
    "tests/publisher/targets/test_network.py",
    "tests/plugins/magazine/test_browser.py",
)
"""The files that take half a minute and more. `make test` gives whole files to its workers in this order, so that no worker is left with a long one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and mark what needs a browser, so that ``-m "not browser"`` leaves it out (`tests.all_pythons`)."""
    places = {file: place for place, file in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(LONGEST)))
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Playwright's synchronous half leaves its event loop marked as running in this thread for as long as the browser lives.

    Tests that bring a loop of their own (`asyncio.run`), and their fixtures, must not see it; tests with the browser must.
    """
    running = None if "browser" in getattr(item, "fixturenames", ()) else asyncio._get_running_loop()
    if running is None:
        return (yield)
    asyncio._set_running_loop(None)
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(running)


@pytest.fixture
def tiny(tmp_path: Path) -> TinySite:
    """An empty checkout."""
    return make_site(tmp_path)


@pytest.fixture(scope="session")
def noted_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildReport, dict[str, str]]:
    """The whole sample site, built once for all workers as of 2021-03-31, and the template of each page. Nobody writes into it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return build_sample(tmp_path_factory.mktemp("sample") / "output")
    shared = tmp_path_factory.getbasetemp().parent  # each worker has a folder of its own in it
    with FileLock(shared / "sample.lock"):
        kept = shared / "sample.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(build_sample(shared / "sample" / "output")))
        noted: tuple[BuildReport, dict[str, str]] = pickle.loads(kept.read_bytes())
    return noted


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
        loop = asyncio._get_running_loop()
        yield browser
        asyncio._set_running_loop(loop)  # it may end after a test that does not see it


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server for the session, as a URL with a place for the database's name."""
    with cluster() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database: each test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'var' / 'todoke.db'}"
    return _new_database(request.getfixturevalue("postgres"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """As `database_url`, one for all tests of a module: each of them takes readers of its own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('database') / 'var' / 'todoke.db'}"
    return _new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def database_url_postgres(postgres: str) -> str:
    """A new, empty PostgreSQL database."""
    return _new_database(postgres)


def _new_database(server: str) -> str:
    name = f"test{next(COUNT)}"
    engine = sa.create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name=name)
