"""What holds for every request, whatever its page: how much of a body is read and how long, one stated length, protective headers on every answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TEMPLATES = Path(__file__).parent / "templates"
LARGEST_BODY = 4096
"""Bytes. "List-Unsubscribe=One-Click" has 26, the form for ten lists about 300."""
BODY_SECONDS = 10
TOO_LARGE = "The request is too large."
TOO_SLOW = "The request took too long."
AMBIGUOUS = "The length of the request is stated in two ways.\n"
CLOSE = {"Connection": "close"}
STYLE = (TEMPLATES / "page.css").read_text("utf-8")
SCRIPT = (TEMPLATES / "proof.js").read_text("utf-8")
"""The only script: it does the work of `proof` on the one page that asks for it."""
PROTECTIVE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address of the page is the key to the subscription
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def policy(style: str, script: str = "") -> str:
    """Return the Content-Security-Policy of a page with this style and this script, and no other."""
    scripts = f"script-src 'sha256-{hash_of(script)}'; " if script else ""
    return f"default-src 'none'; style-src 'sha256-{hash_of(style)}'; {scripts}img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def hash_of(text: str) -> str:
    """Return the SHA-256 of a style or script, as a Content-Security-Policy names it (CSP Level 3, section 2.3.1)."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


HEADERS = PROTECTIVE | {"Content-Security-Policy": policy(STYLE)}
"""Of every answer that is not a page with a policy of its own."""


async def read_body(request: Request, seconds: float) -> bytes:
    """Return the body. Not more than any form of these pages has is kept in memory.

    :raises HTTPException: it is larger (413) or slower (408) than any form; the connection is to be closed.
    """
    body = b""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise HTTPException(413, TOO_LARGE, CLOSE)
    except TimeoutError:
        raise HTTPException(408, TOO_SLOW, CLOSE) from None
    except ClientDisconnect:  # nobody reads the answer
        raise HTTPException(400, headers=CLOSE) from None
    return body


class OneLength:
    """Refuses a request that states its length in two ways, and closes the connection: a proxy may have read the other one (RFC 9112 section 6.1)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification, "Applications"."""
        names = {name for name, _ in scope.get("headers", ())}
        is_ambiguous = b"transfer-encoding" in names and (b"content-length" in names or scope["http_version"] == "1.0")
        await (PlainTextResponse(AMBIGUOUS, 400, CLOSE) if is_ambiguous else self._app)(scope, receive, send)


class ProtectiveHeaders:
    """Puts the protective headers on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification, "Applications"."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
