"""Fixtures that more than one module uses."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import pickle
import re
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect

from audit.browser import chromium
from audit.server import serving
from audit.site import build_sample
from mailer.database.engine import create_database
from plugins.builder.options import BuildReport
from tests.samples import compiled_templates, unforked
from tests.samples.mail.databases import drop_from_server, make_on_server, with_tables
from tests.samples.tiny import TinySite, make_site
from tests.servers.postgres import cluster

COUNT = itertools.count()
ENOUGH_MEMORY = 6 << 30
"""Bytes: several times what the suite needs for its temporary files (one gigabyte)."""

gc.disable()  # until everything is loaded (`pytest_collection_finish`): all of it stays
# The suite starts hundreds of Python processes. Where bytecode may not be kept, each would compile the whole project again, and pytest every test.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _keep_temporary_files_in_memory() -> None:
    """Let everything temporary lie in memory, if there is plenty: the suite syncs tens of thousands of small files, and no test pulls a plug.

    Whoever sets ``TMPDIR`` decides.
    """
    memory = Path("/dev/shm")
    if "TMPDIR" in os.environ or not (memory.is_dir() and os.access(memory, os.W_OK)):
        return
    folder, available = os.statvfs(memory), re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text("ascii"))
    forbidden = folder.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    if available and not forbidden and min(folder.f_bavail * folder.f_frsize, int(available[1]) * 1024) >= ENOUGH_MEMORY:
        os.environ["TMPDIR"] = tempfile.tempdir = str(memory)


_keep_temporary_files_in_memory()
compiled_templates.keep()
unforked.stay()
# Machines are shared and slow at times: no test fails for its time. In CI the examples are the same in every run.
settings.register_profile("todoke", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("todoke")
expect.set_options(timeout=60_000)  # milliseconds; 5,000 otherwise


LONGEST = (
    "tests/test_journey.py",
    "tests/publisher/pipeline/test_run.py",
    "tests/plugins/incremental/test_random_edits.py",
    "tests/audit/test_axe.py",
    "tests/plugins/preview/test_preview.py",
    "tests/publisher/pipeline/test_follow.py",
    "tests/publisher/pipeline/test_kills.py",
    "tests/publisher/pipeline/source/test_uncommitted.py",
    "tests/plugins/partners/sandbox/test_hostile.py",
    "tests/plugins/emergency/fast_path/test_faults.py",
    "tests/plugins/emergency/fast_path/test_publish.py",
    "tests/publisher/targets/portable/test_portable_site.py",
    "tests/publisher/targets/test_network.py",
    "tests/publisher/targets/test_tree.py",
    "tests/plugins/magazine/test_browser.py",
    "tests/plugins/partners/test_wild.py",
    "tests/verifier/test_flaky_day.py",
    "tests/plugins/preview/test_live.py",
    "tests/plugins/situation/test_built.py",
)
"""The files that take half a minute and more. `make test` gives whole files to its workers in this order, so that no worker is left with a long one at the end."""


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """With ``-n auto`` take half as many workers again as there are processors: servers, deadlines and other processes are often waited for."""
    workers = yield
    return workers if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else workers + (workers + 1) // 2


def pytest_collection_finish() -> None:
    """What is loaded by now stays. The collector need not look at it again and again, and forked processes share its memory."""
    gc.collect()
    gc.freeze()
    gc.enable()


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
def forking() -> Iterator[None]:
    """Builds of small sites are divided among processes, as the program does it (`tests.samples.unforked`)."""
    with unforked.forking():
        yield


@pytest.fixture
def tiny(tmp_path: Path) -> TinySite:
    """An empty checkout."""
    return make_site(tmp_path)


@pytest.fixture(scope="session")
def noted_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[BuildReport, dict[str, str]]:
    """The whole sample site, built once for all workers as of 2021-03-31, and the template of each page. Nobody writes into it."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        with unforked.forking():
            return build_sample(tmp_path_factory.mktemp("sample") / "output")
    shared = tmp_path_factory.getbasetemp().parent  # each worker has a folder of its own in it
    with FileLock(shared / "sample.lock"):
        kept = shared / "sample.pickle"
        if not kept.exists():
            with unforked.forking():
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
    """A PostgreSQL server for the session, as a URL with a place for the database's name. Its database `migrated` has all tables and no rows."""
    with cluster(tempfile.gettempdir()) as url:
        create_database(make_on_server(url, "migrated")).close()
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new database with all tables and no rows: each test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        yield with_tables(f"sqlite:///{tmp_path / 'var' / 'todoke.db'}")
        return
    with _new_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """As `database_url`, one for all tests of a module: each of them takes readers of its own."""
    if request.param == "sqlite":
        yield with_tables(f"sqlite:///{tmp_path_factory.mktemp('database') / 'var' / 'todoke.db'}")
        return
    with _new_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def database_url_postgres(postgres: str) -> Iterator[str]:
    """A new PostgreSQL database with all tables and no rows."""
    with _new_database(postgres) as url:
        yield url


@pytest.fixture
def empty_database_url_postgres(postgres: str) -> Iterator[str]:
    """A new PostgreSQL database in which is nothing at all."""
    with _new_database(postgres, template="template1") as url:
        yield url


@contextmanager
def _new_database(server: str, template: str = "migrated") -> Iterator[str]:
    """Each goes at the end of its test: hundreds of databases of eight megabytes would be too much for memory, where they lie."""
    name = f"test{next(COUNT)}"
    yield make_on_server(server, name, template=template)
    drop_from_server(server, name)
