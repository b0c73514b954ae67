"""A post, what its network answered, and what every adapter owes. Frozen, pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from uuid import UUID


class ChannelKind(StrEnum):
    """The network behind a channel, as ``channels.toml`` writes it."""

    LINE = "line"
    MASTODON = "mastodon"
    BLUESKY = "bluesky"
    X = "x"
    WEBHOOK = "webhook"
    WEB_PUSH = "web-push"
    WEBSUB = "websub"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a post: a file of the built site."""

    path: Path
    media_type: str
    alternative: str


@dataclass(frozen=True, slots=True)
class Link:
    """The page that a post leads to. Its address stands at the end of the post's text too."""

    address: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One part of an announcement as one channel gets it.

    ``key`` is a UUID version 5 (RFC 9562 section 5.5) of record, channel and part: the same at every try. ``text`` fits the
    network's limit. ``created`` is the record's own moment, so that whatever is derived from it is the same at every try.
    ``language`` is a BCP 47 tag. ``in_reply_to`` is the network's identifier of the post that this one corrects.
    """

    key: UUID
    text: str
    language: str
    created: datetime
    link: Link | None = None
    pictures: tuple[Picture, ...] = ()
    is_urgent: bool = False
    in_reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """The network has it. ``remote`` is the network's identifier, ``address`` where people see it, where there is such a page."""

    remote: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The network does not have it, and may take it later. ``wait`` is what the network asks for, e.g. ``Retry-After``."""

    reason: str
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The network does not have it, and will not take it as it is. ``is_channel_broken``: nor any other (a key that is no longer valid)."""

    reason: str
    is_channel_broken: bool = False


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The request left, and no answer says what became of it."""

    reason: str


Answer = Posted | Deferred | Refused | Uncertain


@dataclass(frozen=True, slots=True)
class Traits:
    """What a network can do.

    ``key_life``: for how long it recognises a repeated key, so that an uncertain post may be tried again; None: it has no keys, and
    an uncertain one is looked for (`Adapter.search`) or left to a person. ``yen``: what one post costs, and one with a link.
    """

    key_life: timedelta | None
    can_search: bool = False
    can_edit: bool = False
    can_delete: bool = False
    can_answer: bool = False
    max_pictures: int = 0
    yen: float = 0.0
    yen_with_link: float = field(default=0.0)


class Adapter(Protocol):
    """One channel of one network. No method raises for what a network does: it is an `Answer`.

    Nothing outside the adapter bounds its requests: each has its own deadline, and reads no more of an answer than it needs.
    ``tests/channels/adapters/test_contract.py`` must pass for every implementation.
    """

    @property
    def name(self) -> str:
        """The channel's name."""

    @property
    def kind(self) -> ChannelKind:
        """The network behind it."""

    @property
    def traits(self) -> Traits:
        """What the network can do."""

    async def post(self, post: Post) -> Answer:
        """Put a post on the network. A repeated key within `Traits.key_life` is `Posted` with the same identifier."""

    async def search(self, post: Post) -> Posted | Uncertain | None:
        """Whether the network has this post already. Only where `Traits.can_search`."""

    async def edit(self, remote: str, post: Post) -> Answer:
        """Put another text in place of a post. Only where `Traits.can_edit`."""

    async def delete(self, remote: str) -> Answer:
        """Take a post down; one that is gone already is `Posted`. Only where `Traits.can_delete`."""

    async def close(self) -> None:
        """Give up connections."""
