"""Opens a database and hands out its transactions. Alembic brings the tables up to date on opening.

SQLite runs in WAL mode with foreign keys on, waits for a lock instead of failing at once, and syncs at every commit: a result that
was recorded must survive a power cut. The same tables and migrations are written for PostgreSQL.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from mailer.model.errors import DatabaseError, DatabaseReplaced, DatabaseUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_TIMEOUT = 30  # seconds that SQLite waits for a lock
IDLE_TIMEOUT = 10  # seconds without a statement inside a transaction, after which PostgreSQL ends the connection
# Classes of SQLSTATE: lost connections, rolled back for other transactions, no resources, stopped by the operator; and a locked row.
PASSING_CLASSES, PASSING_STATES = ("08", "40", "53", "57"), ("55P03", "55000", "25P03")
MIGRATION_LOCK = 0x746F646F6B65  # "todoke": a number of our own among PostgreSQL's advisory locks
ONE_MIGRATION = threading.Lock()  # Alembic's context is one for the process: two threads would mix up their connections


class Database:
    """Hands out transactions. `reading` never blocks a writer; `writing` takes SQLite's write lock at its start.

    `is_shared`: several machines may use the database (PostgreSQL). `address` is its URL with the password.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_shared = engine.dialect.name == "postgresql"
        self._file, self._inode = sqlite_file(str(engine.url)), 0
        self.address = engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=False)
        self._writer = engine.execution_options(writing=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads.

        :raises DatabaseError: the database cannot answer.
        """
        with _database_errors(self._engine), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, keep: bool = True) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back on an error and when `keep` is false (a dry run).

        :raises DatabaseError: the database cannot be written.
        """
        with _database_errors(self._engine), self._writer.connect() as connection:
            yield connection
            if keep:
                connection.commit()
        self._check_file()

    def _check_file(self) -> None:
        """SQLite goes on writing into a file that was deleted, and nobody would ever see it again.

        :raises DatabaseReplaced: there is none any more where it was opened, or another one.
        """
        if self._file is None:
            return
        try:
            inode = self._file.stat().st_ino
        except OSError:
            inode = -1
        if self._inode not in (0, inode):
            raise DatabaseReplaced(
                f"The database {self._file} was deleted or replaced while it was open: what was done last is not in it. "
                "Nothing more was sent. Put the file back, and see `todoke adopt-restored --dry-run` before you send."
            )
        self._inode = inode

    def ping(self) -> None:
        """Ask the database for an answer.

        :raises DatabaseError: there is none.
        """
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def open_database(url: str) -> Database:
    """Open the database, make its folder and tables if they are not there, and migrate to the newest schema.

    :param url: an SQLAlchemy URL with an absolute path.
    :raises DatabaseError: the URL, the driver, the folder or the file is not usable.
    """
    engine = _engine(url)
    database = Database(engine)
    with database.writing() as connection:
        # Several processes may open a new database at once. This statement begins the transaction: Alembic would otherwise commit
        # SQLite's after each step, and another process would take the next step at the same time.
        lock = text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})" if database.is_shared else "SELECT 1")
        connection.execute(lock)
        _migrate(connection)
    return database


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL, or None for another database."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def _engine(url: str) -> Engine:
    try:
        file = sqlite_file(url)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), **_options(url))
    except (ArgumentError, ModuleNotFoundError, OSError) as error:
        raise DatabaseError(f"The database cannot be opened: {error}. Check `database` in mailer.toml.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _options(url: str) -> dict[str, Any]:
    """For PostgreSQL: a machine that is stopped inside a transaction must not hold its locks for ever, and a lost connection is
    noticed before it is used (`pool_pre_ping`).
    """
    if not url.startswith("postgresql"):
        return {}
    return {"pool_pre_ping": True, "connect_args": {"options": f"-c idle_in_transaction_session_timeout={IDLE_TIMEOUT * 1000}"}}


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own: see _begin_sqlite
    for pragma in (f"busy_timeout = {BUSY_TIMEOUT * 1000}", "journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot wait for the lock (SQLITE_BUSY at once), so it is taken at the start.
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _migrate(connection: Connection) -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", MIGRATIONS.as_posix().replace("%", "%%"))
    config.attributes["connection"] = connection
    with ONE_MIGRATION:
        command.upgrade(config, "head")


@contextmanager
def _database_errors(engine: Engine) -> Iterator[None]:
    """Errors of SQLAlchemy and Alembic as a DatabaseError. The statement and its values stay out of it: they may hold addresses."""
    name = engine.url.render_as_string(hide_password=True)
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        primary = getattr(getattr(cause, "diag", None), "message_primary", None)  # PostgreSQL's DETAIL holds a row's values
        words = " ".join(str(primary or cause or error.__class__.__name__).split())
        kind = DatabaseUnavailable if cause is not None and _is_passing(cause) else DatabaseError
        raise kind(f"The database {name} failed: {words}.") from error
    except CommandError as error:  # Alembic: a revision that this program does not have
        raise DatabaseError(f"The database {name} was made by another version of Todoke: {error}. Install that version.") from error


def _is_passing(cause: BaseException) -> bool:
    """Whether another try may help: a lock, a restart, a lost connection (SQLite's result codes; PostgreSQL, appendix A)."""
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    state = getattr(cause, "sqlstate", "no server")
    return state is None or state[:2] in PASSING_CLASSES or state in PASSING_STATES


def create_job_tables(database: Database, schema: str) -> None:
    """Create the tables of the job queue if they are not there; several workers may come at once.

    :param schema: Procrastinate's SQL.
    """
    with database.writing() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        if connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar_one() is None:
            connection.connection.cursor().execute(schema)  # by the driver: SQLAlchemy would look for parameters in its %
