"""The subscription service: the pages behind the links in every message.

GET and HEAD only show a page, because mail scanners follow links. POST unsubscribes at once and may be repeated: mail programs post
`List-Unsubscribe=One-Click` here, and no person sees a page (RFC 8058 section 3.2). `/preferences/` shows all lists of the person and changes them by POST;
a list that was left is resumed by `/join/`, whose link is in a mail of its own. A token opens the pages of its purpose only, and only in the version that
the reader's links have now. The signed token in the address is the only key. There is no cookie, so that another site has nothing to borrow (no CSRF), and no referrer gives the address
away.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from mailer.config.settings import SOURCE_URL
from mailer.database import subscriptions
from mailer.database.engine import Database
from mailer.message.links import NOBODY, JoinClaim, LinkClaim, LinkSigner, Purpose
from mailer.model.clock import Clock
from mailer.model.errors import DatabaseError, LinkOutdated, PreferenceError, TokenError
from mailer.model.ids import SubscriberId
from mailer.model.issue import MailList
from mailer.model.subscription import ListPreference, Preference
from mailer.secrets import Secret
from mailer.web import preferences
from mailer.web.joining import Confirm, Joining, JoinNote, refuse_expired
from mailer.web.requests import BODY_SECONDS, STYLE, TEMPLATES, OneLength, ProtectiveHeaders, read_body
from mailer.web.threads import WorkThreads

AT_WORK = 10
"""Threads for pages. `/healthz` has one of its own. Together fewer than the 15 connections that SQLAlchemy's pool gives out: none waits for one."""
MOST_WAITING = 200
"""Requests that wait for a thread. A mail program that is sent away comes again (status 503)."""
PING_SECONDS = 5


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """`/metrics` for requests with `Authorization: Bearer KEY` (RFC 6750 section 2.1); `expose` returns Prometheus' text."""

    key: Secret
    expose: Callable[[datetime], bytes]


def create_app(
    database: Database,
    tokens: LinkSigner,
    lists: Mapping[str, MailList],
    clock: Clock,
    *,
    metrics: MetricsEndpoint | None = None,
    confirm: Confirm | None = None,
    source_url: str = SOURCE_URL,
    body_seconds: float = BODY_SECONDS,
) -> Starlette:
    """Return the ASGI application.

    :param lists: from `bundle.read_lists`; their titles and contact addresses are shown.
    :param metrics: None: there is no such page. The service is public, so by default it tells nothing about the sending.
    :param confirm: None: no list that was left can be resumed here.
    :param body_seconds: how long a client may take for the body of a form.
    :param source_url: the source of this service, linked on every page (AGPL section 13).
    """
    service = _Service(database, tokens, lists, clock, metrics, confirm, source_url, body_seconds)
    app = Starlette(
        routes=[
            Route("/", service.home, methods=["GET"]),
            Route("/healthz", service.health, methods=["GET"]),
            Route("/metrics", service.metrics, methods=["GET"]),
            Route("/unsubscribe/{token}", service.confirm, methods=["GET"]),
            Route("/unsubscribe/{token}", service.unsubscribe, methods=["POST"]),
            Route("/preferences/{token}", service.preferences, methods=["GET"]),
            Route("/preferences/{token}", service.save_preferences, methods=["POST"]),
            Route("/join/{token}", service.ask_to_join, methods=["GET"]),
            Route("/join/{token}", service.join, methods=["POST"]),
        ],
        middleware=[Middleware(ProtectiveHeaders), Middleware(OneLength)],
        exception_handlers={
            404: service.not_found,
            LinkOutdated: service.outdated,
            TokenError: service.bad_token,
            PreferenceError: service.bad_form,
            DatabaseError: service.unavailable,
        },
    )
    app.router.redirect_slashes = False  # a redirect would be made of the Host field, and the path is a key to a subscription
    return app


