"""A test's steps with a network and its adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from channels.adapters.web_push import WebPushAdapter
from channels.model import Adapter, Picture
from tests.servers.networks.cases import WEB_PUSH, Case
from tests.servers.networks.push_service import FakePushService, Notebook

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c489".replace(" ", ""))


def play(case: Case, steps: Callable[[Any, Any], Awaitable[None]], secret: str | None = None) -> None:
    """Run ``steps`` with the fake network of a case and an adapter for it."""

    async def run() -> None:
        async with case.fake() as fake:
            adapter: Adapter = case.open(fake, secret=secret)
            try:
                await steps(fake, adapter)
            finally:
                await adapter.close()

    asyncio.run(run())


def picture(folder: Path, alternative: str, size: int = 100) -> Picture:
    """Return a picture of ``size`` bytes."""
    path = folder / f"{alternative[:3]}.png"
    path.write_bytes(PNG.ljust(size, b"\0"))
    return Picture(path, "image/png", alternative)


def play_push(steps: Callable[[FakePushService, WebPushAdapter, Notebook], Awaitable[None]], count: int = 3) -> None:
    """Run ``steps`` with a push service, so many of its browsers, and the adapter."""

    async def with_browsers(service: FakePushService, adapter: WebPushAdapter) -> None:
        book = Notebook(service.subscribe(count))
        adapter.subscriptions = book
        await steps(service, adapter, book)

    play(WEB_PUSH, with_browsers)
