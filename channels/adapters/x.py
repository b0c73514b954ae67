"""X, version 2 of its API. It has no keys for requests, so a post that may be there is looked for before it is repeated.

X refuses a post with the text of an earlier one (403); then the earlier one is looked for too. Posts with a link cost ten times as much: the settings
say what.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from oauthlib.oauth1 import Client

from channels.adapters.http import Http, Reply, Sent, StatusRules, bearer, json_bytes, quoted, short_text, unsent
from channels.adapters.pictures import leave_out, read_picture
from channels.adapters.refusals import NoEdits
from channels.model import Answer, ChannelKind, Deferred, Picture, Post, Posted, Refused, Traits, Uncertain

STATUSES = StatusRules(has_keys=False, broken=frozenset({401, 402}), reset="x-rate-limit-reset")
"""402: the credits are used up."""
NO_PERMISSION = ("client-forbidden", "oauth1-permissions", "unsupported-authentication", "suspended")
"""Of the problems behind a 403, those that are the app's or the account's and no post's."""
LARGEST = 5 * 1024 * 1024
LONGEST_ALTERNATIVE = 1000
LATEST = 100
"""Posts of the account that are looked through: as many as one page has."""


@dataclass(frozen=True, slots=True, repr=False)
class XKeys:
    """An access token of OAuth 2.0, or API key, API key secret, access token and access token secret (OAuth 1.0a, RFC 5849), which do not expire."""

    words: tuple[str, ...]

    def authorize(self, method: str, address: str) -> dict[str, str]:
        """Return the header field that authorizes a request. JSON bodies are not signed (RFC 5849 section 3.4.1.3.1)."""
        if len(self.words) == 1:
            return bearer(self.words[0])
        key, secret, token, token_secret = self.words
        _, headers, _ = Client(key, secret, token, token_secret).sign(address, http_method=method)
        return {"Authorization": str(headers["Authorization"])}


