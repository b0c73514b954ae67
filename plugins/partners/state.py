"""``var/feeds.json``: what is remembered of each feed until the next run. A cache: if it is lost, each feed is read once in full."""

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
    """The state of one feed. ``url`` is the subscribed address, ``moved_to`` the permanent address that the server named.

    ``not_before``: when it may be asked again. ``failing_since``, ``failures``: since when and how often in a row it failed.
    ``ended``: the server said 410. ``robots_at``: when robots.txt last allowed it. ``hub``, ``topic``: where WebSub can be had, and the feed's name there.
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
    hub: str | None = None
    topic: str | None = None

    @property
    def validators(self) -> Validators:
        """The validators of the last good response."""
        return Validators(self.url, self.etag, self.last_modified)


def load(path: Path) -> dict[str, FeedState]:
    """Return the states by feed key. A missing or broken file gives none."""
    try:
        document = json.loads(path.read_text("utf-8"))
        feeds = document["feeds"] if document["schema"] == SCHEMA else {}
        return {str(key): _feed_state(value) for key, value in feeds.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _feed_state(value: Mapping[str, object]) -> FeedState:
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
        hub=sendable(value.get("hub")),
        topic=sendable(value.get("topic")),
    )


def _moment(value: object) -> datetime | None:
    """Read a moment that ``save`` wrote. Raises ValueError for one without a zone, which could not be compared."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    if moment is not None and moment.tzinfo is None:
        raise ValueError("no zone")
    return moment


def save(path: Path, feeds: Mapping[str, FeedState]) -> None:
    """Write the states. An interrupted write leaves the old file."""
    table = {key: _to_json(feed) for key, feed in feeds.items()}
    text = json.dumps({"schema": SCHEMA, "feeds": table}, indent=2, sort_keys=True)
    write_atomically(path, f"{text}\n".encode())


def _to_json(feed: FeedState) -> dict[str, object]:
    """Return the values that are not the default; moments as ISO 8601."""
    values = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in vars(feed).items()}
    return {key: value for key, value in values.items() if value not in (None, 0, False)}
