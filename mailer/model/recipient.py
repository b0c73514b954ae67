"""Whom a message is for. Named tuples, not dataclasses: one is made for every message, and a tuple is made in a third of the time."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from mailer.model.ids import SubscriberId


class ClaimedRow(NamedTuple):
    """A claimed delivery. `attempts` counts the tries so far; `is_light`: the reader asked for the light form; `token_version` is that of the links."""

    subscriber_id: SubscriberId
    address: str
    name: str
    attempts: int
    first_tried: datetime | None
    is_light: bool = False
    token_version: int = 0


class Recipient(NamedTuple):
    """One subscriber. `name` may be empty; `token_version` is that of the subscriber's links."""

    subscriber_id: SubscriberId
    address: str
    name: str = ""
    token_version: int = 0


class Addressee(Protocol):
    """What a message needs to know of its recipient: a `Recipient`, or a row of the ledger."""

    @property
    def subscriber_id(self) -> SubscriberId:
        """The id in the table `subscriber`."""

    @property
    def address(self) -> str:
        """As `addresses.parse` returns it."""

    @property
    def name(self) -> str:
        """May be empty."""

    @property
    def token_version(self) -> int:
        """The version of the links that open something now (`database.schema.subscriber`)."""


class Envelope(NamedTuple):
    """RFC 5321 section 2.3.1: the return path and one recipient. There is no place for a second, so no reader sees another's address."""

    return_path: str
    recipient: str
