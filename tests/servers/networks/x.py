"""X, version 2 of its API, for one account: posts, media with alternatives, the account's timeline. Errors are RFC 7807 problems."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from aiohttp import web

from tests.servers.networks.trouble import FakeNetwork

ADDRESS = re.compile(r"https?://[^\s]+")


class FakeX(FakeNetwork):
    """``tweets``: newest first, with the addresses that X puts in place of ours. ``problem``: a 403 for every post, by its type."""

    keys = ("api-key", "api-key-secret", "1234567890-access-token", "access-token-secret")
    token = "oauth2-user-token"
    account = "1234567890"

    def __init__(self) -> None:
        super().__init__()
        self.tweets: list[dict[str, Any]] = []
        self.media: dict[str, dict[str, Any]] = {}
        self.problem = ""
        self._numbers = count(2_000_000_000_000_000_001)

    def publishes(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path == "/2/tweets"

    def published(self) -> list[str]:
        return [each["id"] for each in self.tweets]

    def error(self, status: int, words: str) -> web.Response:
        return self._problem(status, "about:blank", words)

    def _problem(self, status: int, kind: str, words: str) -> web.Response:
        return web.json_response({"title": "Problem", "detail": words, "type": kind, "status": status}, status=status)

    async def answer(self, request: web.Request) -> web.Response:
        if not self._is_authorized(request):
            return self.error(401, "Unauthorized")
        number = request.path.rpartition("/")[2]
        match request.method, request.path:
            case "POST", "/2/tweets":
                return self._post(await request.json())
            case "POST", "/2/media/upload":
                return self._upload(await request.json())
            case "POST", "/2/media/metadata":
                return self._describe(await request.json())
            case "GET", path if path == f"/2/users/{self.account}/tweets":
                return self._timeline()
            case "DELETE", path if path == f"/2/tweets/{number}":
                self.tweets = [each for each in self.tweets if each["id"] != number]
                return web.json_response({"data": {"deleted": True}})
        return self.error(404, "Not Found")

    def _timeline(self) -> web.Response:
        if not self.tweets:
            return web.json_response({"meta": {"result_count": 0}})
        return web.json_response({"data": self.tweets, "meta": {"result_count": len(self.tweets)}})

    def _post(self, body: dict[str, Any]) -> web.Response:
        if self.problem:
            return self._problem(403, self.problem, "You are not permitted to perform this action.")
        text = body["text"]
        if any(each["written"] == text for each in self.tweets):
            return self.error(403, "You are not allowed to create a Tweet with duplicate content.")
        number = str(next(self._numbers))
        urls = [
            {"url": f"https://t.co/{number[-6:]}{place}", "expanded_url": match[0]} for place, match in enumerate(ADDRESS.finditer(text))
        ]
        shown = html.escape(text, quote=False)
        for url in urls:
            shown = shown.replace(html.escape(url["expanded_url"], quote=False), url["url"])
        for place, media in enumerate(body.get("media", {}).get("media_ids", [])):
            urls.append({"url": f"https://t.co/p{place}", "expanded_url": "https://x.com/photo", "media_key": f"3_{media}"})
            shown += f" https://t.co/p{place}"
        self.tweets.insert(0, {"id": number, "text": shown, "entities": {"urls": urls}, "written": text, "body": body})
        return web.json_response({"data": {"id": number, "text": shown, "edit_history_tweet_ids": [number]}}, status=201)

    def _upload(self, body: dict[str, Any]) -> web.Response:
        number = str(next(self._numbers))
        self.media[number] = {"bytes": base64.b64decode(body["media"]), "category": body["media_category"], "alternative": ""}
        return web.json_response({"data": {"id": number, "media_key": f"3_{number}", "expires_after_secs": 86400}})

    def _describe(self, body: dict[str, Any]) -> web.Response:
        self.media[body["id"]]["alternative"] = body["metadata"]["alt_text"]["text"]
        return web.json_response({"data": {"id": body["id"]}})

    def _is_authorized(self, request: web.Request) -> bool:
        authorization = request.headers.get("Authorization", "")
        return authorization == f"Bearer {self.token}" or _is_signed(request, authorization, self.keys)


def _is_signed(request: web.Request, authorization: str, keys: tuple[str, str, str, str]) -> bool:
    """RFC 5849 section 3.4.2, done by hand."""
    fields = {name: unquote(value) for name, value in re.findall(r'(oauth_\w+)="([^"]*)"', authorization)}
    signature = fields.pop("oauth_signature", "")
    if (fields.get("oauth_consumer_key"), fields.get("oauth_token")) != (keys[0], keys[2]):
        return False
    pairs = sorted(
        (_quoted(name), _quoted(value)) for name, value in [*fields.items(), *parse_qsl(request.query_string, keep_blank_values=True)]
    )
    base = "&".join((request.method, _quoted(f"http://{request.host}{request.path}"), _quoted("&".join("=".join(pair) for pair in pairs))))
    mac = hmac.digest(f"{_quoted(keys[1])}&{_quoted(keys[3])}".encode(), base.encode(), hashlib.sha1)
    return hmac.compare_digest(base64.b64encode(mac).decode(), signature)


def _quoted(text: str) -> str:
    return quote(text, safe="~")
