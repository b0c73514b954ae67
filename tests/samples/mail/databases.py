"""New databases that have their tables: copies of one that was migrated once, because the migrations take longer than most tests.

How tables come into an empty database is proven in tests/mailer/database and tests/mailer/cli/test_setup.py, which take no copies for it.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from mailer import private_files
from mailer.database.engine import create_database, sqlite_file


def with_tables(url: str) -> str:
    """Put a database with all tables and no rows where the URL leads, and return the URL. What is there already stays, and so do servers' databases."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        private_files.make_folder(file.parent)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, private_files.FILE_MODE), "wb") as copy:
            copy.write(_sqlite())
    return url


@cache
def _sqlite() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder, "todoke.db")
        create_database(f"sqlite:///{file}").close()  # with its last connection SQLite brings everything into the one file
        return file.read_bytes()


def make_on_server(server: str, name: str, *, template: str = "template1") -> str:
    """Make a PostgreSQL database as a copy of another, to which nobody is connected; return its URL. `server` has a place for the name."""
    _run_on_server(
        server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"
    )  # a tenth of the time of the other strategy, through the log
    return server.format(name=name)


def drop_from_server(server: str, name: str) -> None:
    """Remove a PostgreSQL database, whoever is still connected to it."""
    _run_on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


def _run_on_server(server: str, statement: str) -> None:
    with psycopg.connect(server.format(name="postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement.encode())
