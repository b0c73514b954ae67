"""The browsers that want to be told by Web Push, out of the mailer's database. Keeps the protocol of `channels.adapters.web_push`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailer.database.engine import Database
from mailer.database.push import push_subscriptions
from mailer.database.push.push_subscriptions import PushSubscription

count_browsers = push_subscriptions.count


@dataclass(frozen=True, slots=True)
class StoredSubscriptions:
    """Those in one database. Each question has a thread: the database may wait for a lock."""

    database: Database
    clock: Callable[[], datetime]

    async def waiting(self, server_key: str, key: UUID, after: int, most: int) -> Sequence[PushSubscription]:
        """See `Subscriptions`."""
        return await asyncio.to_thread(push_subscriptions.waiting, self.database, server_key, str(key), after, most)

    async def note(self, key: UUID, done: Collection[int], gone: Collection[int], failed: Collection[int]) -> None:
        """See `Subscriptions`."""
        await asyncio.to_thread(push_subscriptions.note, self.database, str(key), done, gone, failed, self.clock())

    async def has_arrived(self, key: UUID) -> bool:
        """See `Subscriptions`."""
        return await asyncio.to_thread(push_subscriptions.has_arrived, self.database, str(key))