@dataclass(repr=False)
class XAdapter(NoEdits):
    """``account``: the account's number. ``yen``, ``yen_with_link``: what one post costs."""

    http: Http
    server: str
    keys: XKeys
    account: str
    traits: Traits
    kind: ClassVar[ChannelKind] = ChannelKind.X

    async def post(self, post: Post) -> Answer:
        """See `Adapter`."""
        media = await self._upload_all(post)
        if not isinstance(media, list):
            return media
        body: dict[str, Any] = {"text": post.text} | ({"media": {"media_ids": media}} if media else {})
        body |= {"reply": {"in_reply_to_tweet_id": post.in_reply_to}} if post.in_reply_to else {}
        reply = await self._call("POST", "/2/tweets", body)
        if not isinstance(reply, Reply):
            return reply
        remote = short_text(_data(reply).get("id"))
        if reply.is_good and remote:
            return self._posted(remote)
        return await self._duplicate(post, reply) if _is_duplicate(reply) else self._judge(reply)

    async def search(self, post: Post) -> Posted | Uncertain | None:
        """See `Adapter`. The account's latest posts since the record was made are compared, with the addresses as they were written."""
        since = post.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        query = urlencode({"max_results": LATEST, "start_time": since, "tweet.fields": "entities", "exclude": "retweets"})
        reply = await self._call("GET", f"/2/users/{quoted(self.account)}/tweets?{query}")
        if not isinstance(reply, Reply) or not reply.is_good or not _is_list(reply):
            reason = self.http.judge(reply).reason if isinstance(reply, Reply) else reply.reason
            return Uncertain(f"{reason} (the account's posts could not be looked at / 投稿を確かめられません)")
        tweets = reply.json().get("data", [])
        numbers = (short_text(each.get("id")) for each in tweets if isinstance(each, dict) and _original_text(each) == _squeezed(post.text))
        return next((self._posted(number) for number in numbers if number), None)

    async def delete(self, remote: str) -> Answer:
        """See `Adapter`."""
        reply = await self._call("DELETE", f"/2/tweets/{quoted(remote)}")
        if not isinstance(reply, Reply):
            return reply
        is_gone = reply.status == HTTPStatus.NOT_FOUND or (reply.is_good and _data(reply).get("deleted") is True)
        return Posted(remote) if is_gone else self._judge(reply)

    def _posted(self, remote: str) -> Posted:
        return Posted(remote, f"https://x.com/i/status/{remote}")

    def _judge(self, reply: Reply) -> Answer:
        answer, problem = self.http.judge(reply), f"{reply.text('type')} {reply.text('detail')}".lower()
        is_broken = reply.status == HTTPStatus.FORBIDDEN and any(each in problem for each in NO_PERMISSION)
        return Refused(answer.reason, is_channel_broken=True) if is_broken else answer

    async def _duplicate(self, post: Post, reply: Reply) -> Answer:
        """X has this text already. A post of some seconds ago may not be shown yet, so whose it is stays uncertain until it is seen."""
        there = await self.search(post)
        return there or Uncertain(f"{self.http.judge(reply).reason}: a post of the account has the same text / 同じ文の投稿があります")

    async def _upload_all(self, post: Post) -> list[str] | Answer:
        media: list[str] = []
        for picture in post.pictures[: self.traits.max_pictures]:
            number = await self._upload(picture)
            if isinstance(number, str):
                media.append(number)
            elif isinstance(number, Refused) and not number.is_channel_broken:
                leave_out(picture, number)
            else:
                return number
        return media

    async def _upload(self, picture: Picture) -> str | Deferred | Refused:
        content = await read_picture(picture, LARGEST, self.name)
        if isinstance(content, Refused):
            return content
        body = {"media": base64.b64encode(content).decode(), "media_category": "tweet_image", "media_type": picture.media_type}
        reply = await self._call("POST", "/2/media/upload", body)
        number = short_text(_data(reply).get("id")) if isinstance(reply, Reply) and reply.is_good else ""
        if number and picture.alternative:
            alternative = {"id": number, "metadata": {"alt_text": {"text": picture.alternative[:LONGEST_ALTERNATIVE]}}}
            reply = await self._call("POST", "/2/media/metadata", alternative)
        if number and (not picture.alternative or (isinstance(reply, Reply) and reply.is_good)):
            return number
        return unsent(self.http.judge(reply) if isinstance(reply, Reply) else reply)

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Sent:
        address = f"{self.server}{path}"
        headers = self.keys.authorize(method, address) | ({} if body is None else {"Content-Type": "application/json"})
        return await self.http.ask(method, address, headers, None if body is None else json_bytes(body))


def traits(yen: float, yen_with_link: float) -> Traits:
    """Return what X can do, at these prices."""
    return Traits(None, can_search=True, can_delete=True, can_answer=True, max_pictures=4, yen=yen, yen_with_link=yen_with_link)


def _data(reply: Reply) -> Mapping[str, Any]:
    data = reply.json().get("data")
    return data if isinstance(data, dict) else {}


def _is_list(reply: Reply) -> bool:
    """A page of posts is a list; without any there is only ``meta``."""
    answer = reply.json()
    return isinstance(answer.get("data"), list) or ("data" not in answer and isinstance(answer.get("meta"), dict))


def _is_duplicate(reply: Reply) -> bool:
    return reply.status == HTTPStatus.FORBIDDEN and "duplicate" in reply.text("detail").lower()


def _original_text(tweet: Mapping[str, Any]) -> str:
    """The text of a post as it was written: X puts its own addresses in place of ours, appends those of pictures, and escapes ``&``."""
    text, entities = str(tweet.get("text", "")), tweet.get("entities")
    urls = entities.get("urls") if isinstance(entities, dict) else None
    for url in urls if isinstance(urls, list) else ():
        if isinstance(url, dict) and short_text(url.get("url")):
            text = text.replace(str(url["url"]), "" if "media_key" in url else str(url.get("expanded_url", "")))
    return _squeezed(html.unescape(text))


def _squeezed(text: str) -> str:
    return " ".join(text.split())
