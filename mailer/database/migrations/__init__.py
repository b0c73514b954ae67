"""Numbered changes of the schema, run when the database is opened."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config


def alembic_config() -> Config:
    """Return where Alembic finds the migrations: a folder for each ten."""
    config = Config()
    config.set_main_option("script_location", Path(__file__).parent.as_posix().replace("%", "%%"))
    config.set_main_option("recursive_version_locations", "true")
    return config
