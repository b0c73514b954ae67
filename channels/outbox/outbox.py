"""The rows of the outbox, for the rest of `channels`: entering, claiming, results, what people ask and order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from channels.announcement import Announcement, Purpose
from channels.destinations import Destination, Destinations
from channels.outbox import planning
from channels.outbox.planning import Moments
from channels.outbox.push_subscriptions import StoredSubscriptions, count_browsers
from channels.settings import ChannelsError
from mailer.database.announcements import channel_leases, door, post_claims, posts
from mailer.database.announcements.channel_leases import ChannelState
from mailer.database.announcements.door import DoorError, Identity, OpenDoor
from mailer.database.announcements.post_claims import ClaimedPost, ClaimRequest, LeaseLost, QuotaRule, Result, Waiting
from mailer.database.announcements.posts import Plan, StoredPost
from mailer.database.announcements.states import OPEN, PostState

__all__ = [
    "OPEN", "ChannelState", "ClaimRequest", "ClaimedPost", "Identity", "LeaseLost", "OpenDoor", "Outbox", "Plan", "PostState", "QuotaRule", "Result",
    "StoredPost", "Waiting", "open_outbox",
]  # fmt: skip


class Outbox:
    """The outbox of one installation. Its methods wait for the database: call them in a thread of their own beside an event loop.

    Every method raises `ChannelsError` when the database cannot be used. ``actor`` stands in the audit log.
    """

    def __init__(self, opened: OpenDoor, actor: str) -> None:
        self._opened, self._database, self.actor = opened, opened.database, actor

    def push_subscriptions(self, clock: Callable[[], datetime]) -> StoredSubscriptions:
        """The browsers that want to be told by Web Push."""
        return StoredSubscriptions(self._database, clock)

    def browsers(self, server_key: str) -> int:
        """How many browsers want to be told by Web Push under this public key."""
        with _errors():
            return count_browsers(self._database, server_key)

    def enter(self, announcement: Announcement[Purpose], to: Iterable[Destination[Purpose]], moments: Moments) -> Plan:
        """Enter an announcement for these channels, unless it is there already; what is new in it follows what was posted."""
        with _errors():
            chosen = tuple(to)
            return posts.carry_out(
                self._database,
                planning.records_of(announcement),
                lambda stored: planning.plan(announcement, chosen, stored, moments),
                now=moments.now,
                actor=self.actor,
            )

    def preview(self, announcement: Announcement[Purpose], to: Iterable[Destination[Purpose]], moments: Moments) -> Plan:
        """What `enter` would do."""
        with _errors():
            stored = [post for record in planning.records_of(announcement) for post in posts.of_record(self._database, record)]
        return planning.plan(announcement, to, stored, moments)

    def withdraw(self, record: str, to: Destinations, now: datetime) -> Plan:
        """Take back what was posted of a record."""
        with _errors():
            return posts.carry_out(self._database, [record], lambda stored: _withdrawals(stored, to, now), now=now, actor=self.actor)

    def gone(self, in_folder: Iterable[str], kinds: Iterable[str], now: datetime) -> Mapping[str, str]:
        """The records that were announced, are in force, and are no longer among ``in_folder``, each with the address that was posted."""
        with _errors():
            known = posts.known_records(self._database, [*kinds])
        there = frozenset(in_folder)
        missing = [post for post in known if post.record not in there and planning.is_in_force(post, now)]
        return {post.record: str(post.content["link"]["address"]) for post in missing}

    def sent_issues(self) -> Mapping[str, datetime]:
        """The issues that have been sent, ``LIST/NUMBER``, and since when they were due."""
        with _errors():
            return door.sent_issues(self._database)

    def acquire(self, channel: str, *, owner: str, lease: float, now: datetime) -> int | None:
        """Take a channel. Return the fence; None if another process holds it."""
        with _errors():
            return channel_leases.acquire(self._database, channel, owner=owner, lease=lease, now=now)

    def renew(self, channel: str, fence: int, lease: float) -> bool:
        """Keep a channel. False: another process has taken it."""
        with _errors():
            return channel_leases.renew(self._database, channel, fence, lease=lease)

    def release(self, channel: str, fence: int) -> None:
        """Give a channel up."""
        with _errors():
            channel_leases.release(self._database, channel, fence)

    def claim_next(self, request: ClaimRequest) -> ClaimedPost | Waiting | LeaseLost:
        """Claim the next post of a channel."""
        with _errors():
            return post_claims.claim_next(self._database, request, actor=self.actor)

    def finish(self, claimed: ClaimedPost, result: Result, *, failures: int, open_until: datetime | None, now: datetime) -> bool:
        """Write down what became of a try. False: the post has gone to another holder."""
        with _errors():
            return post_claims.finish(self._database, claimed, result, failures=failures, open_until=open_until, now=now, actor=self.actor)

    def give_back(self, claimed: ClaimedPost, now: datetime) -> None:
        """Give a post back that was not tried."""
        with _errors():
            post_claims.give_back(self._database, claimed, now)

    def pause(self, channel: str, *, by: str, now: datetime) -> None:
        """Post nothing to a channel until `resume`."""
        with _errors():
            channel_leases.pause(self._database, channel, by=by, now=now)

    def resume(self, channel: str, *, by: str, now: datetime) -> None:
        """Post to a channel again."""
        with _errors():
            channel_leases.resume(self._database, channel, by=by, now=now)

    def resolve(self, key: str, state: PostState, *, by: str, now: datetime, remote: str = "", why: str = "") -> StoredPost | None:
        """Write down what a person knows of an uncertain post. None: nothing can be said of it."""
        with _errors():
            return post_claims.resolve(self._database, key, state, by=by, now=now, remote=remote, why=why)

    def find(self, key: str) -> StoredPost | None:
        """The post with this key."""
        with _errors():
            return posts.find(self._database, key)

    def of_record(self, record: str) -> tuple[StoredPost, ...]:
        """All posts of one record."""
        with _errors():
            return posts.of_record(self._database, record)

    def list_posts(self, *, channel: str = "", states: Sequence[PostState] = (), limit: int = 200) -> tuple[StoredPost, ...]:
        """The newest posts."""
        with _errors():
            return posts.list_posts(self._database, channel=channel, states=states, limit=limit)

    def counts(self) -> Mapping[str, Mapping[PostState, int]]:
        """How many posts of each channel are in which state."""
        with _errors():
            return posts.counts(self._database)

    def channels(self) -> tuple[ChannelState, ...]:
        """Who holds each channel, and which are paused."""
        with _errors():
            return channel_leases.all_channels(self._database)

    def identify(self) -> Identity:
        """Which database it is."""
        with _errors():
            return door.identify(self._database)

    @property
    def opened(self) -> OpenDoor:
        """The door, for `right`."""
        return self._opened

    def close(self) -> None:
        """Close the database."""
        self._database.close()


@contextmanager
def open_outbox(mailer: Path, actor: str, environ: Mapping[str, str] = os.environ, *, writes: bool = True) -> Iterator[Outbox]:
    """Open the outbox in the mailer's database. ``writes``: something will be announced, so the audit log must be ready.

    :raises ChannelsError: the settings, the database or the key of the audit log cannot be used.
    """
    with _errors():
        opened = door.open_door(mailer, environ)
    try:
        with _errors():
            if writes:
                door.require_audit(opened.database)
        yield Outbox(opened, actor)
    finally:
        opened.database.close()


def _withdrawals(stored: Sequence[StoredPost], to: Destinations, now: datetime) -> Plan:
    plans: list[Plan] = []
    for name in dict.fromkeys(post.channel for post in stored):
        post = planning.newest([each for each in stored if each.channel == name])
        if post is None or post.action == "withdraw":
            continue
        plans += [planning.withdrawal(post, each, now) for each in _of_name(to.drills, name)] if post.is_drill else []
        plans += [planning.withdrawal(post, each, now) for each in _of_name(to.live, name)] if not post.is_drill else []
    dropped = {key: why for each in plans for key, why in (each.drop or {}).items()}
    return Plan([entry for each in plans for entry in each.enter], (), dropped)


def _of_name(to: Iterable[Destination[Purpose]], name: str) -> list[Destination[Purpose]]:
    return [each for each in to if each.channel.name == name]


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except DoorError as error:
        raise ChannelsError(f"{error} / データベースが使えません") from error
