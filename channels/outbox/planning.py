"""From an announcement, a channel and what was posted there before to the rows that are entered. Pure.

A record that changes after it was posted becomes a second row, which follows the first: what the network can do about it is decided when it is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from channels.announcement import Announcement, AnnouncementKind, Change, Purpose, SitePicture, Wording
from channels.composer.compose import Draft, compose
from channels.destinations import Destination
from channels.settings import AnyChannel, XChannel
from mailer.database.announcements.posts import Action, Entry, Plan, StoredPost
from mailer.database.announcements.states import OPEN, PostState

NAMESPACE = UUID("6f0d6f3c-52d5-5f0e-9a0e-7b1f2c7c9d10")
"""Of the keys of posts (RFC 9562 section 5.5). It must never change: networks know posts by these keys."""
MEMORY = timedelta(days=31)
"""An announcement older than this was made before there was a channel for it: it gets no row."""
POST = "post"
WITHDRAWN = "the page was withdrawn before it was announced / 公開が取り下げられました"


@dataclass(frozen=True, slots=True)
class Moments:
    """``now``, and since when an issue has been sent: its use begins then."""

    now: datetime
    sent: datetime | None = None


def key_of(record: str, channel: str, part: str) -> UUID:
    """The key of a post: a UUID version 5 of record, channel and part, the same at every try and on every machine."""
    return uuid5(NAMESPACE, "\n".join((record, channel, part)))


def records_of(announcement: Announcement[Purpose]) -> tuple[str, ...]:
    """The records whose posts a plan must know."""
    return (announcement.record, announcement.follows) if announcement.follows else (announcement.record,)


def plan(
    announcement: Announcement[Purpose], destinations: Iterable[Destination[Purpose]], posts: Sequence[StoredPost], moments: Moments
) -> Plan:
    """Return what to enter for the channels that take the announcement, and what to rewrite because it has not been tried.

    :raises CannotCompose: no post of a channel can hold the address.
    """
    enter: list[Entry] = []
    rewrite: list[Entry] = []
    for destination in destinations:
        if destination.takes(announcement):
            for entry, is_new in _entries(announcement, destination, posts, moments):
                (enter if is_new else rewrite).append(entry)
    return Plan(enter, rewrite)


def _entries(
    announcement: Announcement[Purpose], destination: Destination[Purpose], posts: Sequence[StoredPost], moments: Moments
) -> Iterator[tuple[Entry, bool]]:
    name = destination.channel.name
    own = [post for post in posts if post.record == announcement.record and post.channel == name]
    latest = newest(own)
    if latest is None:
        if begins(announcement, moments) + MEMORY > moments.now:
            target = newest([post for post in posts if post.record == announcement.follows and post.channel == name])
            yield from ((each, True) for each in _first(announcement, destination, target, moments))
    elif latest.revision != announcement.revision:
        if latest.state in (PostState.PENDING, PostState.DEFERRED) and latest.attempts == 0:
            yield _entry(announcement, destination, moments, latest.part, latest.action, latest.follows, latest.part != POST), False
        elif latest.state is not PostState.EXPIRED:
            action: Action = "post" if latest.state is PostState.FAILED else "change"
            part = f"change{len(own)}:{announcement.revision}"
            yield (
                _entry(announcement, destination, moments, part, action, latest.key if action == "change" else None, action == "change"),
                True,
            )


def _first(
    announcement: Announcement[Purpose], destination: Destination[Purpose], target: StoredPost | None, moments: Moments
) -> Iterator[Entry]:
    """A record's first post, which answers that of the record before; a correction or the end of a warning also puts that one right."""
    is_out = target is not None and (target.state in OPEN or target.state is PostState.SENT)
    follows = target.key if target is not None and is_out else None
    yield _entry(announcement, destination, moments, POST, "post", follows)
    if follows and announcement.change in (Change.CORRECT, Change.CANCEL):
        yield _entry(announcement, destination, moments, "amend", "amend", follows)


def newest(posts: Sequence[StoredPost]) -> StoredPost | None:
    """Of the posts of one record on one channel: the one that no other follows. It is what people see."""
    own = [post for post in posts if post.action in ("post", "change", "withdraw")]
    followed = {post.follows for post in own if post.record == own[0].record}
    return next((post for post in reversed(own) if post.key not in followed), None)


