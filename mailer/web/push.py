"""Where the site's button posts to: a browser wants to be told by Web Push, or no more. GET changes nothing; there is no page.

What comes here is a stranger's word. The endpoint must be https to a name, with keys of the right size, and be made with the site's own key; where its
name leads is looked at when something is sent (`public_address`). The answer may be read by the site only (CORS), and a page of another site that posts
here is refused. Whoever knows an endpoint may end it: nobody but the browser and its push service does.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mailer.database.engine import Database
from mailer.database.push import push_subscriptions
from mailer.database.push.push_subscriptions import PushSubscription
from mailer.model.clock import Clock
from mailer.web.requests import BODY_SECONDS, read_body
from mailer.web.sign_up.budgets import Budget, SignUpBudgets, Verdict, client_network
from mailer.web.threads import WorkThreads
from public_address import https_host

NETWORK = Budget(free=60, most=60, refill=20)
"""Behind one address of a carrier or a school there are many browsers. There is nothing to prove here: above it, they come again later."""
ALL = Budget(free=20_000, most=20_000, refill=0.01)
FIELDS = 8
POINT, SECRET = 65, 16
"""Bytes of an uncompressed point of P-256 (SEC 1, section 2.3.3) and of the secret of a subscription (RFC 8291 section 3.2)."""
UNCOMPRESSED = 4
RETRY_AFTER = {"Retry-After": "600"}


@dataclass(frozen=True, slots=True)
class PushSite:
    """The site whose button posts here: its origin (RFC 6454), and its public key, base64url."""

    origin: str
    key: str


def site_of(url: str, key: str) -> PushSite:
    """Return the site at an address."""
    parts = urlsplit(url)
    return PushSite(f"{parts.scheme}://{parts.netloc}", key)


class PushPages:
    """``/push/subscribe`` and ``/push/unsubscribe``.

    :param trusted_proxies: networks whose ``X-Forwarded-For`` is believed.
    """

    def __init__(
        self, site: PushSite, database: Database, work: WorkThreads, clock: Clock, budgets: SignUpBudgets, trusted_proxies: tuple[str, ...]
    ) -> None:
        self._site, self._database, self._work, self._clock = site, database, work, clock
        self._budgets, self._trusted = budgets, trusted_proxies

    async def subscribe(self, request: Request) -> Response:
        """Note the browser. 204: it is noted, whether it was there before or not."""

        def store(fields: Mapping[str, str], now: datetime) -> Callable[[], None] | None:
            wish = read_wish(fields, self._site.key)
            return None if wish is None else lambda: push_subscriptions.subscribe(self._database, wish, now)

        return await self._post(request, store)

    async def unsubscribe(self, request: Request) -> Response:
        """Forget the browser. 204: it is not there any more, if it ever was."""

        def remove(fields: Mapping[str, str], _now: datetime) -> Callable[[], None] | None:
            endpoint = fields.get("endpoint", "")
            return (lambda: push_subscriptions.unsubscribe(self._database, endpoint)) if https_host(endpoint) else None

        return await self._post(request, remove)

    async def _post(self, request: Request, read: Callable[[Mapping[str, str], datetime], Callable[[], None] | None]) -> Response:
        if request.headers.get("origin") != self._site.origin:
            return PlainTextResponse("Only the pages of the site may ask this.\n", 403)
        return self._for_the_site(await self._answer(request, read))

    async def _answer(self, request: Request, read: Callable[[Mapping[str, str], datetime], Callable[[], None] | None]) -> Response:
        try:
            body = await read_body(request, BODY_SECONDS)
        except HTTPException as error:  # a script reads this answer, and no person
            return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)
        now = self._clock()
        change = read(_fields(body), now)
        if change is None:
            return PlainTextResponse("This is no subscription of a browser, or one for another site.\n", 400)
        network = client_network(request, self._trusted)
        if self._budgets.verdict(network, now) is not Verdict.FREE:
            return PlainTextResponse("Too many at a time: come again later.\n", 429, RETRY_AFTER)
        self._budgets.count(network, now)
        await self._work.run(change)
        return Response(status_code=204)

    def _for_the_site(self, response: Response) -> Response:
        """Fetch, "CORS protocol": the script of the site may read the answer."""
        response.headers["Access-Control-Allow-Origin"] = self._site.origin
        response.headers["Vary"] = "Origin"
        return response


def read_wish(fields: Mapping[str, str], key: str) -> PushSubscription | None:
    """Return the subscription of a posted form; None: it is none that we could push to."""
    wish = PushSubscription(fields.get("endpoint", ""), fields.get("p256dh", ""), fields.get("auth", ""), fields.get("key", ""))
    point, secret = decode(wish.p256dh), decode(wish.auth)
    is_ours = wish.server_key == key
    is_whole = len(point) == POINT and point[0] == UNCOMPRESSED and len(secret) == SECRET
    return wish if is_ours and is_whole and https_host(wish.endpoint) else None


def decode(text: str) -> bytes:
    """Return the bytes of base64url, with padding or without; nothing if it is none."""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""


def _fields(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items() if len(values) == 1}
