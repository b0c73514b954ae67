"""LINE Messaging API: broadcast to all friends of an official account, or narrowcast to an audience.

A repeated ``X-Line-Retry-Key`` is recognised for 24 hours: the answer is then 409 with the identifier of the request that was accepted. A post cannot
be changed or taken back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import ClassVar

from channels.adapters.http import Http, Reply, StatusRules, bearer, quoted, short_text
from channels.adapters.refusals import NoEdits
from channels.model import Answer, ChannelKind, Deferred, Post, Posted, Refused, Traits, Uncertain

TRAITS = Traits(key_life=timedelta(hours=24))
STATUSES = StatusRules(has_keys=True, broken=frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}))
BROADCAST, NARROWCAST, PROGRESS = "/v2/bot/message/broadcast", "/v2/bot/message/narrowcast", "/v2/bot/message/progress/narrowcast"
LOOKS = 3
ENDED_BADLY = {
    2: "too few recipients",
    3: "the request was accepted twice",
    4: "an audience of fewer than 50",
    5: "given up, to reach all or nobody",
}


@dataclass(repr=False)
class LineAdapter(NoEdits):
    """``audience``: the number of an audience group. ``is_silent``: phones make no sound, except for what is urgent.

    ``pause``: seconds between two looks at a narrowcast.
    """

    http: Http
    server: str
    token: str
    audience: int | None = None
    is_silent: bool = False
    pause: float = 1.0
    kind: ClassVar[ChannelKind] = ChannelKind.LINE
    traits: ClassVar[Traits] = TRAITS

    async def post(self, post: Post) -> Answer:
        """See `Adapter`. ``remote`` is the request's identifier."""
        body: dict[str, object] = {"messages": [{"type": "text", "text": post.text}]}
        if self.is_silent and not post.is_urgent:
            body["notificationDisabled"] = True
        if self.audience is not None:
            body["recipient"] = {"type": "audience", "audienceGroupId": self.audience}
        address = self.server + (BROADCAST if self.audience is None else NARROWCAST)
        reply = await self.http.send_json("POST", address, bearer(self.token) | {"X-Line-Retry-Key": str(post.key)}, body)
        if not isinstance(reply, Reply):
            return reply
        field = "X-Line-Accepted-Request-Id" if reply.status == HTTPStatus.CONFLICT else "X-Line-Request-Id"
        accepted = short_text(reply.headers.get(field, ""))
        if not (reply.is_good or reply.status == HTTPStatus.CONFLICT) or not accepted:
            return self.http.judge(reply)
        return Posted(accepted) if self.audience is None else await self._outcome(accepted)

    async def progress(self, remote: str) -> Answer:
        """Ask what became of a narrowcast, which LINE accepts before it sends. `Deferred`: it is not through yet."""
        reply = await self.http.ask("GET", f"{self.server}{PROGRESS}?requestId={quoted(remote)}", bearer(self.token))
        if not isinstance(reply, Reply):
            return reply
        return self._ended(reply, remote) or self._under_way(reply)

    async def _outcome(self, remote: str) -> Answer:
        """Some narrowcasts fail at once, such as those to too few: that is seen here. One that is still under way, or cannot be asked about, was accepted."""
        for _ in range(LOOKS):
            reply = await self.http.ask("GET", f"{self.server}{PROGRESS}?requestId={quoted(remote)}", bearer(self.token))
            answer = self._ended(reply, remote) if isinstance(reply, Reply) else None
            if answer is not None:
                return answer
            await asyncio.sleep(self.pause)
        return Posted(remote)

    def _ended(self, reply: Reply, remote: str) -> Answer | None:
        phase, code = reply.text("phase") if reply.is_good else "", reply.json().get("errorCode")
        if phase == "succeeded":
            return Posted(remote)
        if phase != "failed":
            return None
        if isinstance(code, int) and code in ENDED_BADLY:
            return Refused(f"{self.http.name}: {ENDED_BADLY[code]} / 送られませんでした")
        return Uncertain(f"{self.http.name}: LINE failed while it sent / LINE の不具合です")

    def _under_way(self, reply: Reply) -> Answer:
        if reply.is_good and reply.text("phase") in ("waiting", "sending"):
            return Deferred(f"{self.http.name}: {reply.text('phase')} / 送信の途中です")
        return self.http.judge(reply)
