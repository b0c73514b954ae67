"""Signed links: who unsubscribes from what, without a password and without a row per link. Pure.

A token never expires: a link in a five-year-old magazine still has to work. Keys rotate instead: the newest signs,
the older ones still open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

from mailer.errors import TokenError
from mailer.secret import Secret

SALT = "todoke.unsubscribe.1"
LONGEST = 300  # characters


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says: this subscriber, this list."""

    subscriber_id: int
    list: str


class Tokens:
    """Signs and opens tokens with keys given newest first."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        # itsdangerous signs with the last key of the list, so ours is turned around.
        oldest_first = [key.value for key in reversed(keys)]
        self._serializer = URLSafeSerializer(
            oldest_first, salt=SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )

    def sign(self, claim: Claim) -> str:
        """The token: ASCII, fit for one path segment of a URL."""
        return str(self._serializer.dumps([claim.subscriber_id, claim.list]))

    def read(self, token: str) -> Claim:
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
                return Claim(subscriber_id, key)
        raise TokenError("The link is not one of ours.")