class _Service:
    def __init__(
        self,
        database: Database,
        tokens: LinkSigner,
        lists: Mapping[str, MailList],
        clock: Clock,
        metrics: MetricsEndpoint | None,
        confirm: Confirm | None,
        source_url: str,
        body_seconds: float,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._lists = lists
        self._clock = clock
        self._metrics = metrics
        self._source_url = source_url
        self._body_seconds = body_seconds
        self._work, self._watch = WorkThreads(AT_WORK, MOST_WAITING), WorkThreads(1, 1)
        self._joining = Joining(database, lists, confirm, self._work)
        self._ping: asyncio.Task[None] | None = None
        self._templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)

    async def home(self, _request: Request) -> Response:
        """Say what this service is for."""
        return self._page("home.html")

    async def health(self, _request: Request) -> Response:
        """Answer 200 if the database answers, for a watcher."""
        if self._ping is None or self._ping.done():  # all who ask at the same time share one question to the database
            self._ping = asyncio.create_task(self._watch.run(self._database.ping))
            self._ping.add_done_callback(_note_failure)
        try:
            async with asyncio.timeout(PING_SECONDS):
                await asyncio.shield(self._ping)
        except TimeoutError:
            raise DatabaseError("The database does not answer.") from None
        return PlainTextResponse("ok\n")

    async def metrics(self, request: Request) -> Response:
        """Return the figures for Prometheus. Without the key the page does not exist."""
        authorization = request.headers.get("authorization", "").encode()
        if self._metrics is None or not hmac.compare_digest(authorization, f"Bearer {self._metrics.key.value}".encode()):
            raise HTTPException(404)
        text = await self._work.run(self._metrics.expose, self._clock())
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    async def confirm(self, request: Request) -> Response:
        """Show the page with the one button. Changes nothing."""
        return self._page("ask.html", claim=await self._claim(request, Purpose.UNSUBSCRIBE), token=request.path_params["token"])

    async def unsubscribe(self, request: Request) -> Response:
        """End the subscription, whatever the body says: a mail program may send it as a form or as multipart (RFC 8058 section 3.2)."""
        claim = await self._claim(request, Purpose.UNSUBSCRIBE)
        if isinstance(body := await read_body(request, self._body_seconds), Response):
            return body
        if claim.subscriber_id == NOBODY:
            return self._test_page(claim)
        if not await self._work.run(self._end_subscription, claim, self._clock()):
            raise TokenError("There is no such subscription.")
        return self._page("done.html", claim=claim)

    async def preferences(self, request: Request) -> Response:
        """Show all lists of the person. Changes nothing. A link that may only unsubscribe, as all of older versions, leads to its own page."""
        claim = await self._claim(request)
        if claim.purpose is Purpose.UNSUBSCRIBE and claim.subscriber_id != NOBODY:
            return self._page("ask.html", claim=claim, token=request.path_params["token"])
        if claim.subscriber_id == NOBODY:
            return self._test_page(claim)
        return self._preferences(claim, await self._work.run(subscriptions.preferences, self._database, claim.subscriber_id), "")

    async def save_preferences(self, request: Request) -> Response:
        """Change what the form asks for, and show the lists as they are then. May be repeated."""
        claim = await self._claim(request, Purpose.PREFERENCES)
        body, now = await read_body(request, self._body_seconds), self._clock()
        if isinstance(body, Response):
            return body
        if claim.subscriber_id == NOBODY:
            return self._test_page(claim)
        if body == preferences.REVOCATION:
            await self._work.run(subscriptions.revoke_links, self._database, claim.subscriber_id)
            return self._page("revoked.html", claim=claim)
        current, joins = await self._work.run(self._save, claim, body, now)
        note = await self._joining.ask(claim.subscriber_id, joins, now)
        return self._preferences(claim, current, note or "saved", 503 if note is JoinNote.NOT_SENT else 200)

    async def ask_to_join(self, request: Request) -> Response:
        """Show the page with the one button that resumes a list. Changes nothing."""
        claim = await self._join_claim(request)
        refuse_expired(claim, self._clock())
        return self._page("join.html", claim=LinkClaim(claim.subscriber_id, claim.list))

    async def join(self, request: Request) -> Response:
        """Resume the list. May be repeated."""
        claim = await self._join_claim(request)
        if isinstance(body := await read_body(request, self._body_seconds), Response):
            return body
        await self._work.run(self._joining.resume, claim, self._clock())
        return self._page("joined.html", claim=LinkClaim(claim.subscriber_id, claim.list))

    async def not_found(self, _request: Request, _error: Exception) -> Response:
        """Say that there is no such page, and where to ask."""
        return self._page("missing.html", 404)

    async def bad_form(self, _request: Request, _error: Exception) -> Response:
        """Say that a form was cut off on the way, or is none of this page's."""
        return self._page("form.html", 400)

    async def bad_token(self, _request: Request, _error: Exception) -> Response:
        """Say what to do when a link does not work."""
        return self._page("bad.html", 400)

    async def outdated(self, _request: Request, _error: Exception) -> Response:
        """Say that a link was revoked or has expired, and where newer ones are. 410: gone, and not by a fault (RFC 9110 section 15.5.11)."""
        return self._page("old.html", 410)

    async def unavailable(self, _request: Request, _error: Exception) -> Response:
        """Answer 503 while the database is away: mail programs come again after it."""
        return self._page("busy.html", 503)

    def _end_subscription(self, claim: LinkClaim, now: datetime) -> bool:
        return subscriptions.unsubscribe(self._database, claim.subscriber_id, claim.list, source="link", now=now)

    async def _claim(self, request: Request, purpose: Purpose | None = None) -> LinkClaim:
        """Return what the token in the address claims. The links of a test message, which are nobody's, open every page.

        :raises TokenError: not one of our tokens, for another purpose, or of a person who is not there any more.
        :raises LinkOutdated: the reader has revoked it.
        """
        claim = self._tokens.read(request.path_params["token"])
        if claim.subscriber_id != NOBODY:
            if purpose is not None and claim.purpose is not purpose:
                raise TokenError("The link is for something else.")
            await self._work.run(self._refuse_revoked, claim.subscriber_id, claim.version)
        return claim

    async def _join_claim(self, request: Request) -> JoinClaim:
        claim = self._tokens.read_join(request.path_params["token"])
        await self._work.run(self._refuse_revoked, claim.subscriber_id, claim.version)
        return claim

    def _refuse_revoked(self, subscriber_id: SubscriberId, version: int) -> None:
        current = subscriptions.token_version(self._database, subscriber_id)
        if current is None:
            raise TokenError("There is no such subscriber.")
        if current != version:
            raise LinkOutdated("The link was revoked.")

    def _save(self, claim: LinkClaim, body: bytes, now: datetime) -> tuple[tuple[ListPreference, ...], dict[str, Preference]]:
        """Save what may be changed at once. Return the preferences after that, and the lists to be joined again."""
        joins: dict[str, Preference] = {}

        def choose(current: tuple[ListPreference, ...]) -> Mapping[str, Preference]:
            changes, again = preferences.split_joins(current, preferences.parse_form(body, current))
            joins.update(again)
            return changes  # inside the transaction, from the preferences of that moment

        saved = subscriptions.save_preferences(self._database, claim.subscriber_id, choose, source="preferences", now=now)
        return saved, joins

    def _test_page(self, claim: LinkClaim) -> Response:
        """Show what a reader would see, behind the link of a test send, which belongs to nobody."""
        return self._preferences(claim, (ListPreference(claim.list, Preference.HTML),), "test")

    def _preferences(self, claim: LinkClaim, current: tuple[ListPreference, ...], note: str, status: int = 200) -> Response:
        if not current:
            raise TokenError("There is no such subscription.")
        offers = preferences.list_offers(current, self._lists)
        return self._page("preferences.html", status, claim=claim, offers=offers, note=note, field=preferences.FIELD)

    def _page(self, template: str, status: int = 200, claim: LinkClaim | None = None, **values: object) -> Response:
        mail_list = None if claim is None else self._lists.get(claim.list)
        title = mail_list.title if mail_list else claim.list if claim else ""
        lists = (mail_list,) if mail_list else tuple(self._lists.values())
        values |= {"style": STYLE, "title": title, "lists": lists, "source_url": self._source_url}
        return HTMLResponse(self._templates.get_template(template).render(values), status)


def _note_failure(task: asyncio.Task[None]) -> None:
    """Look at the failure, so that asyncio does not report one that nobody waited for."""
    if not task.cancelled():
        task.exception()
