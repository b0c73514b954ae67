"""Web Push to the browsers whose readers asked for it, without a third party of ours: each browser has its maker's push service (RFC 8030).

A message is encrypted for each browser (RFC 8291) and signed for its push service (VAPID, RFC 8292). A repeat is told by ``Topic`` at the push service
and by the notification's tag in the browser: it takes the place of the first. A push service answers 404 or 410 for a subscription that is gone.

The endpoint of a subscription was named by a stranger: only https to public addresses (`public_address`), and a host that does not answer is left alone
for the rest of a round, so that one cannot hold up the others.
"""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import ClassVar, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import http_ece
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from channels.adapters.http import Http, Reply, StatusRules, json_bytes
from channels.adapters.refusals import NoEdits
from channels.model import Answer, ChannelKind, Deferred, Post, Posted, Refused, Traits
from public_address import https_host

TRAITS = Traits(key_life=timedelta(days=7))
STATUSES = StatusRules(has_keys=True, broken=frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}))
GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
LARGEST = 3993
"""Bytes before encryption: what push services must take is 4096 (RFC 8030 section 7.2), of which RFC 8188 needs 103."""
PORTION = 200
"""Subscriptions at a time: as many as may get a message twice if the power fails, where it takes the place of the first."""
AT_ONCE = 32
"""Messages on their way."""
LONGEST_REQUEST = 5.0
"""Seconds for one message: a portion of endpoints that all never answer must end within the time that a post may take."""
SIGNED_FOR = timedelta(hours=12)
LONGEST_LIFE = timedelta(days=28)
SECRET_BYTES = 16
"""RFC 8291 section 3.2."""
SOON, GIVEN_UP = timedelta(seconds=10), timedelta(minutes=15)
PATIENCE = 3
"""Requests without an answer after which a host is left alone."""


class Subscription(Protocol):
    """A browser that wants to be told. ``p256dh`` and ``auth``: its keys, base64url (Push API, "PushSubscription")."""

    @property
    def number(self) -> int:
        """Grows with the time of subscribing."""

    @property
    def endpoint(self) -> str:
        """The address at its push service. Whoever has it and the keys may push: a secret."""

    @property
    def p256dh(self) -> str:
        """Its public key, a point of P-256, uncompressed."""

    @property
    def auth(self) -> str:
        """Its secret of 16 bytes."""


class Subscriptions(Protocol):
    """Where the subscriptions are kept, and which post each has got."""

    async def waiting(self, server_key: str, key: UUID, after: int, most: int) -> Sequence[Subscription]:
        """Return those made with this public key of ours that have not got this post, by number, from the first behind ``after``."""

    async def note(self, key: UUID, done: Collection[int], gone: Collection[int], failed: Collection[int]) -> None:
        """Write down who needs no more tries of this post. Those that are gone are deleted; those that failed have one failure more, or are deleted, too."""

    async def has_arrived(self, key: UUID) -> bool:
        """Return whether anybody has got this post."""


@dataclass
class _Round:
    got: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    refused: dict[int, Refused] = field(default_factory=dict)
    waits: list[timedelta] = field(default_factory=list)
    silent: Counter[str] = field(default_factory=Counter)


