"""A push service (RFC 8030) and its browsers: it checks VAPID signatures (RFC 8292), and the browsers decrypt (RFC 8291), both by hand."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.servers.networks.trouble import FakeNetwork


def encode(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """A browser with one subscription. ``shown``: its notifications, by tag: a second one with the same tag takes the first one's place."""

    number: int
    endpoint: str
    secret: bytes = b"0123456789abcdef"
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def p256dh(self) -> str:
        """See the Push API."""
        return encode(self._public)

    @property
    def auth(self) -> str:
        """See the Push API."""
        return encode(self.secret)

    @property
    def _public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def receive(self, message: bytes) -> None:
        """Decrypt one message and show it (RFC 8291 section 3.4, RFC 8188 section 2)."""
        salt, size, length = message[:16], struct.unpack(">I", message[16:20])[0], message[20]
        sender, record = message[21 : 21 + length], message[21 + length :]
        assert len(record) <= size
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        key = _derive(self.secret, shared, b"WebPush: info\0" + self._public + sender, 32)
        content = AESGCM(_derive(salt, key, b"Content-Encoding: aes128gcm\0", 16)).decrypt(
            _derive(salt, key, b"Content-Encoding: nonce\0", 12), record, None
        )
        text, mark, padding = content.rpartition(b"\x02")
        assert mark and not padding.strip(b"\0")
        notification = json.loads(text)
        self.shown[notification["tag"]] = notification


class FakePushService(FakeNetwork):
    """``key``: the public key that its browsers subscribed with, uncompressed. ``gone``: subscriptions that are no more.
    ``most``: requests that were there at the same time."""

    def __init__(self, key: bytes, now: float) -> None:
        super().__init__()
        self.key, self._now = key, now
        self.browsers: dict[int, Browser] = {}
        self.gone: set[int] = set()
        self.statuses: dict[int, int] = {}
        self.together = 0  # requests that are held until so many are there
        self.most = 0
        self._held, self._enough, self._crowd = 0, asyncio.Event(), asyncio.Condition()

    def subscribe(self, count: int) -> list[Browser]:
        """Return new browsers."""
        first = len(self.browsers) + 1
        new = {number: Browser(number, f"{self.address}/push/{number}") for number in range(first, first + count)}
        self.browsers |= new
        return [*new.values()]

    def publishes(self, request: web.Request) -> bool:
        return True

    def published(self) -> list[str]:
        return [f"{number}/{tag}" for number, browser in self.browsers.items() for tag in browser.shown]

    def error(self, status: int, words: str) -> web.Response:
        return web.json_response({"code": status, "errno": 109, "error": words, "message": words}, status=status)

    async def answer(self, request: web.Request) -> web.Response:
        number = int(request.path.rpartition("/")[2])
        message = await request.read()
        await self._hold()
        if (status := self.statuses.get(number)) is not None:
            return self.error(status, "As the test says")
        if number in self.gone or number not in self.browsers:
            return self.error(410, "Gone")
        if not self._is_signed(request):
            return self.error(403, "The VAPID credentials do not correspond to those of the subscription")
        if request.headers["Content-Encoding"] != "aes128gcm" or not request.headers["TTL"].isdigit() or len(message) > 4096:
            return self.error(400, "Bad Request")
        if len(request.headers["Topic"]) > 32:
            return self.error(400, "Invalid Topic")
        self.browsers[number].headers.append(dict(request.headers))
        self.browsers[number].receive(message)
        return web.Response(status=201, headers={"Location": f"{self.address}/m/{number}"})

    async def crowded(self, count: int) -> None:
        """Wait until so many requests are there at the same time."""
        async with self._crowd:
            await self._crowd.wait_for(lambda: self.most >= count)

    async def _hold(self) -> None:
        self._held += 1
        self.most = max(self.most, self._held)
        if self._held >= self.together:
            self._enough.set()
        async with self._crowd:
            self._crowd.notify_all()
        await self._enough.wait()
        self._held -= 1

    def _is_signed(self, request: web.Request) -> bool:
        """RFC 8292 sections 2 and 3: a JSON Web Token with ES256 for this origin, not for longer than 24 hours, and the key of the subscription."""
        scheme, _, rest = request.headers["Authorization"].partition(" ")
        fields = dict(part.strip().split("=", 1) for part in rest.split(","))
        head, claims, signature = fields["t"].split(".")
        key, raw, said = decode(fields["k"]), decode(signature), json.loads(decode(claims))
        number = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key).verify(
                number, f"{head}.{claims}".encode(), ec.ECDSA(SHA256())
            )
        except InvalidSignature:
            return False
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.address))
        is_timely = self._now < said["exp"] <= self._now + 86400
        return scheme == "vapid" and key == self.key and said["aud"] == origin and is_timely and said["sub"].startswith("mailto:")


@dataclass
class Notebook:
    """Subscriptions in memory, as `channels.adapters.web_push.Subscriptions` asks for them."""

    browsers: list[Browser]
    got: dict[UUID, set[int]] = field(default_factory=dict)
    failed: list[int] = field(default_factory=list)

    async def waiting(self, server_key: str, key: UUID, after: int, most: int) -> Sequence[Browser]:
        told = self.got.get(key, set())
        return [each for each in self.browsers if each.number > after and each.number not in told][:most]

    async def note(self, key: UUID, done: Collection[int], gone: Collection[int], failed: Collection[int]) -> None:
        self.got.setdefault(key, set()).update(done)
        self.browsers = [each for each in self.browsers if each.number not in {*gone}]
        self.failed += failed

    async def has_arrived(self, key: UUID) -> bool:
        return bool(self.got.get(key))


def _derive(salt: bytes, key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(key)
