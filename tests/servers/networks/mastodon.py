"""Mastodon's API: statuses with idempotency keys, media with processing, changes, deletion. Errors are ``{"error": …}``."""

from __future__ import annotations

from itertools import count
from typing import Any

from aiohttp import web

from tests.servers.networks.trouble import FakeNetwork

LONGEST = 500


class FakeMastodon(FakeNetwork):
    """``slow_media``: how often a picture is answered with 206 before it is ready."""

    token = "mastodon-access-token"

    def __init__(self) -> None:
        super().__init__()
        self.statuses: dict[str, dict[str, Any]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.slow_media = 0
        self._keys: dict[str, str] = {}
        self._numbers = count(109_000_000_000_000_001)

    def publishes(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path == "/api/v1/statuses"

    def published(self) -> list[str]:
        return [*self.statuses]

    def error(self, status: int, words: str) -> web.Response:
        return web.json_response({"error": words}, status=status)

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return self.error(401, "The access token is invalid")
        number = request.path.rpartition("/")[2]
        match request.method, request.path.removesuffix(f"/{number}"):
            case "POST", "/api/v2":
                return await self._upload(request)
            case "GET", "/api/v1/media":
                return self._medium(number, 206)
            case "POST", "/api/v1":
                return self._post(request.headers.get("Idempotency-Key", ""), await request.json())
            case "PUT", "/api/v1/statuses" if number in self.statuses:
                return self._put(number, await request.json())
            case "DELETE", "/api/v1/statuses" if number in self.statuses:
                return web.json_response(self.statuses.pop(number))
        return self.error(404, "Record not found")

    async def _upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        if not isinstance(file, web.FileField):
            return self.error(422, "Validation failed: File can't be blank")
        number = str(next(self._numbers))
        self.media[number] = {
            "id": number,
            "type": "image",
            "description": form["description"],
            "bytes": file.file.read(),
            "is": file.content_type,
        }
        return self._medium(number, 202)

    def _medium(self, number: str, unready: int) -> web.Response:
        self.slow_media -= 1
        status = unready if self.slow_media >= 0 else 200
        shown = {name: value for name, value in self.media[number].items() if name not in ("bytes", "is")}
        return web.json_response(shown | {"url": None if status != 200 else f"{self.address}/m.png"}, status=status)

    def _post(self, key: str, body: dict[str, Any]) -> web.Response:
        if key in self._keys:
            return web.json_response(self.statuses[self._keys[key]])
        if len(body["status"]) > LONGEST:
            return self.error(422, f"Validation failed: Text character limit of {LONGEST} exceeded")
        number = str(next(self._numbers))
        if key:
            self._keys[key] = number
        return self._put(number, body)

    def _put(self, number: str, body: dict[str, Any]) -> web.Response:
        old = self.statuses.get(number, {"id": number, "url": f"{self.address}/@kouhou/{number}"})
        self.statuses[number] = old | body
        return web.json_response(self.statuses[number])
