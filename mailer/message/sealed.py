"""Sealed tokens: links whose content nobody but this service can read or make. Pure, but for the random nonce.

A link of a magazine (`links`) names a number; the link of a sign-up must name an address that is in no table yet. It is encrypted and authenticated with
AES-256-GCM (NIST SP 800-38D), so that neither the log of a proxy nor the history of a borrowed telephone shows whose it is. The purpose is bound to the
token as associated data: a link that confirms a sign-up opens nothing else. As with signed links, the newest key seals and every key opens.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
from binascii import Error as BadBase64
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailer.model.errors import TokenError
from mailer.model.readers import addresses
from mailer.secrets import Secret

SEAL_SALT, HASH_SALT, STAMP_SALT = b"todoke.sealed.1", b"todoke.mailbox.1", b"todoke.form.1"
NONCE = 12  # bytes, SP 800-38D section 5.2.1.1
LONGEST = 2000
"""Characters of a token. Ours have 150 to 900: as many lists as a prefecture has."""
TOKEN = re.compile(rf"[A-Za-z0-9_-]{{40,{LONGEST}}}", re.ASCII)


class SealedPurpose(StrEnum):
    """What the holder of a sealed token may do."""

    SIGN_UP = "sign-up"
    """Confirm a subscription."""

    PERSON = "person"
    """See all that is stored about the reader, change the address, erase it."""

    ADDRESS = "address"
    """Confirm a new address of a reader who has confirmed the change at the old one."""


class TokenSealer:
    """Seals and opens tokens. The keys are given newest first.

    :param random: a number of bytes → as many random ones.
    """

    def __init__(self, keys: Sequence[Secret], random: Callable[[int], bytes] = os.urandom) -> None:
        self._ciphers = [AESGCM(_derived(key, SEAL_SALT)) for key in keys]
        self._hash_key = _derived(keys[0], HASH_SALT)
        self._stamp_keys = [_derived(key, STAMP_SALT) for key in keys]
        self._random = random

    def seal(self, purpose: SealedPurpose, content: bytes) -> str:
        """Return the token: letters, digits, `-` and `_`, for one segment of a path."""
        nonce = self._random(NONCE)
        return base64.urlsafe_b64encode(nonce + self._ciphers[0].encrypt(nonce, content, purpose.encode())).decode().rstrip("=")

    def open_any(self, token: str) -> tuple[SealedPurpose, bytes]:
        """Return for what it was sealed, and what.

        :raises TokenError: see `open`.
        """
        for purpose in SealedPurpose:
            with suppress(TokenError):
                return purpose, self.open(purpose, token)
        raise TokenError("The link is damaged or was not made here.")

    def open(self, purpose: SealedPurpose, token: str) -> bytes:
        """Return what was sealed.

        :raises TokenError: none of our keys has sealed it for this purpose. The token is not repeated.
        """
        sealed = _decode(token)
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode())
            except InvalidTag:
                continue
        raise TokenError("The link is damaged or was not made here.")

    def hash_address(self, address: str, purpose: SealedPurpose = SealedPurpose.SIGN_UP) -> str:
        """Return a keyed hash (HMAC-SHA-256, hexadecimal) of the mailbox behind the address: it can be compared, and says nothing to others.

        Mails that a reader alone can ask for (`SealedPurpose.PERSON`) are counted apart from those that anybody can.
        """
        prefix = "person\n" if purpose is SealedPurpose.PERSON else ""
        return hmac.digest(self._hash_key, f"{prefix}{addresses.mailbox_key(address)}".encode(), "sha256").hex()

    def code_of(self, token: str) -> str:
        """Return ten letters and digits that stand for the token where somebody has to answer a mail by hand (50 bits; none of them look alike)."""
        digest = hmac.digest(self._hash_key, b"code " + token.encode(), "sha256")
        return base64.b32encode(digest)[:10].decode().translate(str.maketrans("OIL", "890"))

    def sign_time(self, text: str) -> str:
        """Return a signature of a time in a form: 32 hexadecimal digits."""
        return hmac.digest(self._stamp_keys[0], text.encode(), "sha256").hex()[:32]

    def verify_time(self, text: str, signature: str) -> bool:
        """Whether one of our keys has made the signature."""
        expected = [hmac.digest(key, text.encode(), "sha256").hex()[:32] for key in self._stamp_keys]
        return any([hmac.compare_digest(each.encode(), signature.encode()) for each in expected])  # noqa: C419 - every one is compared


def _derived(key: Secret, salt: bytes) -> bytes:
    return hmac.digest(key.value.encode(), salt, "sha256")


def _decode(token: str) -> bytes:
    """:raises TokenError: not the one way to write these bytes in base64 (RFC 4648 section 3.5)."""
    if TOKEN.fullmatch(token):
        try:
            sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (BadBase64, ValueError):
            sealed = b""
        if base64.urlsafe_b64encode(sealed).decode().rstrip("=") == token:
            return sealed
    raise TokenError("The link is not one of ours.")
