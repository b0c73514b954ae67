"""LINE Messaging API: broadcast, narrowcast and its progress, retry keys. Errors are ``{"message": …, "details": […]}``."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

from aiohttp import web

from tests.servers.networks.trouble import FakeNetwork

LONGEST = 5000
"""UTF-16 code units of a text message."""


class FakeLine(FakeNetwork):
    """``phases``: what narrowcasts are at, by request; ``first_phase``: of new ones."""

    token = "line-channel-token"

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[str, dict[str, Any]] = {}
        self.phases: dict[str, dict[str, Any]] = {}
        self.first_phase: dict[str, Any] = {"phase": "waiting", "acceptedTime": "2026-03-11T05:46:00.000Z"}
        self._keys: dict[str, str] = {}
        self._numbers = count(1)

    def publishes(self, request: web.Request) -> bool:
        return request.method == "POST"

    def published(self) -> list[str]:
        return [*self.messages]

    def error(self, status: int, words: str) -> web.Response:
        return web.json_response({"message": words}, status=status, headers={"X-Line-Request-Id": f"error-{next(self._numbers)}"})

    async def answer(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return self.error(401, "Authentication failed. Confirm that the access token in the authorization header is valid.")
        if request.path == "/v2/bot/message/progress/narrowcast":
            return web.json_response(self.phases[request.query["requestId"]])
        if request.path not in ("/v2/bot/message/broadcast", "/v2/bot/message/narrowcast"):
            return self.error(404, "Not found")
        return self._accept(request, await request.json())

    def _accept(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        key = request.headers.get("X-Line-Retry-Key", "")
        if key and str(UUID(key)) != key:
            return self.error(400, "The retry key is invalid")
        if key in self._keys:
            response = self.error(409, "The retry key is already accepted")
            response.headers["x-line-accepted-request-id"] = self._keys[key]
            return response
        texts = [each["text"] for each in body["messages"] if each["type"] == "text"]
        if not 1 <= len(texts) <= 5 or any(not 0 < len(text.encode("utf-16-le")) // 2 <= LONGEST for text in texts):
            return self.error(400, "The request body has 1 error(s)")
        number = f"request-{next(self._numbers)}"
        self._keys[key], self.messages[number] = number, body
        is_narrow = request.path.endswith("narrowcast")
        if is_narrow:
            self.phases[number] = self.first_phase
        return web.json_response({}, status=202 if is_narrow else 200, headers={"X-Line-Request-Id": number})
