"""Write ``[feeds.*]`` of ``publications.toml``. Remarks, order and blank lines of the file stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.exceptions import TOMLKitError

from .config import FeedConfig, read_settings
from .errors import ConfigError
from .state import replace_file

KEYS = ("title", "url", "site", "author", "licence", "mode")


def add(path: Path, feed: FeedConfig) -> None:
    """Write a new feed after the others. Raises ConfigError when the file would no longer hold; then it is not written."""

    def change(document: TOMLDocument) -> None:
        table = tomlkit.table()
        for key in KEYS:
            table.add(key, getattr(feed, key))
        feeds = document.setdefault("feeds", tomlkit.table(is_super_table=True))
        table.add(tomlkit.nl())
        feeds[feed.key] = table

    _rewrite(path, change)


def drop(path: Path, key: str) -> None:
    """Remove a feed. Raises ConfigError."""

    def change(document: TOMLDocument) -> None:
        feeds = document["feeds"]
        if isinstance(feeds, Mapping) and len(feeds) > 1:
            feeds.pop(key)  # type: ignore[attr-defined]
        else:
            document.pop("feeds")

    _rewrite(path, change)


def _rewrite(path: Path, change: Callable[[TOMLDocument], None]) -> None:
    """Change the file, and put it in place only if it can still be read."""
    try:
        document = tomlkit.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ConfigError(path, (f"書き直せません / cannot be rewritten: {error}",)) from error
    change(document)
    data = tomlkit.dumps(document).encode()
    with TemporaryDirectory() as place:
        trial = Path(place, path.name)
        trial.write_bytes(data)
        read_settings(trial)
    replace_file(path, data)
