"""How PostgreSQL is asked: what it has prepared is kept, and it compiles nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy as sa

from mailer.database.engine import Database, open_database

MANY = 20
"""More often than psycopg sends a statement before it has it prepared."""

WATCHED = sa.text("SELECT :number + 0")
PREPARED = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '% + 0'")


@pytest.fixture
def database(database_url_postgres: str) -> Iterator[Database]:
    with closing(open_database(database_url_postgres)) as opened:
        yield opened


def test_a_question_leaves_the_prepared_statements(database: Database) -> None:
    for number in range(MANY):
        with database.writing() as connection:
            connection.execute(WATCHED, {"number": number})
    with database.reading() as connection:
        assert connection.execute(PREPARED).scalar_one() == 1
    with database.reading() as connection:
        assert connection.execute(PREPARED).scalar_one() == 1


def test_the_server_compiles_no_statement(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(sa.text("SHOW jit")).scalar_one() == "off"
