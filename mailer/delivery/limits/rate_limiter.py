"""Rates: tokens are drawn from a bucket in the database, which all processes share, and are used up here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mailer.database.deliveries import limits
from mailer.database.deliveries.limits import TokenBucket
from mailer.database.engine import Database
from mailer.delivery.recorder import Recorder

MakeLimiter = Callable[[str, float], "RateLimiter"]
"""Makes the limiter for messages a second that all processes share under a key. Rate 0: no limit."""

DrawTokens = Callable[[int], Awaitable[tuple[int, float]]]
"""Takes how many tokens are wanted; returns how many there are, and in how many seconds there is another one."""


@dataclass(slots=True)
class RateLimiter:
    """Tokens that this process has drawn and not used. `rate` is in messages a second. Without `draw` there is no limit."""

    rate: float
    draw: DrawTokens | None
    tokens: int = 0

    def allows(self) -> bool:
        """Whether a message may leave now."""
        return self.draw is None or self.tokens > 0

    def use(self) -> None:
        """One message leaves."""
        self.tokens -= self.draw is not None

    async def fill(self) -> float:
        """Draw what the next second needs. Seconds to wait before the next try; 0 if a message may leave now."""
        if self.draw is None or self.tokens > 0:
            return 0.0
        granted, seconds = await self.draw(max(1, int(self.rate)))
        self.tokens += granted
        return 0.0 if granted else min(seconds, 1.0)  # at most a second: a run that is stopped should not wait for a slow rate


def shared_limiters(database: Database, recorder: Recorder) -> MakeLimiter:
    """Limiters whose buckets are in the database."""

    def make(key: str, rate: float) -> RateLimiter:
        if not rate:
            return RateLimiter(rate, None)
        bucket = TokenBucket(key, rate, max(1.0, rate))

        async def draw(amount: int) -> tuple[int, float]:
            return await recorder.ask(limits.take_tokens, database, bucket, amount)

        return RateLimiter(rate, draw)

    return make
