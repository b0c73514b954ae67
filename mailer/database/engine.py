"""Opens a database and hands out its transactions. Its tables are brought up to date on opening (`mailer.database.migrations`).

A database is made only where somebody asks for one (`create_database`): with a wrong path every command would otherwise see an empty list of readers.
The file is made for its owner alone, and SQLite gives the files beside it (`-wal`, `-shm`, `-journal`) the rights of the file.

SQLite runs in WAL mode with foreign keys on, waits for a lock instead of failing at once, and syncs at every commit: a result that
was recorded must survive a power cut. The same tables and migrations are written for PostgreSQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import ArgumentError, DataError, SQLAlchemyError

import regular_file
from mailer import private_files
from mailer.database import migrations
from mailer.model.audit_log import AuditSeal
from mailer.model.errors import DatabaseError, DatabaseMissing, DatabaseReplaced, DatabaseUnavailable
from mailer.model.readers.suppression import AddressKeys

BUSY_TIMEOUT = 30  # seconds that SQLite waits for a lock
IDLE_TIMEOUT = 10  # seconds without a statement inside a transaction, after which PostgreSQL ends the connection
# Classes of SQLSTATE: lost connections, rolled back for other transactions, no resources, stopped by the operator; and a locked row.
PASSING_CLASSES, PASSING_STATES = ("08", "40", "53", "57"), ("55P03", "55000", "25P03")
MIGRATION_LOCK = 0x746F646F6B65  # "todoke": a number of our own among PostgreSQL's advisory locks
OWN_TABLES = frozenset({"alembic_version", "subscriber"})
"""A database without these is not one of ours, whatever else is in it. Every version has had them."""
MENDING = "Correct `database` in mailer.toml; for a new installation make the database: todoke init-db."
SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")
NO_KEYS = AuditSeal()  # for tools and tests: the log is chained and not sealed
NO_ADDRESS_KEYS = AddressKeys()  # for tools and tests that suppress nobody


class Database:
    """Hands out transactions. `reading` never blocks a writer; `writing` takes SQLite's write lock at its start.

    `is_shared`: several machines may use the database (PostgreSQL). `address` is its URL with the password, `name` without it. `seal` holds
    the keys of its audit log, `address_keys` those that hash the addresses of suppressed readers.
    """

    def __init__(self, engine: Engine, seal: AuditSeal = NO_KEYS, address_keys: AddressKeys = NO_ADDRESS_KEYS) -> None:
        self._engine = engine
        self.seal = seal
        self.address_keys = address_keys
        self.is_shared = engine.dialect.name == "postgresql"
        self._file, self._inode = sqlite_file(str(engine.url)), 0
        self.address = engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=False)
        self.name = engine.url.render_as_string(hide_password=True)
        self._writer = engine.execution_options(writing=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. It ends with COMMIT: behind a ROLLBACK psycopg throws away what PostgreSQL has prepared on this connection.

        :raises DatabaseError: the database cannot answer.
        """
        with _database_errors(self._engine), self._engine.connect() as connection:
            yield connection
            connection.commit()

    @contextmanager
    def writing(self, *, keep: bool = True) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back on an error and when `keep` is false (a dry run).

        :raises DatabaseError: the database cannot be written.
        """
        with _database_errors(self._engine), self._writer.connect() as connection:
            yield connection
            if keep:
                connection.commit()
        self.check_file()

    def check_file(self) -> None:
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

    @contextmanager
    def without_transaction(self) -> Iterator[DBAPICursor]:
        """A cursor of SQLite's driver outside of any transaction, for what cannot be done within one (`VACUUM`, checkpoints).

        :raises DatabaseError: the database cannot do it.
        """
        with _database_errors(self._engine), closing(self._engine.raw_connection()) as connection:
            yield connection.cursor()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def open_database(url: str, seal: AuditSeal = NO_KEYS, address_keys: AddressKeys = NO_ADDRESS_KEYS) -> Database:
    """Open the database that is there, and migrate it to the newest schema.

    :param url: an SQLAlchemy URL with an absolute path.
    :param seal: the keys of the audit log.
    :param address_keys: the keys that hash addresses.
    :raises DatabaseMissing: there is no file, or it is not a database of ours.
    :raises NotPrivate: other accounts may read the file, and it is not ours to change that.
    :raises DatabaseError: the URL, the driver, the folder or the file is not usable.
    """
    return _open(url, seal, address_keys, creates=False)


def create_database(url: str, seal: AuditSeal = NO_KEYS, address_keys: AddressKeys = NO_ADDRESS_KEYS) -> Database:
    """As `open_database`, but make the folder, the file and the tables if they are not there. On PostgreSQL the database itself must be there.

    :raises DatabaseMissing: what is there belongs to another program.
    """
    return _open(url, seal, address_keys, creates=True)


def _open(url: str, seal: AuditSeal, address_keys: AddressKeys, *, creates: bool) -> Database:
    engine = _engine(url, creates=creates)
    database = Database(engine, seal, address_keys)
    with _database_errors(engine), engine.execution_options(writing=True, migrating=True).connect() as connection:
        # Several processes may open a new database at once. This statement begins the transaction: Alembic would otherwise commit
        # SQLite's after each step, and another process would take the next step at the same time.
        lock = text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})" if database.is_shared else "SELECT 1")
        connection.execute(lock)
        _refuse_foreign(connection, creates=creates)
        _migrate(connection)
        connection.commit()
    database.check_file()
    engine.dispose()  # the connection that migrated checked no foreign keys, see `_begin_sqlite`
    return database


def revisions(url: str) -> tuple[str, str]:
    """The revision of the tables that are there, and that of this program. Nothing is migrated; the first is empty if there is no database of ours.

    :raises DatabaseError: the URL or the driver is not usable.
    """
    newest = migrations.newest_revision()
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        return "", newest
    engine = _engine(url, creates=False)
    try:
        with _database_errors(engine), engine.connect() as connection:
            return migrations.revision_of(connection), newest
    finally:
        engine.dispose()


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite URL, or None for another database."""
    parsed = make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def _engine(url: str, *, creates: bool) -> Engine:
    try:
        file = sqlite_file(url)
        if file is not None:
            _prepare_file(file, creates=creates)
        engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), **_options(url))
    except (ArgumentError, ModuleNotFoundError, OSError) as error:
        raise DatabaseError(f"The database cannot be opened: {error}. Check `database` in mailer.toml.") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_file(file: Path, *, creates: bool) -> None:
    """See that the file is there, and that it and its companions are private: an older version made them with the rights of the umask."""
    if creates:
        private_files.make_folder(file.parent)
        private_files.make_file(file)
    elif file.exists() and not file.is_file():
        raise DatabaseMissing(f"{file} is {regular_file.kind_of(file.stat().st_mode)}, not a database. {MENDING}")
    elif not file.is_file():
        raise DatabaseMissing(f"There is no database at {file}. {MENDING}")
    for path in (file, *(file.with_name(file.name + ending) for ending in SQLITE_COMPANIONS)):
        private_files.restrict(path)


