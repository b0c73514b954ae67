"""A network of its own kind on loopback, in a thread: it knows keys of posts, or does not, and takes a post before or after it goes wrong. With its adapter."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

import aiohttp
from aiohttp import web

from channels.model import Answer, ChannelKind, Deferred, Post, Posted, Refused, Traits, Uncertain
from tests.servers.thread import ServerThread


class Behaviour(StrEnum):
    """What the network does with one request that posts."""

    TAKE = "take"
    TAKE_AND_DROP = "take and drop"
    TAKE_AND_HANG = "take and hang"
    DROP = "drop"
    DRIP = "drip"
    BUSY = "busy"
    REFUSE = "refuse"
    BROKEN_KEY = "broken key"


@dataclass
class Seen:
    """One post that people see."""

    remote: str
    key: str
    text: str
    answers: str | None


@dataclass
class SimpleNetwork(ServerThread):
    """``behave`` says what happens to the next request. ``seen`` are the posts that people see; ``calls`` counts requests by their path; ``wait``: seconds that a busy one asks for."""

    has_keys: bool = True
    behave: Callable[[], Behaviour] = lambda: Behaviour.TAKE
    seen: list[Seen] = field(default_factory=list)
    wait: int = 7
    calls: list[str] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def texts(self) -> list[str]:
        """What people read, in its order."""
        return [each.text for each in self.seen]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_post("/posts", self._post)
        app.router.add_get("/posts/{key}", self._look)
        app.router.add_put("/posts/{remote}", self._edit)
        app.router.add_delete("/posts/{remote}", self._delete)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _post(self, request: web.Request) -> web.StreamResponse:
        record, behaviour = json.loads(await request.read()), self.behave()
        self.calls.append("post")
        status = {Behaviour.BUSY: 429, Behaviour.REFUSE: 422, Behaviour.BROKEN_KEY: 401}.get(behaviour)
        if status:
            return web.json_response({}, status=status, headers={"Retry-After": str(self.wait)} if status == 429 else None)
        taken = self._take(record) if behaviour in (Behaviour.TAKE, Behaviour.TAKE_AND_DROP, Behaviour.TAKE_AND_HANG) else None
        self.arrived.set()
        if behaviour is Behaviour.TAKE_AND_HANG:
            await asyncio.sleep(3600)
        if behaviour is Behaviour.DRIP:
            return await self._drip(request)
        if behaviour in (Behaviour.DROP, Behaviour.TAKE_AND_DROP):
            assert request.transport
            request.transport.abort()
        return web.json_response({"remote": taken})

    def _take(self, record: dict[str, str]) -> str:
        if self.has_keys and (before := [each for each in self.seen if each.key == record["key"]]):
            return before[0].remote
        self.seen.append(Seen(str(len(self.calls)), record["key"], record["text"], record["answers"]))
        return self.seen[-1].remote

    async def _drip(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.05)

    async def _look(self, request: web.Request) -> web.Response:
        self.calls.append("look")
        there = [each.remote for each in self.seen if each.key == request.match_info["key"]]
        return web.json_response({"remote": there[0]} if there else {}, status=200 if there else 404)

    async def _edit(self, request: web.Request) -> web.Response:
        self.calls.append("edit")
        for each in self.seen:
            if each.remote == request.match_info["remote"]:
                each.text = json.loads(await request.read())["text"]
        return web.json_response({})

    async def _delete(self, request: web.Request) -> web.Response:
        self.calls.append("delete")
        self.seen = [each for each in self.seen if each.remote != request.match_info["remote"]]
        return web.json_response({})


@dataclass
class SimpleAdapter:
    """The adapter of that network. ``deadline`` in seconds bounds each request."""

    name: str
    url: str
    traits: Traits = Traits(key_life=timedelta(hours=1), can_answer=True)  # noqa: RUF009 - it is frozen
    deadline: float = 10.0
    kind: ChannelKind = ChannelKind.MASTODON

    async def post(self, post: Post) -> Answer:
        """Put a post on the network."""
        return await self._ask("POST", "", {"key": str(post.key), "text": post.text, "answers": post.in_reply_to})

    async def search(self, post: Post) -> Posted | Uncertain | None:
        """Whether it is there."""
        answer = await self._ask("GET", f"/{post.key}")
        if isinstance(answer, Posted | Uncertain):
            return answer
        return None

    async def edit(self, remote: str, post: Post) -> Answer:
        """Put another text in its place."""
        answer = await self._ask("PUT", f"/{remote}", {"text": post.text})
        return Posted(remote) if isinstance(answer, Posted) else answer

    async def delete(self, remote: str) -> Answer:
        """Take it down."""
        return await self._ask("DELETE", f"/{remote}")

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _ask(self, method: str, path: str, body: dict[str, str | None] | None = None) -> Answer:
        try:
            async with (
                asyncio.timeout(self.deadline),
                aiohttp.ClientSession() as session,
                session.request(method, f"{self.url}/posts{path}", data=json.dumps(body)) as response,
            ):
                if response.status == 429:
                    return Deferred("too many", timedelta(seconds=int(response.headers["Retry-After"])))
                if response.status >= 400:
                    return Refused(f"status {response.status}", is_channel_broken=response.status == 401)
                return Posted(str((await response.json()).get("remote", "")))
        except aiohttp.ClientConnectorError as error:
            return Deferred(f"nobody answers: {error}")
        except (aiohttp.ClientError, TimeoutError) as error:
            return Uncertain(f"{type(error).__name__} {error}")
