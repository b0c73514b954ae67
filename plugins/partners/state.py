"""What is remembered of each feed until the next time: ``var/feeds.json``. A cache: when it is lost, feeds are simply read in full."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from plugins.files import write_atomically
from plugins.partners.http.fetch import Validators, sendable

SCHEMA = 2


@dataclass(frozen=True)
class FeedState:
    """Where one feed stands. ``url`` is the subscribed address; ``moved_to`` where a server said it lives for good.

    ``not_before``: when it may be asked again. ``failing_since``, ``failures``: since when and how often it did not work.
    ``ended``: the server said 410. ``robots_at``: when robots.txt last allowed it.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None
    not_before: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    ended: bool = False
    robots_at: datetime | None = None

    @property
    def validators(self) -> Validators:
        """The validators of the last good answer."""
        return Validators(self.url, self.etag, self.last_modified)


def load(path: Path) -> dict[str, FeedState]:
    """Read what is remembered, by feed key. A missing or broken file remembers nothing."""
    try:
        stored = json.loads(path.read_text("utf-8"))
        feeds = stored["feeds"] if stored["schema"] == SCHEMA else {}
        return {str(key): _standing(value) for key, value in feeds.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _standing(value: Mapping[str, object]) -> FeedState:
    return FeedState(
        url=str(value["url"]),
        etag=sendable(value.get("etag")),
        last_modified=sendable(value.get("last_modified")),
        moved_to=sendable(value.get("moved_to")),
        not_before=_moment(value.get("not_before")),
        failing_since=_moment(value.get("failing_since")),
        failures=int(str(value.get("failures", 0))),
        ended=value.get("ended") is True,
        robots_at=_moment(value.get("robots_at")),
    )


def _moment(value: object) -> datetime | None:
    """Read a moment that ``save`` wrote. Raises ValueError for one without a zone, which nobody could compare."""
    read = datetime.fromisoformat(value) if isinstance(value, str) else None
    if read is not None and read.tzinfo is None:
        raise ValueError("no zone")
    return read


def save(path: Path, feeds: Mapping[str, FeedState]) -> None:
    """Write what is to be remembered; an interrupted write leaves the old file."""
    table = {key: _written(value) for key, value in feeds.items()}
    text = json.dumps({"schema": SCHEMA, "feeds": table}, indent=2, sort_keys=True)
    write_atomically(path, f"{text}\n".encode())


def _written(standing: FeedState) -> dict[str, object]:
    """Return what is worth a line; moments as ISO 8601."""
    values = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in vars(standing).items()}
    return {key: value for key, value in values.items() if value not in (None, 0, False)}
