"""Bluesky (AT Protocol): posts are records of the account's repository, and the name of a record is ours to choose.

So the key of a post becomes its record key, and ``putRecord`` with the same name twice is one record. Whoever shows posts does not show changes of
them: a post can be taken down, not edited. Links are facets, which count bytes of UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from channels.adapters.http import Http, Reply, Sent, StatusRules, bearer, json_bytes, short_text, unsent
from channels.adapters.pictures import leave_out, read_picture
from channels.adapters.refusals import NoEdits
from channels.model import Answer, ChannelKind, Deferred, Link, Picture, Post, Posted, Refused, Traits

TRAITS = Traits(key_life=timedelta(days=365), can_delete=True, can_answer=True, max_pictures=4)
STATUSES = StatusRules(has_keys=True, reset="RateLimit-Reset")
COLLECTION = "app.bsky.feed.post"
LARGEST = 1_000_000
"""Bytes of a picture (lexicons app.bsky.embed.images and app.bsky.embed.external)."""
SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
"""The digits of base32-sortable (AT Protocol, "Timestamp Identifiers")."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ADDRESS = re.compile(r"https?://[\w!#$%&'()*+,\-./:;=?@\[\]~]+", re.ASCII)
OUTDATED = frozenset({"ExpiredToken", "InvalidToken"})


@dataclass(repr=False)
class _Session:
    token: str
    account: str


@dataclass(repr=False)
class BlueskyAdapter(NoEdits):
    """``handle``: the account's name. ``password``: an app password of it."""

    http: Http
    server: str
    handle: str
    password: str
    kind: ClassVar[ChannelKind] = ChannelKind.BLUESKY
    traits: ClassVar[Traits] = TRAITS
    _session: _Session | None = field(default=None, repr=False)

    async def post(self, post: Post) -> Answer:
        """See `Adapter`. ``remote`` is the record's AT URI."""
        embed = await self._embed(post)
        if not isinstance(embed, dict):
            return embed
        reply_to = await self._reply_to(post.in_reply_to) if post.in_reply_to else {}
        if not isinstance(reply_to, dict):
            return reply_to
        record = record_of(post) | embed | reply_to
        reply = await self._call("com.atproto.repo.putRecord", {"collection": COLLECTION, "rkey": record_key(post), "record": record})
        if not isinstance(reply, Reply):
            return reply
        remote = reply.text("uri")
        return Posted(remote, self._page(remote)) if reply.is_good and remote else self.http.judge(reply)

    async def delete(self, remote: str) -> Answer:
        """See `Adapter`. The server answers the same where there is no such record."""
        reply = await self._call("com.atproto.repo.deleteRecord", {"collection": COLLECTION, "rkey": remote.rpartition("/")[2]})
        if not isinstance(reply, Reply):
            return reply
        return Posted(remote) if reply.is_good else self.http.judge(reply)

    def _page(self, remote: str) -> str:
        return f"https://bsky.app/profile/{self.handle}/post/{remote.rpartition('/')[2]}"

    async def _embed(self, post: Post) -> dict[str, Any] | Deferred | Refused:
        """A card of the link, with the first picture in it; several pictures instead, since only they may have alternatives. The text has the address."""
        blobs: list[tuple[Picture, dict[str, Any]]] = []
        for picture in post.pictures[: self.traits.max_pictures]:
            blob = await self._upload(picture)
            if isinstance(blob, dict):
                blobs.append((picture, blob))
            elif isinstance(blob, Refused) and not blob.is_channel_broken:
                leave_out(picture, blob)
            else:
                return blob
        if post.link is not None and len(blobs) < 2:
            return _card(post.link, *blobs)
        images = [{"image": blob, "alt": picture.alternative} for picture, blob in blobs]
        return {"embed": {"$type": "app.bsky.embed.images", "images": images}} if images else {}

    async def _upload(self, picture: Picture) -> dict[str, Any] | Deferred | Refused:
        content = await read_picture(picture, LARGEST, self.name)
        if isinstance(content, Refused):
            return content
        reply = await self._call("com.atproto.repo.uploadBlob", content, picture.media_type)
        blob = reply.json().get("blob") if isinstance(reply, Reply) and reply.is_good else None
        return blob if isinstance(blob, dict) else unsent(self.http.judge(reply) if isinstance(reply, Reply) else reply)

    async def _reply_to(self, remote: str) -> dict[str, Any] | Deferred | Refused:
        """The post that is answered, and the first of its thread. A post that is gone is answered by one that stands alone."""
        account, _, key = remote.removeprefix("at://").partition(f"/{COLLECTION}/")
        query = urlencode({"repo": account, "collection": COLLECTION, "rkey": key})
        reply = await self.http.ask("GET", f"{self.server}/xrpc/com.atproto.repo.getRecord?{query}")
        if not isinstance(reply, Reply):
            return unsent(reply)
        parent = {"uri": reply.text("uri"), "cid": reply.text("cid")}
        if not reply.is_good or not all(parent.values()):
            return {} if reply.status in (400, 404) else unsent(self.http.judge(reply))
        value = reply.json().get("value")
        thread = value.get("reply") if isinstance(value, dict) else None
        root = thread.get("root") if isinstance(thread, dict) else None
        first = {name: short_text(root.get(name)) for name in parent} if isinstance(root, dict) else parent
        return {"reply": {"parent": parent, "root": first if all(first.values()) else parent}}

    async def _call(self, method: str, body: dict[str, Any] | bytes, media_type: str = "application/json") -> Sent:
        """Call a method with the account's session; one that has ended is begun anew, once."""
        for is_last in (False, True):
            session = self._session or await self._begin()
            if not isinstance(session, _Session):
                return session
            data = body if isinstance(body, bytes) else json_bytes({"repo": session.account} | body)
            headers = bearer(session.token) | {"Content-Type": media_type}
            reply = await self.http.ask("POST", f"{self.server}/xrpc/{method}", headers, data)
            is_outdated = isinstance(reply, Reply) and (reply.status == HTTPStatus.UNAUTHORIZED or reply.text("error") in OUTDATED)
            if not is_outdated:
                break
            self._session = None
            if is_last:
                break
        return reply

    async def _begin(self) -> _Session | Deferred | Refused:
        """A session lasts some hours. The server allows 300 a day, so one is kept for as long as it works."""
        names = {"identifier": self.handle, "password": self.password}
        reply = await self.http.send_json("POST", f"{self.server}/xrpc/com.atproto.server.createSession", None, names)
        if not isinstance(reply, Reply):
            return unsent(reply)
        token, account = _token(reply), reply.text("did")
        if not (reply.is_good and token and account):
            return unsent(self.http.judge(reply))
        self._session = _Session(token, account)
        return self._session