@dataclass(repr=False)
class WebPushAdapter(NoEdits):
    """``contact``: whom a push service may ask. ``life``: how long a message is of use, from the post's own moment.

    ``may_send``: whether an endpoint may be sent to. ``seconds``: after that much time a round ends, and the next one goes on.
    """

    http: Http
    vapid: Vapid02
    contact: str
    subscriptions: Subscriptions
    life: timedelta
    may_send: Callable[[str], object] = https_host
    seconds: float = 60.0
    kind: ClassVar[ChannelKind] = ChannelKind.WEB_PUSH
    traits: ClassVar[Traits] = TRAITS
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), repr=False)
    _places_in_list: dict[UUID, int] = field(default_factory=dict, repr=False)
    _signatures: dict[str, tuple[float, str]] = field(default_factory=dict, repr=False)

    async def post(self, post: Post) -> Answer:
        """See `Adapter`. `Posted` once every subscription has got it, is gone, or was refused; else `Deferred`, and the next try goes on."""
        content = json_bytes(notification(post))
        if len(content) > LARGEST:
            return Refused(f"{self.name}: {len(content)} bytes are more than a push message may have / 長すぎます")
        now, loop = self.http.clock().astimezone(UTC), asyncio.get_running_loop()
        life = min(max(post.created + self.life - now, timedelta(0)), LONGEST_LIFE)
        headers = {
            "TTL": str(int(life.total_seconds())),
            "Urgency": "high" if post.is_urgent else "normal",
            "Topic": base64.urlsafe_b64encode(post.key.bytes).decode().rstrip("="),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
        }
        whole, first, end = _Round(), self._places_in_list.pop(post.key, 0), loop.time() + self.seconds
        after = first
        while portion := await self.subscriptions.waiting(public_key(self.vapid), post.key, after, PORTION):
            part = _Round(silent=whole.silent)
            await asyncio.gather(*(self._push(each, content, headers, part) for each in portion))
            await self.subscriptions.note(post.key, part.got, part.gone, ())
            after = portion[-1].number
            whole.got |= part.got
            whole.failed |= part.failed
            whole.refused |= part.refused
            whole.waits += part.waits
            if loop.time() > end:
                self._places_in_list[post.key] = after  # those who failed come again only when everybody has had a turn
                return Deferred(f"{self.name}: {len(whole.got)} told in this round, the next goes on / 続きを送ります", timedelta(0))
        if first:
            return Deferred(f"{self.name}: those who could not be told are tried again / もう一度試します", timedelta(0))
        return await self._sum_up(post, whole, now)

    async def _sum_up(self, post: Post, whole: _Round, now: datetime) -> Answer:
        """A key of ours that is no longer valid is refused by everybody. Where somebody took the message, whoever refuses it has an older key, or
        wants to stop the channel: that is theirs. A push service that is away is tried again soon, and given up when the post is some minutes old.
        """
        if not whole.got and not await self.subscriptions.has_arrived(post.key):
            if whole.refused and not whole.failed:
                return next((each for each in whole.refused.values() if each.is_channel_broken), next(iter(whole.refused.values())))
            return self._left(whole, max(whole.waits, default=None)) if whole.failed else Posted(str(post.key))
        given_up = {*whole.refused} | (whole.failed if now - post.created > GIVEN_UP else set())
        if given_up:
            await self.subscriptions.note(post.key, given_up, (), given_up)
        return self._left(whole, SOON) if whole.failed - given_up else Posted(str(post.key))

    def _left(self, whole: _Round, wait: timedelta | None) -> Deferred:
        count = len(whole.failed) + len(whole.refused)
        return Deferred(f"{self.name}: {count} of {count + len(whole.got)} could not be told / 届かない購読があります", wait)

    async def _push(self, subscription: Subscription, content: bytes, headers: dict[str, str], part: _Round) -> None:
        """One message is encrypted when it can leave: encrypting all at once would hold up the other channels, and waiting would count as no answer."""
        async with self._places:
            await self._send(subscription, content, headers, part)

    async def _send(self, subscription: Subscription, content: bytes, headers: dict[str, str], part: _Round) -> None:
        host, number = urlsplit(subscription.endpoint).hostname or "", subscription.number
        if part.silent[host] >= PATIENCE:
            part.failed.add(number)
            return
        message = encrypted(content, subscription) if self.may_send(subscription.endpoint) else None
        if message is None:
            part.gone.add(number)
            return
        reply = await self.http.ask("POST", subscription.endpoint, headers | {"Authorization": self._authorization(subscription)}, message)
        if not isinstance(reply, Reply):
            part.silent[host] += 1
            part.failed.add(number)
        elif reply.is_good:
            part.got.add(number)
        elif reply.status in GONE:
            part.gone.add(number)
        elif isinstance(answer := self.http.judge(reply), Refused):
            part.refused[number] = answer
        else:
            part.failed.add(number)
            if isinstance(answer, Deferred) and answer.wait is not None:
                part.waits.append(answer.wait)

    def _authorization(self, subscription: Subscription) -> str:
        """One signature serves all subscriptions of a push service, for half its life (RFC 8292 section 2)."""
        parts, now = urlsplit(subscription.endpoint), self.http.clock().timestamp()
        origin = f"{parts.scheme}://{parts.netloc}"
        made, signature = self._signatures.get(origin, (float("-inf"), ""))
        if not 0 <= now - made < SIGNED_FOR.total_seconds() / 2:
            claims = {"aud": origin, "exp": int(now + SIGNED_FOR.total_seconds()), "sub": self.contact}
            signature = str(self.vapid.sign(claims)["Authorization"])
            self._signatures[origin] = now, signature
        return signature


def notification(post: Post) -> dict[str, object]:
    """Return what the service worker of the site shows (themes/miyagi/static/web-push-worker.js). The address is the notification's own, not its text."""
    link = post.link
    text = post.text.removesuffix(link.address).rstrip() if link is not None else post.text
    first, _, rest = text.partition("\n")
    title = link.title if link is not None and link.title else first
    body = text.removeprefix(title).lstrip() if text.startswith(title) else text
    return {
        "title": title,
        "body": body if link is not None and link.title else rest.lstrip(),
        "url": link.address if link is not None else "",
        "lang": post.language,
        "tag": str(post.key),
        "urgent": post.is_urgent,
    }


def encrypted(content: bytes, subscription: Subscription) -> bytes | None:
    """Return the message for one browser, with a key and a salt of its own; None: its keys are none."""
    try:
        key, secret = _bytes(subscription.p256dh), _bytes(subscription.auth)
        if len(secret) != SECRET_BYTES:
            return None
        own = ec.generate_private_key(ec.SECP256R1())
        return bytes(http_ece.encrypt(content, private_key=own, dh=key, auth_secret=secret, version="aes128gcm"))
    except (ValueError, InvalidKey, http_ece.ECEException):
        return None


def read_key(secret: str) -> Vapid02:
    """Return the private key of a PEM text, its lines perhaps joined as in variables of the environment, or of 32 bytes in base64url.

    :raises ValueError: it is neither.
    """
    try:
        key = Vapid02.from_pem(secret.replace("\\n", "\n").encode()) if "BEGIN" in secret else Vapid02.from_string(secret)
        is_one = isinstance(key.private_key, ec.EllipticCurvePrivateKey) and isinstance(key.private_key.curve, ec.SECP256R1)
    except Exception:  # py_vapid has many ways to fail
        is_one = False
    if not is_one:
        raise ValueError("the secret is no private key of P-256")
    return key


def make_key() -> str:
    """Return a new private key as PEM."""
    vapid = Vapid02()
    vapid.generate_keys()
    return str(vapid.private_pem().decode())


def public_key(vapid: Vapid02) -> str:
    """Return the public key as the Push API takes it (``applicationServerKey``): the uncompressed point, base64url."""
    point = vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
