"""Mastodon's API, version 4: posts with pictures, languages and visibility, which can be changed and taken down.

A repeated ``Idempotency-Key`` gives the first post again; the server keeps keys for an hour.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, ClassVar

import aiohttp

from channels.adapters.http import Http, Reply, StatusRules, bearer, quoted, unsent
from channels.adapters.pictures import leave_out, read_picture
from channels.adapters.refusals import NoEdits
from channels.model import Answer, ChannelKind, Deferred, Picture, Post, Posted, Refused, Traits

TRAITS = Traits(key_life=timedelta(hours=1), can_edit=True, can_delete=True, can_answer=True, max_pictures=4)
STATUSES = StatusRules(has_keys=True, broken=frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}), reset="X-RateLimit-Reset")
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
LARGEST = 16 * 1024 * 1024
LONGEST_ALTERNATIVE = 1500
TRIES = 10
"""How often a picture is asked for that the server is still working on."""


@dataclass(repr=False)
class MastodonAdapter(NoEdits):
    """``visibility``: of every post. ``pause``: seconds between two questions whether a picture is ready."""

    http: Http
    server: str
    token: str
    visibility: str = "public"
    pause: float = 1.0
    kind: ClassVar[ChannelKind] = ChannelKind.MASTODON
    traits: ClassVar[Traits] = TRAITS

    async def post(self, post: Post) -> Answer:
        """See `Adapter`."""
        body = await self._body(post)
        if not isinstance(body, dict):
            return body
        body |= {"visibility": self.visibility} | ({"in_reply_to_id": post.in_reply_to} if post.in_reply_to else {})
        key = {"Idempotency-Key": str(post.key)}
        return self._posted(await self.http.send_json("POST", f"{self.server}/api/v1/statuses", bearer(self.token) | key, body))

    async def edit(self, remote: str, post: Post) -> Answer:
        """See `Adapter`. Pictures are sent again: a change without them would take them away."""
        body = await self._body(post)
        if not isinstance(body, dict):
            return body
        return self._posted(await self.http.send_json("PUT", f"{self.server}/api/v1/statuses/{quoted(remote)}", bearer(self.token), body))

    async def delete(self, remote: str) -> Answer:
        """See `Adapter`."""
        reply = await self.http.ask("DELETE", f"{self.server}/api/v1/statuses/{quoted(remote)}", bearer(self.token))
        if not isinstance(reply, Reply):
            return reply
        return Posted(remote) if reply.is_good or reply.status in GONE else self.http.judge(reply)

    def _posted(self, reply: Reply | Answer) -> Answer:
        if not isinstance(reply, Reply):
            return reply
        remote = reply.text("id")
        return Posted(remote, reply.address("url")) if reply.is_good and remote else self.http.judge(reply)

    async def _body(self, post: Post) -> dict[str, Any] | Deferred | Refused:
        media: list[str] = []
        for picture in post.pictures[: self.traits.max_pictures]:
            number = await self._upload(picture)
            if isinstance(number, Refused) and not number.is_channel_broken:
                leave_out(picture, number)
            elif isinstance(number, str):
                media.append(number)
            else:
                return number
        return {"status": post.text, "language": post.language, "media_ids": media}

    async def _upload(self, picture: Picture) -> str | Deferred | Refused:
        """Return the number of a picture that the server has ready (200; 202 and 206: it still works on it)."""
        content = await read_picture(picture, LARGEST, self.name)
        if isinstance(content, Refused):
            return content
        form = aiohttp.FormData()
        form.add_field("file", content, filename=picture.path.name, content_type=picture.media_type)
        form.add_field("description", picture.alternative[:LONGEST_ALTERNATIVE])
        reply = await self.http.ask("POST", f"{self.server}/api/v2/media", bearer(self.token), form)
        tries = TRIES
        while isinstance(reply, Reply) and (number := reply.text("id")) and reply.is_good:
            if reply.status == HTTPStatus.OK:
                return number
            if not tries:
                return Deferred(f"{self.name}: a picture is not ready yet / 画像の処理が終わりません")
            await asyncio.sleep(self.pause)
            tries -= 1
            reply = await self.http.ask("GET", f"{self.server}/api/v1/media/{quoted(number)}", bearer(self.token))
        return unsent(self.http.judge(reply) if isinstance(reply, Reply) else reply)
