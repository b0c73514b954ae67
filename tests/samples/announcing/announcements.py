"""Announcements and channels for tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from channels.announcement import Announcement, AnnouncementKind, Change, Drill, Live, SitePicture, Wording
from channels.destinations import Destination
from channels.settings import AnyChannel, ChannelSettings

MOMENT = datetime(2026, 3, 11, 5, 46, tzinfo=UTC)
ADDRESS = "https://www.example.jp/fukko-press/20260311-bridge/"
TITLE = "気仙沼の橋の工事が終わり、三月十一日から通れます"

OWN: Mapping[str, Mapping[str, Any]] = {
    "line": {},
    "mastodon": {"server": "https://social.example.jp"},
    "bluesky": {"handle": "news.example.jp"},
    "x": {"account": "1", "yen": 1.5, "yen_with_link": 30},
    "webhook": {"url": "https://hooks.example.jp/1"},
    "web-push": {"contact": "mailto:news@example.jp"},
    "websub": {"hub": "https://hub.example.jp", "feeds": ["https://www.example.jp/feed.xml"]},
}
"""What each kind of channel must say, besides its name."""
KINDS = tuple(OWN)


def channel(kind: str = "mastodon", name: str = "", **values: Any) -> AnyChannel:
    """Return a channel's settings."""
    validated: AnyChannel = TypeAdapter(ChannelSettings).validate_python({"kind": kind, "name": name or kind, **OWN[kind], **values})
    return validated


def destination(kind: str = "mastodon", name: str = "", **values: Any) -> Destination[Live]:
    """Return a channel for the real thing."""
    return Destination(Live(), channel(kind, name, **values))


def drill_destination(kind: str = "mastodon", name: str = "", **values: Any) -> Destination[Drill]:
    """Return a channel for drills."""
    return Destination(Drill(), channel(kind, name, drill=True, **values))


def announcement(
    title: str = TITLE,
    body: tuple[str, ...] = (),
    *,
    record: str = "article/fukko-press/bridge",
    kind: AnnouncementKind = AnnouncementKind.ARTICLE,
    address: str = ADDRESS,
    language: str = "ja",
    moment: datetime = MOMENT,
    until: datetime | None = None,
    change: Change = Change.NEW,
    follows: str | None = None,
    issue: str | None = None,
    pictures: tuple[SitePicture, ...] = (),
    others: Mapping[str, Wording] | None = None,
) -> Announcement[Live]:
    """Return an announcement of the real thing."""
    wordings = {language: Wording(title, body), **(others or {})}
    return Announcement(Live(), record, kind, "fukko-press", moment, until, address, language, wordings, change, follows, issue, pictures)


def drill(title: str = "【訓練】津波注意報", record: str = "emergency/kinkyu/drill", *, moment: datetime = MOMENT) -> Announcement[Drill]:
    """Return an announcement of a drill."""
    wordings = {"ja": Wording(title)}
    return Announcement(Drill(), record, AnnouncementKind.EMERGENCY, "kinkyu", moment, moment + timedelta(hours=1), ADDRESS, "ja", wordings)


def record(announced: Announcement[Live] | Announcement[Drill]) -> dict[str, Any]:
    """Return it as the build writes it."""
    return {
        "format": "todoke-announcement",
        "schema": 1,
        "record": announced.record,
        "kind": announced.kind.value,
        "drill": announced.purpose.is_drill,
        "publication": announced.publication,
        "change": announced.change.value,
        "follows": announced.follows,
        "issue": announced.issue,
        "moment": announced.moment.isoformat(),
        "until": announced.until.isoformat() if announced.until else None,
        "address": announced.address,
        "language": announced.language,
        "wordings": {tag: {"title": each.title, "body": list(each.body)} for tag, each in announced.wordings.items()},
        "pictures": [
            {"path": each.path, "media_type": each.media_type, "alternatives": dict(each.alternatives)} for each in announced.pictures
        ],
    }