def record_of(post: Post) -> dict[str, Any]:
    """Return the record of a post, without what is embedded."""
    created = post.created.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    record: dict[str, Any] = {"$type": COLLECTION, "text": post.text, "createdAt": created, "langs": [post.language]}
    facets = [_facet(post.text, start, end) for start, end in _links(post.text, post.link)]
    return record | ({"facets": facets} if facets else {})


def record_key(post: Post) -> str:
    """Return a valid timestamp identifier (TID) that is the same at every try: the second of the record, and 30 bits of the key in place of
    microseconds and clock identifier.
    """
    return timestamp_identifier(post.created, post.key)


def timestamp_identifier(created: datetime, key: UUID) -> str:
    """Return 64 bits in 13 digits: a 0, 53 bits of microseconds since 1970, 10 bits of the clock's identifier."""
    seconds = max(0, (created - EPOCH) // timedelta(seconds=1))
    bits = (seconds * 1_000_000 + (key.int >> 10) % 1_000_000) << 10 | key.int & 0x3FF
    return "".join(SORTABLE[bits >> shift & 31] for shift in range(60, -5, -5))


def _links(text: str, link: Link | None) -> Iterator[tuple[int, int]]:
    """Where the addresses stand in a text. The link's own may have characters that end any other."""
    own = text.rfind(link.address) if link is not None else -1
    if link is not None and own >= 0:
        yield own, own + len(link.address)
    for match in ADDRESS.finditer(text):
        end = match.start() + len(match[0].rstrip(".,;:!?'()[]"))
        if link is None or own < 0 or end <= own or match.start() >= own + len(link.address):
            yield match.start(), end


def _facet(text: str, start: int, end: int) -> dict[str, Any]:
    first = len(text[:start].encode())
    return {
        "index": {"byteStart": first, "byteEnd": first + len(text[start:end].encode())},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": text[start:end]}],
    }


def _card(link: Link, *blobs: tuple[Picture, dict[str, Any]]) -> dict[str, Any]:
    external: dict[str, Any] = {"uri": link.address, "title": link.title, "description": link.description}
    for picture, blob in blobs:  # a card's picture has no alternative of its own
        external |= {"thumb": blob, "description": link.description or picture.alternative}
    return {"embed": {"$type": "app.bsky.embed.external", "external": external}}


def _token(reply: Reply) -> str:
    token = reply.json().get("accessJwt")
    return token if isinstance(token, str) and len(token) < 4000 and token.isascii() and token.isprintable() else ""
