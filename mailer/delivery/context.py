"""What a run is handed from outside, and who hears of its progress."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mailer.config.settings import Config, RelaySettings
from mailer.database.engine import Database
from mailer.delivery import retry
from mailer.message.dkim.keys import NO_KEYS, DkimKeys
from mailer.message.links import LinkSigner
from mailer.model.clock import Clock
from mailer.model.state import DeliveryState
from mailer.secrets import Secret


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for so many seconds, or until `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), max(0.0, seconds))
    except TimeoutError:
        return


class Progress(Protocol):
    """Is told of the progress of a run. Both calls come from the event loop and must return at once."""

    def begin(self, total: int) -> None:
        """`total` deliveries are due."""

    def step(self, state: DeliveryState) -> None:
        """One delivery has reached this state."""


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What a run needs from outside.

    `pauses` are the seconds before each further try to connect. `password` is for every relay with a user name that `passwords`
    does not name. `waits_for_relays`: relays that cannot be reached are tried for ever (`todoke work`).
    """

    config: Config
    database: Database
    signer: LinkSigner
    password: Secret | None
    clock: Clock
    pauses: tuple[float, ...] = (1.0, 5.0, 15.0)
    waits_for_relays: bool = False
    passwords: Mapping[str, Secret] | None = None
    jitter: Callable[[], float] = retry.random_jitter
    dkim: DkimKeys = NO_KEYS

    def password_for(self, relay: RelaySettings) -> Secret | None:
        """The relay's password; None if it has no user name."""
        return (self.passwords or {}).get(relay.name, self.password) if relay.username else None
