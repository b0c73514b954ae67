"""Numbered changes of the schema, run when the database is opened.

Alembic is loaded only if there is something to change: it takes an eighth of the start of a command, and each opening by it takes 10 ms,
because it runs every file of a change to learn which is the newest.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mailer.model.errors import DatabaseError

if TYPE_CHECKING:
    from alembic.config import Config

ONE_MIGRATION = threading.Lock()  # Alembic's context is one for the process: two threads would mix up their connections

_VERSIONS = Path(__file__).parent / "versions"


def newest_revision() -> str:
    """Return the revision of the tables that this program works with: the highest number among the names of the changes (``r0012_words.py``)."""
    return max(file.name[1:5] for file in _VERSIONS.glob("r*/r*.py"))


def revision_of(connection: Connection) -> str:
    """Return the revision of the tables that are there, or an empty string if there are none of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def upgrade(connection: Connection) -> bool:
    """Bring the tables up to date; return whether there was anything to do.

    :raises DatabaseError: the tables are of a revision that this program does not have.
    """
    if revision_of(connection) == newest_revision():
        return False
    from alembic import command
    from alembic.util import CommandError

    config = alembic_config()
    config.attributes["connection"] = connection
    try:
        with ONE_MIGRATION:
            command.upgrade(config, "head")
    except CommandError as error:
        name = connection.engine.url.render_as_string(hide_password=True)
        raise DatabaseError(f"The database {name} was made by another version of Todoke: {error}. Install that version.") from error
    return True


def alembic_config() -> Config:
    """Return where Alembic finds the migrations: a folder for each ten."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", Path(__file__).parent.as_posix().replace("%", "%%"))
    config.set_main_option("recursive_version_locations", "true")
    return config
