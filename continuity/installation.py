"""Where an installation keeps what a snapshot needs: read from ``mailer.toml`` and ``publish.toml``, whose other keys are none of our business."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from continuity.model import ContinuityError
from continuity.settings import ContinuitySettings

DEFAULT_DATABASE = "sqlite:///var/todoke.db"
SQLITE = "sqlite:///"
NAMES = ("mailer.toml", "publish.toml", "continuity.toml", "publications.toml", "approvers.toml", "pelicanconf.py", "publishconf.py")
"""Settings that every installation may have. No key is among them."""


@dataclass(frozen=True)
class Installation:
    """``home`` is the folder of continuity.toml. ``database`` is the file of SQLite, or the URL of a PostgreSQL server."""

    home: Path
    database: Path | str
    state: Path
    store: Path
    content: Path
    settings: tuple[Path, ...]


def find_installation(config: Path, settings: ContinuitySettings) -> Installation:
    """Find everything. Raises `ContinuityError` if mailer.toml cannot be read."""
    home = config.resolve().parent
    url = str(_table(settings.mailer).get("database", DEFAULT_DATABASE))
    database: Path | str = settings.mailer.parent / url.removeprefix(SQLITE) if url.startswith(SQLITE) else url
    state = database.with_name(f"{database.name}.state") if isinstance(database, Path) else settings.mailer.parent / "var" / "mailer.state"
    publish = _table(settings.publish) if settings.publish.is_file() else {}
    store = settings.publish.parent / str(publish.get("store", "var/releases"))
    files = tuple(dict.fromkeys((*(home / name for name in NAMES), settings.mailer, settings.publish, *settings.snapshot.extra)))
    return Installation(home, database, state, store, settings.content, tuple(file for file in files if file.is_file()))


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ContinuityError(f"{path}: {getattr(error, 'strerror', None) or error} / 設定が読めません") from error
