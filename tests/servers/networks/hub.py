"""A WebSub hub: a publisher's ping makes it fetch a feed again."""

from __future__ import annotations

from aiohttp import web

from tests.servers.networks.trouble import FakeNetwork


class FakeHub(FakeNetwork):
    """``fetches``: how often it was told to fetch each feed. What its subscribers get is the feed's newest state, however often."""

    def __init__(self, feeds: tuple[str, ...]) -> None:
        super().__init__()
        self.feeds = feeds
        self.fetches: dict[str, int] = {}

    def publishes(self, request: web.Request) -> bool:
        return True

    def published(self) -> list[str]:
        return [*self.fetches]

    def error(self, status: int, words: str) -> web.Response:
        return web.Response(status=status, text=words)

    async def answer(self, request: web.Request) -> web.Response:
        form = await request.post()
        feed = str(form.get("hub.url"))
        if form.get("hub.mode") != "publish" or feed not in self.feeds:
            return self.error(400, "hub.url is not a topic of this hub")
        self.fetches[feed] = self.fetches.get(feed, 0) + 1
        return web.Response(status=204)
