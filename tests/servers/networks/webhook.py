"""Addresses that take a POST: a gateway that verifies Standard Webhooks signatures, Slack, Teams and LINE WORKS."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from aiohttp import web

from tests.servers.networks.trouble import FakeNetwork

PATHS = {
    "slack": "/services/T0000/B0000/secretsecretsecret",
    "teams": "/workflows/secretsecretsecret/triggers/manual/paths/invoke",
    "line-works": "/message/secret-secret-secret",
}


class FakeGateway(FakeNetwork):
    """A gateway of municipal radio: it says each identifier once, and refuses what is not signed with the key or is older than five minutes."""

    key = "whsec_" + base64.b64encode(b"the key of a gateway of municipal radio").decode()

    def __init__(self, now: float) -> None:
        super().__init__()
        self.said: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []
        self.repeats = 200
        self._now = now

    def publishes(self, request: web.Request) -> bool:
        return True

    def published(self) -> list[str]:
        return [*self.said]

    def error(self, status: int, words: str) -> web.Response:
        return web.json_response({"error": words}, status=status)

    async def answer(self, request: web.Request) -> web.Response:
        body, number, time = await request.read(), request.headers["webhook-id"], request.headers["webhook-timestamp"]
        secret = base64.b64decode(self.key[6:])
        made = hmac.new(secret, number.encode() + b"." + time.encode() + b"." + body, hashlib.sha256).digest()
        if request.headers["webhook-signature"] != "v1," + base64.b64encode(made).decode() or abs(self._now - int(time)) > 300:
            return self.error(401, "The signature is wrong")
        self.asked.append(number)
        if number in self.said:
            return web.Response(status=self.repeats)
        self.said[number] = json.loads(body)
        return web.json_response({"id": number}, status=202)


class FakeChat(FakeNetwork):
    """Slack, Teams or LINE WORKS: whoever knows the address may write."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.messages: list[dict[str, Any]] = []

    @property
    def webhook(self) -> str:
        """The address that is the secret."""
        return self.address + PATHS[self.form]

    def publishes(self, request: web.Request) -> bool:
        return True

    def published(self) -> list[str]:
        return [str(place) for place, _ in enumerate(self.messages)]

    def error(self, status: int, words: str) -> web.Response:
        return web.Response(status=status, text=words) if self.form == "slack" else web.json_response({"message": words}, status=status)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path != PATHS[self.form]:
            return self.error(404, "no_service")
        body = await request.json()
        if not self._is_message(body):
            return self.error(400, "invalid_payload")
        self.messages.append(body)
        answers = {"slack": web.Response(text="ok"), "teams": web.Response(status=202)}
        return answers.get(self.form) or web.json_response({"code": 200, "message": "success"})

    def _is_message(self, body: dict[str, Any]) -> bool:
        if self.form == "slack":
            return bool(body.get("text"))
        if self.form == "teams":
            card = body["attachments"][0]
            kinds = [body["type"], card["contentType"], card["content"]["type"]]
            return kinds == ["message", "application/vnd.microsoft.card.adaptive", "AdaptiveCard"]
        return bool(body["body"]["text"]) and bool(body["title"])
