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
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Lifespan

from mailer.config.settings import LOOPBACK, SOURCE_URL
from mailer.database.engine import Database
from mailer.message.links import LinkSigner
from mailer.model.clock import JAPAN, Clock
from mailer.model.digest import MOMENTS, DigestMoments
from mailer.model.errors import DatabaseError, DeliveryRefused, LinkOutdated, PreferenceError, TokenError
from mailer.model.issue import MailList
from mailer.model.site import SiteProfile
from mailer.secrets import Secret
from mailer.subscribers.words import consent_words
from mailer.web.joining import Confirm, Joining
from mailer.web.pages import Pages
from mailer.web.person_pages import PersonPages
from mailer.web.push import PushPages, site_of
from mailer.web.reader_pages import ReaderPages
from mailer.web.requests import BODY_SECONDS, PROTECTIVE, OneLength, ProtectiveHeaders
from mailer.web.sign_up.budgets import SignUpBudgets
from mailer.web.sign_up.pages import SignUpPages, SignUps
from mailer.web.threads import WorkThreads

AT_WORK = 10
"""Threads for pages. `/healthz` has one of its own. Together fewer than the 15 connections that SQLAlchemy's pool gives out: none waits for one."""
MOST_WAITING = 200
"""Requests that wait for a thread. A mail program that is sent away comes again (status 503)."""
PING_SECONDS = 5

