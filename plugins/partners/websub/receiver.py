"""The ASGI application to which hubs send. An address is ``/websub/<token>``; only the hub knows the token.

WebSub has the hub verify a subscription with GET (section 5.3). So this GET notes the lease: for nothing but what we asked this hub for, and at an address that
only we and the hub know.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from plugins.partners.http.body import MEGABYTE
from plugins.partners.model.text import fold
from plugins.partners.websub.subscription import Subscription, Subscriptions

LARGEST_MESSAGE = 15 * MEGABYTE
LONGEST_CHALLENGE = 2_000

_ALGORITHMS = ("sha1", "sha256", "sha384", "sha512")
"""Section 7.1. SHA-1 is weak against collisions, not in HMAC (RFC 6194, section 3.3), and most hubs use it."""

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}

log = logging.getLogger("todoke.websub")


@dataclass(frozen=True)
class _Receiver:
    """``notify`` gets the key of a feed that has changed."""

    subscriptions: Subscriptions
    notify: Callable[[str], None]
    clock: Callable[[], datetime]

    async def verify(self, request: Request) -> Response:
        """Answer the hub's question whether we want what it was asked for: the challenge if so, else 404 (section 5.3.1)."""
        subscription, query = self._subscription(request), request.query_params
        mode, topic, challenge = (query.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge"))
        if subscription is None or topic != subscription.topic:
            return _answer("unknown\n", 404)
        if mode == "denied" and subscription.status in ("asked", "active"):
            return self._denied(subscription, query.get("hub.reason", ""))
        if not 0 < len(challenge) <= LONGEST_CHALLENGE:
            return _answer("no challenge\n", 404)
        if mode == "subscribe" and subscription.status in ("asked", "active"):
            self.subscriptions.put(subscription.verified(query.get("hub.lease_seconds", ""), self.clock()))
            log.info("subscribed", extra={"feed": subscription.key})
            return _answer(challenge)
        if mode == "unsubscribe" and subscription.status == "leaving":
            self.subscriptions.drop(subscription.token)
            return _answer(challenge)
        return _answer("not wanted\n", 404)

    def _denied(self, subscription: Subscription, reason: str) -> Response:
        self.subscriptions.put(replace(subscription, status="denied", reason=fold(reason)[:200]))
        log.warning("denied by the hub", extra={"feed": subscription.key, "reason": fold(reason)[:200]})
        return _answer("noted\n")

    async def receive(self, request: Request) -> Response:
        """Take a message of the hub (section 7). Whatever it says, the feed is fetched from its own server; the message itself is only measured.

        A message with a wrong signature is ignored, and answered like a good one, so that nobody can find out the secret (section 7.1).
        """
        subscription = self._subscription(request)
        if subscription is None:
            return _answer("gone\n", 410)
        try:
            is_signed = await _is_signed(request, subscription.secret)
        except ClientDisconnect:
            return _answer("incomplete\n", 400)
        if is_signed is None:
            return _answer("too large\n", 413)
        if is_signed and subscription.status == "active":
            self.notify(subscription.key)
        else:
            log.warning("message ignored", extra={"feed": subscription.key, "signed": is_signed})
        return _answer("", 202)

    async def health(self, _request: Request) -> Response:
        return _answer("ok\n")

    def _subscription(self, request: Request) -> Subscription | None:
        return self.subscriptions.by_token.get(request.path_params["token"])


async def _is_signed(request: Request, secret: str) -> bool | None:
    """Tell whether the message carries the signature of the secret (X-Hub-Signature: ``method=hex``); None if it is too large.

    Without a secret (a hub without TLS) the address alone is the proof.
    """
    method, _, signature = request.headers.get("X-Hub-Signature", "").partition("=")
    known = method.lower() if method.lower() in _ALGORITHMS else "sha256"
    expected, size = hmac.new(secret.encode(), digestmod=getattr(hashlib, known)), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_MESSAGE:
            return None
        expected.update(chunk)
    return not secret or (
        method.lower() == known and hmac.compare_digest(expected.hexdigest().encode(), signature.strip().lower().encode())
    )


def _answer(text: str, status: int = 200) -> Response:
    return PlainTextResponse(text, status, headers=_HEADERS)


def create_app(subscriptions: Subscriptions, notify: Callable[[str], None], clock: Callable[[], datetime]) -> Starlette:
    """Return the application."""
    receiver = _Receiver(subscriptions, notify, clock)
    return Starlette(
        routes=[
            Route("/healthz", receiver.health, methods=["GET"]),
            Route("/websub/{token}", receiver.verify, methods=["GET"]),
            Route("/websub/{token}", receiver.receive, methods=["POST"]),
        ]
    )