def _entry(
    announcement: Announcement[Purpose],
    destination: Destination[Purpose],
    moments: Moments,
    part: str,
    action: Action,
    follows: str | None,
    is_change: bool = False,
) -> Entry:
    change = Change.CORRECT if is_change and announcement.change is Change.NEW else announcement.change
    channel = destination.channel
    return Entry(
        key=str(key_of(announcement.record, channel.name, part)),
        record=announcement.record,
        channel=channel.name,
        part=part,
        action=action,
        revision=announcement.revision,
        content=content_of(compose(announcement, destination, change), announcement.until),
        moment=announcement.moment,
        use_until=use_until(announcement, channel, moments, is_change=is_change),
        follows=follows,
        is_urgent=announcement.is_urgent,
        is_drill=announcement.purpose.is_drill,
        issue=announcement.issue or "",
        yen=channel.yen_with_link if isinstance(channel, XChannel) else 0.0,
    )


def begins(announcement: Announcement[Purpose], moments: Moments) -> datetime:
    """When the use of an announcement begins."""
    return moments.sent or announcement.moment


def use_until(announcement: Announcement[Purpose], channel: AnyChannel, moments: Moments, *, is_change: bool = False) -> datetime:
    """Until when a post is of any use: to the end of a warning; news for as long as the operator says. A correction has a time of its own."""
    if announcement.kind is AnnouncementKind.EMERGENCY and announcement.until is not None and announcement.change is not Change.CANCEL:
        return announcement.until
    begin = moments.now if is_change else begins(announcement, moments)
    end = begin + timedelta(hours=channel.use_hours)
    return min(end, announcement.until) if announcement.until and announcement.change is not Change.CANCEL else end


def content_of(draft: Draft, until: datetime | None) -> Mapping[str, Any]:
    """What a row keeps of a post: all that the network is given but for what is known only at the try, and when its page comes down by itself."""
    link = {"address": draft.link.address, "title": draft.link.title, "description": draft.link.description}
    pictures = [{"path": each.path, "media_type": each.media_type, "alternatives": dict(each.alternatives)} for each in draft.pictures]
    return {
        "text": draft.text,
        "language": draft.language,
        "link": link,
        "pictures": pictures,
        "until": until.isoformat() if until else None,
    }


def withdrawal(post: StoredPost, destination: Destination[Purpose], now: datetime) -> Plan:
    """Return what to do about a post whose page is gone: take it back, or do not post it at all."""
    if post.state in (PostState.PENDING, PostState.DEFERRED) and post.attempts == 0:
        return Plan(drop={post.key: WITHDRAWN})
    if post.state not in (PostState.SENT, PostState.UNKNOWN, PostState.CLAIMED, PostState.DEFERRED):
        return Plan()
    gone = _gone(post, destination, now)
    part = f"withdraw:{post.revision}"
    entry = _entry(gone, destination, Moments(now), part, "withdraw", post.key)
    return Plan([entry])


def is_in_force(post: StoredPost, now: datetime) -> bool:
    """Whether the page of a post should be there still: it did not come down by itself, and the post is not an old one."""
    until = post.content.get("until")
    return post.moment + MEMORY > now and (until is None or datetime.fromisoformat(str(until)) > now)


def _gone(post: StoredPost, destination: Destination[Purpose], now: datetime) -> Announcement[Purpose]:
    link, language = post.content["link"], str(post.content["language"])
    wordings = {language: Wording(str(link["title"]) or "—")}
    kind = AnnouncementKind.EMERGENCY if post.is_urgent else AnnouncementKind.ISSUE if post.issue else AnnouncementKind.ARTICLE
    address = str(link["address"])
    return Announcement(
        destination.purpose, post.record, kind, "", post.moment, now + timedelta(days=1), address, language, wordings, Change.WITHDRAW
    )


def pictures_of(content: Mapping[str, Any]) -> tuple[SitePicture, ...]:
    """The pictures that a row keeps."""
    return tuple(
        SitePicture(str(each["path"]), str(each["media_type"]), dict(each["alternatives"])) for each in content.get("pictures", ())
    )


def records_named(what: str) -> tuple[str, ...]:
    """The records that a person may mean by a source, or by LIST/NUMBER."""
    bare = what.removesuffix(".md").rpartition("content/")[2]
    return (what, *(f"{kind.value}/{bare}" for kind in AnnouncementKind))