ErrorPage = Callable[[Request, Exception], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class MetricsEndpoint:
    """`/metrics` for requests with `Authorization: Bearer KEY` (RFC 6750 section 2.1); `expose` returns Prometheus' text."""

    key: Secret
    expose: Callable[[datetime], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOptions:
    """What the service offers beside the links in the mails. The defaults offer nothing: no sign-up, no Web Push, no metrics.

    ``metrics``: None: there is no such page. The service is public, so by default it tells nothing about the sending. ``confirm``: None: no list
    that was left can be resumed here. ``source_url``: the source of this service, linked on every page (AGPL section 13). ``body_seconds``: how long
    a client may take for the body of a form. ``site``: whose pages they are. None: the bundle does not say, and nobody can sign up. ``sign_ups``:
    None: nobody can sign up here. ``zone``: in which the days begin until which readers pause. ``lifespan`` runs beside the pages, such as what sends
    the mails that sign-ups wait for. ``digests``: when digests leave; readers are told. ``push_budgets``: how many browsers may ask for Web Push,
    where the site has a key for it. None: nobody can ask here. ``trusted_proxies``: networks whose ``X-Forwarded-For`` is believed.
    """

    metrics: MetricsEndpoint | None = None
    confirm: Confirm | None = None
    source_url: str = SOURCE_URL
    body_seconds: float = BODY_SECONDS
    site: SiteProfile | None = None
    sign_ups: SignUps | None = None
    zone: tzinfo = JAPAN
    lifespan: Lifespan[Starlette] | None = None
    digests: DigestMoments = MOMENTS
    push_budgets: SignUpBudgets | None = None
    trusted_proxies: tuple[str, ...] = LOOPBACK


def create_app(
    database: Database, tokens: LinkSigner, lists: Mapping[str, MailList], clock: Clock, options: AppOptions = AppOptions()
) -> Starlette:
    """Return the ASGI application. ``lists`` is from `bundle.read_lists`; their titles and contact addresses are shown."""
    site, sign_ups, work = options.site, options.sign_ups, WorkThreads(AT_WORK, MOST_WAITING)
    pages = Pages(lists, site, options.source_url, takes_sign_ups=sign_ups is not None, moments=options.digests)
    service = _Service(database, pages, clock, options.metrics, work)
    joining = Joining(database, lists, options.confirm, work, lambda mail_list: consent_words(site, [mail_list]))
    routes, ask_for_link = _service_routes(service, pages), None
    if sign_ups is not None:
        person = PersonPages(database, sign_ups.sealer, sign_ups.wake, sign_ups.erase, pages, work, clock)
        routes += _person_routes(person) + _sign_up_routes(SignUpPages(sign_ups, database, tokens, lists, pages, work, clock))
        ask_for_link = person.ask_for_link
    if options.push_budgets is not None and site is not None and site.push_key:
        push_site = site_of(site.url, site.push_key)
        routes += _push_routes(PushPages(push_site, database, work, clock, options.push_budgets, options.trusted_proxies))
    readers = ReaderPages(database, tokens, lists, pages, joining, work, clock, options.body_seconds, ask_for_link, options.zone)
    app = Starlette(
        routes=routes + _reader_routes(readers),
        middleware=[Middleware(ProtectiveHeaders), Middleware(OneLength)],
        exception_handlers=service.pages_of_errors(),
        lifespan=options.lifespan,
    )
    app.router.redirect_slashes = False  # a redirect would be made of the Host field, and the path is a key to a subscription
    return app


def _service_routes(service: _Service, pages: Pages) -> list[Route]:
    return [
        Route("/", service.home, methods=["GET"]),
        Route("/mark.svg", pages.mark, methods=["GET"]),
        Route("/healthz", service.health, methods=["GET"]),
        Route("/metrics", service.metrics, methods=["GET"]),
    ]


def _reader_routes(readers: ReaderPages) -> list[Route]:
    return [
        Route("/unsubscribe/{token}", readers.confirm, methods=["GET"]),
        Route("/unsubscribe/{token}", readers.unsubscribe, methods=["POST"]),
        Route("/return/{token}", readers.return_to_list, methods=["POST"]),
        Route("/preferences/{token}", readers.preferences, methods=["GET"]),
        Route("/preferences/{token}", readers.save_preferences, methods=["POST"]),
        Route("/join/{token}", readers.ask_to_join, methods=["GET"]),
        Route("/join/{token}", readers.join, methods=["POST"]),
    ]


def _person_routes(person: PersonPages) -> list[Route]:
    return [
        Route("/person/{token}", person.show, methods=["GET"]),
        Route("/person/{token}", person.post, methods=["POST"]),
        Route("/person/{token}/data.json", person.download, methods=["GET"]),
        Route("/address/{token}", person.ask_address, methods=["GET"]),
        Route("/address/{token}", person.change_address, methods=["POST"]),
    ]


def _sign_up_routes(sign_ups: SignUpPages) -> list[Route]:
    return [
        Route("/sign-up", sign_ups.show, methods=["GET"]),
        Route("/sign-up", sign_ups.post, methods=["POST"]),
        Route("/sign-up/{list}", sign_ups.show, methods=["GET"]),
        Route("/confirm/{token}", sign_ups.ask, methods=["GET"]),
        Route("/confirm/{token}", sign_ups.confirm, methods=["POST"]),
    ]


def _push_routes(push: PushPages) -> list[Route]:
    return [
        Route("/push/subscribe", push.subscribe, methods=["POST"]),
        Route("/push/unsubscribe", push.unsubscribe, methods=["POST"]),
    ]


class _Service:
    """What is no reader's page: home, health, figures, and the pages of what goes wrong."""

    def __init__(self, database: Database, pages: Pages, clock: Clock, metrics: MetricsEndpoint | None, work: WorkThreads) -> None:
        self._database = database
        self._pages = pages
        self._clock = clock
        self._metrics = metrics
        self._work, self._watch = work, WorkThreads(1, 1)
        self._ping: asyncio.Task[None] | None = None

    def pages_of_errors(self) -> dict[int | type[Exception], ErrorPage]:
        """Return what answers when a page cannot."""
        return {
            404: self.not_found,
            405: self.not_so,
            408: self.not_so,
            413: self.not_so,
            500: self.failed,
            LinkOutdated: self.outdated,
            TokenError: self.bad_token,
            PreferenceError: self.bad_form,
            DeliveryRefused: self.refused,
            DatabaseError: self.unavailable,
        }

    async def home(self, request: Request) -> Response:
        """Say what this service is for."""
        return self._pages.page(request, "home.html")

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

    async def not_found(self, request: Request, _error: Exception) -> Response:
        """Say that there is no such page, and where to ask."""
        return self._pages.page(request, "missing.html", 404)

    async def not_so(self, request: Request, error: Exception) -> Response:
        """Say in words what a request did that no form of ours does: open an address that a button uses, or send too much or too slowly."""
        assert isinstance(error, HTTPException)  # the table of handlers says which
        response = self._pages.page(request, "not-so.html", error.status_code, reason=error.status_code)
        response.headers.update(error.headers or {})
        return response

    async def failed(self, request: Request, _error: Exception) -> Response:
        """Say that something failed here. Starlette raises the error again afterwards, so that it is logged; no middleware of ours sees this answer."""
        response = self._pages.page(request, "failed.html", 500)
        response.headers.update(PROTECTIVE)
        return response

    async def bad_form(self, request: Request, _error: Exception) -> Response:
        """Say that a form was cut off on the way, or is none of this page's."""
        return self._pages.page(request, "form.html", 400)

    async def bad_token(self, request: Request, _error: Exception) -> Response:
        """Say what to do when a link does not work."""
        return self._pages.page(request, "bad.html", 400)

    async def outdated(self, request: Request, _error: Exception) -> Response:
        """Say that a link was revoked or has expired, and where newer ones are. 410: gone, and not by a fault (RFC 9110 section 15.5.11)."""
        return self._pages.page(request, "old.html", 410)

    async def refused(self, request: Request, _error: Exception) -> Response:
        """Say that nothing may be sent to this address, and whom to ask."""
        return self._pages.page(request, "blocked.html", 403)

    async def unavailable(self, request: Request, _error: Exception) -> Response:
        """Answer 503 while the database is away: mail programs come again after it."""
        return self._pages.page(request, "busy.html", 503)


def _note_failure(task: asyncio.Task[None]) -> None:
    """Look at the failure, so that asyncio does not report one that nobody waited for."""
    if not task.cancelled():
        task.exception()
