"""What goes on beside the receiver: subscriptions are asked for and renewed, and feeds that hubs named are fetched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from plugins.partners import state
from plugins.partners.http.client import RequestOptions, open_client
from plugins.partners.model.config import FeedConfig, Settings
from plugins.partners.model.errors import BusyError, PartnersError
from plugins.partners.update import Options, UpdateReport, update
from plugins.partners.websub.requests import request
from plugins.partners.websub.subscription import ANSWER_TIME, Subscription, Subscriptions, new_subscription

GAP = timedelta(minutes=5)
"""Between two fetches of one feed, however often its hub sends: a hub that runs wild must not make us burden the partner."""

ROUND = timedelta(minutes=10)
"""Between two looks for what runs out."""

BUSY_PAUSE = timedelta(seconds=30)
"""If another update is at work, for so long."""

log = logging.getLogger("todoke.websub")


@dataclass
class Service:
    """``callback`` is the public address of the receiver, without ``/websub/…``. ``random_token`` returns an unguessable text of at least 128 bits."""

    settings: Settings
    options: Options
    subscriptions: Subscriptions
    callback: str
    clock: Callable[[], datetime]
    random_token: Callable[[], str]
    on_report: Callable[[UpdateReport], None] = lambda _report: None
    _named: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    _fetched_at: dict[str, datetime] = field(default_factory=dict)
    _waiting: set[str] = field(default_factory=set)

    def notify(self, key: str) -> None:
        """Note that a hub named a feed. One that waits to be fetched already is not noted twice."""
        if key not in self._waiting:
            self._waiting.add(key)
            self._named.put_nowait(key)

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.gather(self._renew_for_ever(), self._fetch_for_ever())

    async def _renew_for_ever(self) -> None:
        while True:
            await self.renew()
            await asyncio.sleep(ROUND.total_seconds())

    async def renew(self) -> None:
        """Ask hubs for what is missing or runs out, and leave hubs that feeds do not name any more. A hub that fails is told, and asked again later."""
        states = state.load(self.options.state)
        wanted = {
            feed.key: (saved.hub, saved.topic)
            for feed in self.settings.feeds
            if (saved := states.get(feed.key)) and saved.hub and saved.topic
        }
        now = self.clock()
        for old in list(self.subscriptions.by_token.values()):
            if (old.hub, old.topic) != wanted.get(old.key) and old.status != "leaving":
                await self._ask(replace(old, status="leaving", asked_at=now), "unsubscribe")
            elif old.status == "leaving" and now - old.asked_at > ANSWER_TIME:
                self.subscriptions.drop(old.token)
        for key, (hub, topic) in wanted.items():
            current = next((each for each in self.subscriptions.of_feed(key) if (each.hub, each.topic) == (hub, topic)), None)
            if current is None:
                await self._ask(new_subscription(key, str(hub), str(topic), now, self.random_token), "subscribe")
            elif current.status != "leaving" and current.is_due(now):
                await self._ask(replace(current, asked_at=now, status="active" if current.status == "active" else "asked"), "subscribe")

    async def _ask(self, subscription: Subscription, mode: Literal["subscribe", "unsubscribe"]) -> None:
        """Ask one hub. The subscription is written before: a hub may verify it before it answers."""
        self.subscriptions.put(subscription)
        address = f"{self.callback.rstrip('/')}/websub/{subscription.token}"
        options = self.options
        try:
            async with open_client(
                RequestOptions(self.settings.contact, proxy=options.proxy), options.rules, options.limits, options.resolver
            ) as client:
                await request(client, subscription, address, mode, options.rules, options.limits)
        except PartnersError as error:
            log.warning("%s", error, extra={"feed": subscription.key})

    async def _fetch_for_ever(self) -> None:
        while True:
            key = await self._named.get()
            left = self._pause(key)
            if left > timedelta(0):
                await asyncio.sleep(left.total_seconds())
            self._waiting.discard(key)
            if not await self.fetch(key):
                self.notify(key)
                await asyncio.sleep(BUSY_PAUSE.total_seconds())

    def _pause(self, key: str) -> timedelta:
        last = self._fetched_at.get(key)
        return timedelta(0) if last is None else max(timedelta(0), min(GAP, last + GAP - self.clock()))

    async def fetch(self, key: str) -> bool:
        """Import one feed, as ``todoke feeds update --force KEY`` does. False if another update is at work, so that it has to be tried again."""
        feeds: Sequence[FeedConfig] = [feed for feed in self.settings.feeds if feed.key == key]
        now = self.clock()
        try:
            report = await update(feeds, self.settings, replace(self.options, now=now, force=True))
        except BusyError:
            return False
        except (PartnersError, OSError) as error:
            log.warning("%s", error, extra={"feed": key})
            return True
        self._fetched_at[key] = now
        self.on_report(report)
        return True


def subscriptions_path(state_path: Path) -> Path:
    """Return where the subscriptions are kept: beside the state of feeds, in a folder that only its owner may open."""
    return state_path.parent / "websub" / "subscriptions.json"
