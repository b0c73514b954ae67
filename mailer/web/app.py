"""The subscription service: the one place behind the links in every message.

GET and HEAD only show a page, because mail scanners follow links; POST unsubscribes at once and may come again
(RFC 8058: mail programs post `List-Unsubscribe=One-Click` here without a person seeing any page). `/preferences/` shows
all lists of the person and changes them by POST. The signed token in the address is the only key: there is no cookie, so
another site has nothing to borrow (no CSRF), and no referrer gives the address away.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mailer.database import subscriptions
from mailer.database.engine import Database
from mailer.message.links import NOBODY, LinkClaim, LinkSigner
from mailer.model.clock import Clock
from mailer.model.errors import DatabaseError, PreferenceError, TokenError
from mailer.model.issue import MailList
from mailer.model.subscription import ListPreference, Preference
from mailer.secrets import Secret
from mailer.web import preferences

TEMPLATES = Path(__file__).parent / "templates"
LARGEST_BODY = 4096  # bytes; "List-Unsubscribe=One-Click" is 26, a form for ten lists about 300
TOO_LARGE = "The request is too large.\n"
STYLE = (TEMPLATES / "page.css").read_text("utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",  # the address of the page is the key to the subscription
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """`/metrics` for who shows the key as `Authorization: Bearer KEY` (RFC 6750); `expose` gives Prometheus' text."""

    key: Secret
    expose: Callable[[datetime], bytes]


def create_app(
    database: Database, tokens: LinkSigner, lists: Mapping[str, MailList], clock: Clock, *, metrics: MetricsEndpoint | None = None
) -> Starlette:
    """The ASGI application.

    :param lists: from `bundle.read_lists`; their titles and contact addresses are shown.
    :param metrics: None: there is no such page. The service is public, so by default it says nothing about the sending.
    """
    service = _Service(database, tokens, lists, clock, metrics)
    return Starlette(
        routes=[
            Route("/", service.home, methods=["GET"]),
            Route("/healthz", service.health, methods=["GET"]),
            Route("/metrics", service.metrics, methods=["GET"]),
            Route("/unsubscribe/{token}", service.ask, methods=["GET"]),
            Route("/unsubscribe/{token}", service.unsubscribe, methods=["POST"]),
            Route("/preferences/{token}", service.show, methods=["GET"]),
            Route("/preferences/{token}", service.prefer, methods=["POST"]),
        ],
        middleware=[Middleware(_WithHeaders)],
        exception_handlers={
            TokenError: service.bad_token,
            PreferenceError: service.bad_form,
            DatabaseError: service.out_of_order,
        },
    )


class _Service:
    def __init__(
        self, database: Database, tokens: LinkSigner, lists: Mapping[str, MailList], clock: Clock, metrics: MetricsEndpoint | None
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._lists = lists
        self._clock = clock
        self._metrics = metrics
        self._pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)

    async def home(self, _request: Request) -> Response:
        """A short word for whoever comes to the bare address."""
        return self._page("home.html")

    async def health(self, _request: Request) -> Response:
        """For a watcher: 200 if the database answers."""
        await run_in_threadpool(self._database.ping)
        return PlainTextResponse("ok\n")

    async def metrics(self, request: Request) -> Response:
        """How the sending stands, for Prometheus. To everybody else the page does not exist."""
        shown = request.headers.get("authorization", "").encode()
        if self._metrics is None or not hmac.compare_digest(shown, f"Bearer {self._metrics.key.value}".encode()):
            raise HTTPException(404)
        text = await run_in_threadpool(self._metrics.expose, self._clock())
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def ask(self, request: Request) -> Response:
        """The page with the one button. Changes nothing."""
        claim = self._tokens.read(request.path_params["token"])
        return self._page("ask.html", claim=claim)

    async def unsubscribe(self, request: Request) -> Response:
        """Ends the subscription, whatever the body says; the body is read only so far as to refuse a flood."""
        claim = self._tokens.read(request.path_params["token"])
        if await _body(request) is None:
            return PlainTextResponse(TOO_LARGE, 413)
        if not await run_in_threadpool(self._end, claim, self._clock()):
            raise TokenError("There is no such subscription.")
        return self._page("done.html", claim=claim)

    async def show(self, request: Request) -> Response:
        """The page with all lists of the person. Changes nothing."""
        claim = self._tokens.read(request.path_params["token"])
        if claim.subscriber_id == NOBODY:
            return self._preferences(claim, (ListPreference(claim.list, Preference.HTML),), "test")
        return self._preferences(claim, await run_in_threadpool(subscriptions.preferences, self._database, claim.subscriber_id), "")

    async def prefer(self, request: Request) -> Response:
        """Changes what the form says, and shows how things stand then. May be repeated."""
        claim = self._tokens.read(request.path_params["token"])
        body = await _body(request)
        if body is None:
            return PlainTextResponse(TOO_LARGE, 413)
        if claim.subscriber_id == NOBODY:
            return self._preferences(claim, (ListPreference(claim.list, Preference.HTML),), "test")
        return self._preferences(claim, await run_in_threadpool(self._choose, claim, body, self._clock()), "saved")

    async def bad_form(self, _request: Request, _error: Exception) -> Response:
        """A form that the page has not made, or one that was cut off on the way."""
        return self._page("form.html", 400)

    async def bad_token(self, _request: Request, _error: Exception) -> Response:
        """What to do when a link does not work."""
        return self._page("bad.html", 400)

    async def out_of_order(self, _request: Request, _error: Exception) -> Response:
        """The database is away; mail programs come again after a 503."""
        return self._page("busy.html", 503)

    def _end(self, claim: LinkClaim, now: datetime) -> bool:
        return subscriptions.unsubscribe(self._database, claim.subscriber_id, claim.list, source="link", now=now)

    def _choose(self, claim: LinkClaim, body: bytes, now: datetime) -> tuple[ListPreference, ...]:
        wanted = partial(preferences.parse_form, body)
        return subscriptions.save_preferences(self._database, claim.subscriber_id, wanted, source="preferences", now=now)

    def _preferences(self, claim: LinkClaim, standings: tuple[ListPreference, ...], note: str) -> Response:
        if not standings:
            raise TokenError("There is no such subscription.")
        offers = preferences.list_offers(standings, self._lists)
        return self._page("preferences.html", claim=claim, offers=offers, note=note, field=preferences.FIELD)

    def _page(self, template: str, status: int = 200, claim: LinkClaim | None = None, **values: object) -> Response:
        found = None if claim is None else self._lists.get(claim.list)
        title = found.title if found else claim.list if claim else ""
        token = "" if claim is None else self._tokens.sign(claim)
        values |= {"style": STYLE, "title": title, "token": token, "lists": (found,) if found else tuple(self._lists.values())}
        return HTMLResponse(self._pages.get_template(template).render(values), status)


async def _body(request: Request) -> bytes | None:
    """The body, or None if it is a flood."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_BODY:
            return None
    return body


class _WithHeaders:
    """Puts the protective headers on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