def _refuse_foreign(connection: Connection, *, creates: bool) -> None:
    """Refuse a database that we did not make, before a table of ours is in it."""
    tables = frozenset(inspect(connection).get_table_names())
    if tables >= OWN_TABLES or (creates and not tables):
        return
    name = connection.engine.url.render_as_string(hide_password=True)
    if tables:
        raise DatabaseMissing(f"{name} is a database of another program: nothing was changed in it. Correct `database` in mailer.toml.")
    raise DatabaseMissing(f"{name} is empty: it has no tables of Todoke. {MENDING}")


def _options(url: str) -> dict[str, Any]:
    """For PostgreSQL: a machine that is stopped inside a transaction must not hold its locks for ever, and a lost connection is
    noticed before it is used (`pool_pre_ping`). Nothing is compiled (`jit`): the statements are short and the estimates high, so that the server would
    compile the watch for emergencies for 30 to 1,000 ms, twice a second.
    """
    if not url.startswith("postgresql"):
        return {}
    options = f"-c idle_in_transaction_session_timeout={IDLE_TIMEOUT * 1000} -c jit=off"
    return {"pool_pre_ping": True, "connect_args": {"options": options}}


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions of its own: see _begin_sqlite
    for pragma in (f"busy_timeout = {BUSY_TIMEOUT * 1000}", "journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot wait for the lock (SQLITE_BUSY at once), so it is taken at the start.
    options = connection.get_execution_options()
    if options.get("migrating", False):
        # A table is rebuilt with foreign keys off (sqlite.org/lang_altertable.html, section 7). Inside a transaction this pragma does nothing.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing", False) else "BEGIN")


def _migrate(connection: Connection) -> None:
    has_migrated = migrations.upgrade(connection)
    if has_migrated and connection.dialect.name == "sqlite":  # not at every start: it reads every delivery
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise DatabaseError(f"A row of the table {broken[0]} refers to one of {broken[2]} that is not there. The migration was undone.")


@contextmanager
def _database_errors(engine: Engine) -> Iterator[None]:
    """Errors of SQLAlchemy as a DatabaseError. The statement and its values stay out of it: they may hold addresses."""
    name = engine.url.render_as_string(hide_password=True)
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None)
        primary = getattr(getattr(cause, "diag", None), "message_primary", None)  # PostgreSQL's DETAIL holds a row's values
        words = " ".join(str(primary or cause or error.__class__.__name__).split())
        # A value that the driver cannot read, such as the time `infinity`, has no SQLSTATE either: it is there at the next try too.
        is_passing = cause is not None and not isinstance(error, DataError) and _is_passing(cause)
        kind = DatabaseUnavailable if is_passing else DatabaseError
        raise kind(f"The database {name} failed: {words}.") from error


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
