"""Fixtures that more than one module uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from plugins.build import BuildOrder, BuildReport, build
from tests.postgres import cluster
from tests.tiny import NOW, TinySite, make_site


@pytest.fixture
def tiny(tmp_path: Path) -> TinySite:
    """An empty checkout."""
    return make_site(tmp_path)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> BuildReport:
    """The whole sample site, built once for the session as of 2021-03-31."""
    return build(BuildOrder(NOW, output=tmp_path_factory.mktemp("sample") / "output"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server for the session, as a URL with a place for the database's name."""
    with cluster() as url:
        yield url


COUNT = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database: each test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'var' / 'todoke.db'}"
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
