"""Copies of the database: SQLite by its backup interface while it is in use, PostgreSQL by ``pg_dump``. No password stands in a command line."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import psycopg

from continuity.model import ContinuityError

SQLITE_FILE, DUMP = "database/todoke.db", "database/todoke.dump"
SECONDS = 3600.0
COUNTED = ("subscriber", "subscription", "issue", "delivery", "audit")
"""Tables whose rows are counted in the copy, and again when it was restored."""
_COUNTING = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in COUNTED)  # noqa: S608 - names of our own

_TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')"


def copy(database: Path | str, folder: Path) -> tuple[str, Path, dict[str, int]]:
    """Copy the database into ``folder``. Return its path in a snapshot, the copy, and its rows by table. Raises `ContinuityError`."""
    if isinstance(database, Path):
        return SQLITE_FILE, *_copy_sqlite(database, folder / "todoke.db")
    return DUMP, *_dump_postgres(database, folder / "todoke.dump")


def _dump_postgres(url: str, target: Path) -> tuple[Path, dict[str, int]]:
    """Dump, and count in the moment of the dump: both look through one exported snapshot (PostgreSQL, "Snapshot Synchronization Functions")."""
    try:
        with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
            rows = {str(table): int(number) for table, number in connection.execute(_COUNTING)}
            words = [
                "--format=custom",
                "--no-owner",
                "--no-privileges",
                f"--snapshot={snapshot[0] if snapshot else ''}",
                f"--file={target}",
            ]
            run_postgres("pg_dump", words, url)
    except psycopg.Error as error:
        raise ContinuityError(f"PostgreSQL: {' '.join(str(error).split())[:500]} / データベースの写しが取れません") from error
    return target, rows


def _copy_sqlite(database: Path, target: Path) -> tuple[Path, dict[str, int]]:
    if not database.is_file():
        raise ContinuityError(f"there is no database at {database} / データベースがありません")
    target.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=rw", uri=True)) as source,
            closing(sqlite3.connect(target)) as copied,
        ):
            source.backup(copied)
            copied.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
        return target, count(target)
    except sqlite3.Error as error:
        raise ContinuityError(f"{database}: {error} / データベースの写しが取れません") from error


def count(database: Path | str) -> dict[str, int]:
    """Return the rows of each table that is compared, and prove that SQLite's file is whole. Raises `ContinuityError`."""
    if isinstance(database, str):
        lines = run_postgres(
            "psql", ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=,", f"--command={_COUNTING}"], database
        )
        return {name: int(number) for name, number in (line.split(",") for line in lines.split())}
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            if (words := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
                raise ContinuityError(f"{database}: damaged: {words} / データベースが壊れています")
            return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}  # noqa: S608 - names of our own
    except sqlite3.Error as error:
        raise ContinuityError(f"{database}: {error} / データベースが読めません") from error


def ask(database: Path | str, statement: str) -> list[list[str]]:
    """Run a statement of our own in a restored copy, and return its rows. Raises `ContinuityError`."""
    if isinstance(database, str):
        words = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--field-separator=\t", f"--command={statement}"]
        return [line.split("\t") for line in run_postgres("psql", words, database).splitlines() if line]
    try:
        with closing(sqlite3.connect(database)) as connection, connection:
            return [[str(value) for value in row] for row in connection.execute(statement)]
    except sqlite3.Error as error:
        raise ContinuityError(f"{database}: {error} / データベースが読めません") from error


def restore_postgres(dump: Path, database: str) -> None:
    """Put a dump into an empty database. Raises `ContinuityError`: it is not empty, or cannot be reached; then nothing is in it."""
    tables = run_postgres("psql", ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", f"--command={_TABLES}"], database)
    if tables.strip() != "0":
        raise ContinuityError("the database for the restored rows is not empty; give a new one / 空のデータベースを指定してください")
    run_postgres("pg_restore", ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(dump)], database)
    # A dump has no statistics, and without them a million readers are read through for each batch (PostgreSQL, "Populating a Database").
    run_postgres("psql", ["--no-psqlrc", "--quiet", "--command=ANALYZE"], database)


def empty_postgres(database: str) -> None:
    """Remove everything that `restore_postgres` has put there. Raises `ContinuityError`."""
    run_postgres("psql", ["--no-psqlrc", "--quiet", "--command=DROP SCHEMA public CASCADE", "--command=CREATE SCHEMA public"], database)


def check_dump(dump: Path) -> None:
    """Prove that `pg_restore` can read the list of a dump. Raises `ContinuityError`."""
    path = shutil.which("pg_restore")
    if path is None:
        raise ContinuityError("pg_restore is not installed: it comes with PostgreSQL's client / pg_restore がありません")
    done = subprocess.run([path, "--list", str(dump)], capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603 - fixed words
    if done.returncode or " TABLE DATA " not in done.stdout:
        raise ContinuityError(f"{dump.name}: {' '.join(done.stderr.split())[:300]} / データベースの写しが読めません")


def run_postgres(program: str, words: list[str], url: str) -> str:
    """Run a tool of PostgreSQL's, and return what it says. Raises `ContinuityError`.

    The password goes by the environment of that one process (libpq, ``PGPASSWORD``).
    """
    path = shutil.which(program)
    if path is None:
        raise ContinuityError(f"{program} is not installed: it comes with PostgreSQL's client / {program} がありません")
    name, environment = connection(url)
    target = ["--dbname", name]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            [path, *words[:-1], *target, words[-1]],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | environment,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise ContinuityError(f"{program}: not ready after {SECONDS:g} s / 時間内に終わりませんでした") from error
    if done.returncode:
        raise ContinuityError(f"{program}: {' '.join(done.stderr.split())[:500]} / データベースの処理に失敗しました")
    return done.stdout


def connection(url: str) -> tuple[str, Mapping[str, str]]:
    """Return the name of the database, and how to reach it as variables of libpq."""
    parsed = urlsplit(url.replace("+psycopg", "", 1))
    query = {key: values[-1] for key, values in parse_qs(parsed.query).items()}
    values = {
        "PGHOST": query.get("host") or parsed.hostname,
        "PGPORT": query.get("port") or (str(parsed.port) if parsed.port else None),
        "PGUSER": query.get("user") or (unquote(parsed.username) if parsed.username else None),
        "PGPASSWORD": query.get("password") or (unquote(parsed.password) if parsed.password else None),
        "PGSSLMODE": query.get("sslmode"),
    }
    return parsed.path.lstrip("/"), {key: value for key, value in values.items() if value}
