"""Lanes: what goes to one group of recipient domains, with its own connections, rate and rests; emergency first.

A 421 or 454 lets the recipient's domain rest, doubling each time, while the rest of the list goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

DrawTokens = Callable[[int], Awaitable[tuple[int, float]]]  # how many tokens are wanted → how many there are, seconds to the next


@dataclass(slots=True)
class RateLimiter:
    """Tokens that this process has drawn and not used. Without `draw` there is no limit."""

    rate: float
    draw: DrawTokens | None
    tokens: int = 0
    not_before: float = 0.0

    def allows(self) -> bool:
        """Whether a message may leave now."""
        return self.draw is None or self.tokens > 0

    def use(self) -> None:
        """One message leaves."""
        self.tokens -= self.draw is not None

    async def fill(self) -> float:
        """Draw what the next second needs. Seconds to wait before the next try, 0 if there is something."""
        if self.draw is None or self.tokens > 0:
            return 0.0
        granted, seconds = await self.draw(max(1, int(self.rate)))
        self.tokens += granted
        return 0.0 if granted else min(seconds, 1.0)
