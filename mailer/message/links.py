"""Signed links: who unsubscribes from what, without a password and without a row per link. Pure.

A token never expires: a link in a five-year-old magazine still has to work. Keys rotate instead: the newest signs,
the older ones still open.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from mailer.model.errors import TokenError
from mailer.model.ids import IssueId, SubscriberId
from mailer.secrets import Secret


@dataclass(frozen=True, slots=True)
class RecipientLinks:
    """A recipient's own signed links, without personal data in clear."""

    unsubscribe: str
    preferences: str


def return_path_for(base: str, issue_id: IssueId, tokens: LinkSigner) -> Callable[[SubscriberId], str]:
    """Where each message of an issue comes back to: the VERP address for a subscriber's number, for example
    bounce+45-7-0123456789ab@example.jp (`parse_return_path` opens it).
    """
    local, _, domain = base.rpartition("@")
    begin, end = f"{local}+", f"@{domain}"

    def made(subscriber_id: SubscriberId) -> str:
        key = f"{issue_id}-{subscriber_id}"
        return f"{begin}{key}-{tokens.sign_return_path(key)}{end}"

    return made


def parse_return_path(address: str, tokens: LinkSigner) -> tuple[IssueId, SubscriberId] | None:
    """Issue and subscriber of a VERP address, or None if we did not make it."""
    found = re.fullmatch(r".*\+((\d+)-(\d+))-([0-9a-f]{12})", address.rpartition("@")[0])
    if found is None or not tokens.is_stamped(found[1], found[4]):
        return None
    return IssueId(int(found[2])), SubscriberId(int(found[3]))


SALT = "todoke.unsubscribe.1"


RETURN_SALT = b"todoke.return.1"


LONGEST = 300  # characters


FOR_URLS = bytes.maketrans(b"+/", b"-_")


NOBODY = SubscriberId(0)
"""No subscriber has this number: the links of a test message open their pages and change nothing."""


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a token says: this subscriber, this list."""

    subscriber_id: SubscriberId
    list: str


class LinkSigner:
    """Signs and opens tokens with keys given newest first."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        # itsdangerous signs with the last key of the list, so ours is turned around.
        oldest_first = [key.value for key in reversed(keys)]
        self._serializer = URLSafeSerializer(
            oldest_first, salt=SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )
        self._newest = self._serializer.make_signer(SALT).derive_key()
        self._return_keys = [hmac.digest(key.value.encode(), RETURN_SALT, "sha256") for key in keys]
        self._stamp = _mac(self._return_keys[0])

    def sign(self, claim: LinkClaim) -> str:
        """The token: ASCII, fit for one path segment of a URL."""
        return str(self._serializer.dumps([claim.subscriber_id, claim.list]))

    def signer(self, key: str) -> Callable[[SubscriberId], bytes]:
        """`sign` for one list and many subscribers: the same bytes, with all that they share done once (3 µs instead of 30)."""
        tail, mac = f",{json.dumps(key)}]", _mac(self._newest)
        if any(
            self.sign(LinkClaim(sample, key)).startswith(".") for sample in map(SubscriberId, (1, 10**9))
        ):  # itsdangerous has compressed it
            return lambda subscriber_id: self.sign(LinkClaim(subscriber_id, key)).encode()

        def quick(subscriber_id: SubscriberId) -> bytes:
            value = _base64(f"[{subscriber_id}{tail}".encode())
            return value + b"." + _base64(mac(value))

        return quick

    def sign_return_path(self, text: str) -> str:
        """A short signature for a return path, so that nobody can forge a bounce: 12 hexadecimal digits."""
        return self._stamp(text.encode())[:6].hex()

    def is_stamped(self, text: str, stamp: str) -> bool:
        """Whether one of our keys made the stamp."""
        made = (hmac.digest(key, text.encode(), "sha256")[:6].hex() for key in self._return_keys)
        return any(hmac.compare_digest(one, stamp) for one in made)

    def read(self, token: str) -> LinkClaim:
        """What the token claims.

        :raises TokenError: not signed by any of our keys, or not one of our tokens. The token is not repeated.
        """
        if len(token) > LONGEST:
            raise TokenError("The link is not one of ours.")
        try:
            found = self._serializer.loads(token)
        except BadSignature:
            raise TokenError("The link is damaged or was not signed here.") from None
        match found:
            case [int(subscriber_id), str(key)]:
                return LinkClaim(SubscriberId(subscriber_id), key)
        raise TokenError("The link is not one of ours.")


def _base64(raw: bytes) -> bytes:
    """Fit for URLs and without padding (RFC 4648 section 5)."""
    return b2a_base64(raw, newline=False).translate(FOR_URLS, b"=")


def _mac(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA-256 (RFC 2104) for many short texts with one key: the key's own blocks are hashed once."""
    padded = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))

    def mac(text: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(text)
        second.update(first.digest())
        return second.digest()

    return mac
