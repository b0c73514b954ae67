"""A signed POST to an address: a gateway of municipal radio, Slack, Teams, LINE WORKS.

The signature is that of Standard Webhooks: HMAC-SHA-256 over identifier, time and body. The identifier is the post's key: a gateway takes a repeated
one once, and answers 2xx or 409. Slack, Teams and LINE WORKS look at none of it; their address is the secret.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from http import HTTPStatus
from typing import Any, ClassVar

from channels.adapters.http import Http, Reply, StatusRules, json_bytes
from channels.adapters.refusals import NoEdits
from channels.model import Answer, ChannelKind, Post, Posted, Traits

GATEWAY = Traits(key_life=timedelta(days=1))
CHAT = Traits(key_life=None)
ADDRESS_IS_WRONG = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""Slack's ``no_service`` and ``channel_not_found``, Teams' and LINE WORKS' 404: the address was taken back."""
CHAT_STATUSES = StatusRules(has_keys=False, broken=ADDRESS_IS_WRONG)
GATEWAY_STATUSES = StatusRules(has_keys=True, broken=ADDRESS_IS_WRONG)
LONGEST_TITLE = 100


@dataclass(repr=False)
class WebhookAdapter(NoEdits):
    """``format``: the form of the body (`FORMATS`). ``key`` signs; empty: nothing is signed."""

    http: Http
    address: str
    format: str
    key: str
    traits: Traits
    kind: ClassVar[ChannelKind] = ChannelKind.WEBHOOK

    async def post(self, post: Post) -> Answer:
        """See `Adapter`. ``remote`` is the post's own key: these networks tell none."""
        body = json_bytes(FORMATS[self.format](post))
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if self.key:
            headers |= signed(str(post.key), int(self.http.clock().astimezone(UTC).timestamp()), body, self.key)
        reply = await self.http.ask("POST", self.address, headers, body)
        if not isinstance(reply, Reply):
            return reply
        has_it = reply.is_good or (self.traits.key_life is not None and reply.status == HTTPStatus.CONFLICT)
        return Posted(str(post.key)) if has_it else self.http.judge(reply)


def signed(identifier: str, timestamp: int, body: bytes, key: str) -> dict[str, str]:
    """Return the header fields of Standard Webhooks 1.0, "Signature scheme". A key that begins with ``whsec_`` is base64, any other is its own bytes."""
    secret = base64.b64decode(key.removeprefix("whsec_")) if key.startswith("whsec_") else key.encode()
    mac = hmac.digest(secret, b".".join((identifier.encode(), str(timestamp).encode(), body)), "sha256")
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def _todoke(post: Post) -> Mapping[str, Any]:
    link = post.link
    return {
        "id": str(post.key),
        "text": post.text,
        "language": post.language,
        "created": post.created.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "urgent": post.is_urgent,
        "link": None if link is None else {"address": link.address, "title": link.title, "description": link.description},
    }


def _slack(post: Post) -> Mapping[str, Any]:
    """Slack reads ``&``, ``<`` and ``>`` as its own signs ("Formatting message text")."""
    return {"text": post.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"), "unfurl_links": False}


def _teams(post: Post) -> Mapping[str, Any]:
    """An adaptive card, as the workflow "When a Teams webhook request is received" takes it."""
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": line, "wrap": True} for line in post.text.splitlines() if line.strip()],
    }
    if post.link is not None:
        card["actions"] = [{"type": "Action.OpenUrl", "title": post.link.title, "url": post.link.address}]
    return {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}


def _line_works(post: Post) -> Mapping[str, Any]:
    title = post.link.title if post.link is not None else post.text.partition("\n")[0]
    message: dict[str, Any] = {"title": title[:LONGEST_TITLE], "body": {"text": post.text}}
    if post.link is not None:
        message["button"] = {"label": "開く" if post.language.startswith("ja") else "Open", "url": post.link.address}
    return message


FORMATS: dict[str, Callable[[Post], Mapping[str, Any]]] = {"todoke": _todoke, "slack": _slack, "teams": _teams, "line-works": _line_works}
