"""What is remembered of each subscription until it ends, and the file that holds it. The file has secrets: only its owner may read it, and Git never sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from plugins.files import write_atomically

SCHEMA = 1

LEASE = timedelta(days=10)
"""Asked for. The hub decides (section 5.1, ``hub.lease_seconds``)."""

LONGEST_LEASE = timedelta(days=90)
SHORTEST_LEASE = timedelta(hours=1)
"""A lease outside of these is cut: a mistake of a hub must not make us ask every minute, or never again."""

RENEWAL = 0.8
"""Part of a lease after which it is renewed."""

ANSWER_TIME = timedelta(hours=6)
"""For so long a hub may verify what we asked for; then it is asked again."""

Status = Literal["asked", "active", "denied", "leaving"]


@dataclass(frozen=True)
class Subscription:
    """One feed at one hub. ``token`` is the unguessable end of the callback's address, ``secret`` signs the hub's messages ('' at a hub without TLS).

    ``asked_at``: when the hub was last asked. ``lease_until``: when an active subscription runs out. ``reason``: why the hub denied it.
    """

    key: str
    hub: str
    topic: str
    token: str
    secret: str
    status: Status
    asked_at: datetime
    lease_from: datetime | None = None
    lease_until: datetime | None = None
    reason: str = ""

    def verified(self, lease_seconds: str, now: datetime) -> Subscription:
        """Return the subscription after the hub verified it (section 5.3)."""
        lease = (
            timedelta(seconds=int(lease_seconds))
            if lease_seconds.isascii() and lease_seconds.isdecimal() and len(lease_seconds) < 10
            else LEASE
        )
        return replace(self, status="active", lease_from=now, lease_until=now + min(max(lease, SHORTEST_LEASE), LONGEST_LEASE), reason="")

    def is_due(self, now: datetime) -> bool:
        """Tell whether the hub has to be asked (again): it did not answer, or most of the lease is over. A denial is asked about once in a lease."""
        if self.status == "active" and self.lease_from and self.lease_until:
            renewal = self.lease_from + (self.lease_until - self.lease_from) * RENEWAL
            return now >= renewal and now - self.asked_at >= min(ANSWER_TIME, self.lease_until - renewal)
        return now - self.asked_at >= (LEASE if self.status == "denied" else ANSWER_TIME)


@dataclass
class Subscriptions:
    """All subscriptions, by token. Each change is written at once."""

    path: Path
    by_token: dict[str, Subscription]

    @classmethod
    def load(cls, path: Path) -> Subscriptions:
        """Read the file. A missing or broken one gives none: hubs are asked anew, and the old subscriptions run out."""
        try:
            document = json.loads(path.read_text("utf-8"))
            rows = [_from_json(row) for row in document["subscriptions"]] if document["schema"] == SCHEMA else []
        except (OSError, ValueError, KeyError, TypeError):
            rows = []
        return cls(path, {row.token: row for row in rows})

    def of_feed(self, key: str) -> list[Subscription]:
        return [each for each in self.by_token.values() if each.key == key]

    def put(self, subscription: Subscription) -> None:
        """Add or replace one."""
        self.by_token[subscription.token] = subscription
        self._save()

    def drop(self, token: str) -> None:
        """Forget one. Its address answers 410 from now on."""
        if self.by_token.pop(token, None):
            self._save()

    def _save(self) -> None:
        rows = [_to_json(each) for each in sorted(self.by_token.values(), key=lambda each: (each.key, each.token))]
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the temporary file of write_atomically is in this folder, too
        self.path.touch(mode=0o600)
        write_atomically(self.path, f"{json.dumps({'schema': SCHEMA, 'subscriptions': rows}, indent=2)}\n".encode())


def new_subscription(key: str, hub: str, topic: str, now: datetime, random_token: Callable[[], str]) -> Subscription:
    """Return a subscription to ask for. A secret goes only to a hub with TLS, since it is sent in the request (section 5.1)."""
    return Subscription(key, hub, topic, random_token(), random_token() if hub.startswith("https://") else "", "asked", now)


def _to_json(subscription: Subscription) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(subscription).items()}


def _from_json(row: Mapping[str, str | None]) -> Subscription:
    moments = {name: datetime.fromisoformat(value) if (value := row[name]) else None for name in ("asked_at", "lease_from", "lease_until")}
    if moments["asked_at"] is None or any(moment and moment.tzinfo is None for moment in moments.values()):
        raise ValueError("no moment")
    return Subscription(**{**row, **moments})  # type: ignore[arg-type]
