"""Signed links: what a reader may do without a password and without a row per link. Pure.

A token says whose it is, for which list, for what (`Purpose`) and with which version of the reader's links; a higher version in the database revokes it.
It is written plainly, since it is no secret that somebody has the number 7, and ends in the first or the second half of one HMAC: each half is a
signature of its own for one purpose. Tokens of version 0.2 and older (`_read_old`) say no purpose: they end a subscription, as the law and RFC 8058 want
of a link in a mail that was delivered, and nothing else.

A token in a magazine never expires: a link in a five-year-old issue still has to work. Keys rotate instead: the newest signs, the older ones still open.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from binascii import hexlify
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer, encoding

from mailer.model.errors import TokenError
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import is_safe_key
from mailer.model.readers.subscription import FORMATS
from mailer.secrets import Secret

OLD_SALT = "todoke.unsubscribe.1"
LINK_SALT, JOIN_SALT, RETURN_SALT = b"todoke.links.2", b"todoke.join.2", b"todoke.return.1"
LONGEST = 300  # characters of a token; ours have 60 to 130
LARGEST_ID = 2**63 - 1  # what the databases' integers hold
BLOCK = 64  # bytes; the block size of SHA-256 in RFC 2104
MAC = 32  # hexadecimal digits, 128 bits: half of an HMAC-SHA-256
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
TOKEN = re.compile(r"([up])((?:0|[1-9][0-9]{0,17})\.([0-9a-f]{8})\.([0-9A-Za-z-]{1,64}))\.([0-9a-f]{32})", re.ASCII)
JOIN_TOKEN = re.compile(
    rf"(j([1-9][0-9]{{0,17}})\.([0-9a-f]{{8}})\.([0-9A-Za-z-]{{1,64}})\.({'|'.join(FORMATS)})\.([0-9]{{1,18}}))\.([0-9a-f]{{32}})", re.ASCII
)

NOBODY = SubscriberId(0)
"""No subscriber has this number: the links of a test message open their pages and change nothing."""


class Purpose(StrEnum):
    """What the holder of a token may do."""

    UNSUBSCRIBE = "unsubscribe"
    """End the one list."""

    PREFERENCES = "preferences"
    """See all lists of the reader, end them, and ask to join them again."""


LETTERS = {Purpose.UNSUBSCRIBE: "u", Purpose.PREFERENCES: "p"}
PURPOSES = {letter: purpose for purpose, letter in LETTERS.items()}
HALVES = {Purpose.UNSUBSCRIBE: slice(0, MAC), Purpose.PREFERENCES: slice(MAC, 2 * MAC)}


@dataclass(frozen=True, slots=True)
class RecipientLinks:
    """A recipient's own signed links. They hold no personal data that can be read without the database."""

    unsubscribe: str
    preferences: str


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """What a token says: which subscriber, which list, which version of the subscriber's links, for what."""

    subscriber_id: SubscriberId
    list: str
    version: int = 0
    purpose: Purpose = Purpose.UNSUBSCRIBE


@dataclass(frozen=True, slots=True)
class JoinClaim:
    """What the token of a confirmation mail says: who asked to receive which list again, in which form, and when the mail was asked for."""

    subscriber_id: SubscriberId
    list: str
    version: int
    form: str
    asked_at: datetime


class LinkSigner:
    """Signs and opens tokens. The keys are given newest first: the newest signs, all of them open."""

    def __init__(self, keys: Sequence[Secret]) -> None:
        # itsdangerous signs with the last key of its list.
        oldest_first = [key.value for key in reversed(keys)]
        self._old = URLSafeSerializer(
            oldest_first, salt=OLD_SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
        )
        self._link_macs = [_hmac(_derived(key, LINK_SALT)) for key in keys]
        self._join_keys = [_derived(key, JOIN_SALT) for key in keys]
        self._return_keys = [_derived(key, RETURN_SALT) for key in keys]
        self._return_mac = _hmac(self._return_keys[0])

    def sign(self, claim: LinkClaim) -> str:
        """The token: ASCII characters that fit into one path segment of a URL, the last one a letter or a digit."""
        body = _body(claim.subscriber_id, claim.version, claim.list)
        return f"{LETTERS[claim.purpose]}{body}.{_halves(self._link_macs[0], body)[HALVES[claim.purpose]]}"

    def signer(self, key: str) -> Callable[[SubscriberId, int], tuple[bytes, bytes]]:
        """`sign` for one list and many subscribers: subscriber and version → tokens to unsubscribe and to see the preferences, for one HMAC."""
        mac, tail = self._link_macs[0], f".{key}".encode()

        def sign(subscriber_id: SubscriberId, version: int) -> tuple[bytes, bytes]:
            body = b"%d.%08x%b" % (subscriber_id, version, tail)
            digest = hexlify(mac(body))
            return b"u%b.%b" % (body, digest[:MAC]), b"p%b.%b" % (body, digest[MAC:])

        return sign

    def read(self, token: str) -> LinkClaim:
        """What the token claims.

        :raises TokenError: not signed by any of our keys, or not one of our tokens. The token is not repeated.
        """
        match = TOKEN.fullmatch(token)
        if match is None:
            return self._read_old(token)
        letter, body, version, key, signature = match.groups()
        half = HALVES[PURPOSES[letter]]
        if not _is_any([_halves(mac, body)[half] for mac in self._link_macs], signature):
            raise TokenError("The link is damaged or was not signed here.")
        return LinkClaim(SubscriberId(int(body.partition(".")[0])), key, int(version, 16), PURPOSES[letter])

    def sign_join(self, claim: JoinClaim) -> str:
        """The token of a confirmation mail. It is in that mail only."""
        asked_at = (claim.asked_at - EPOCH) // MICROSECOND
        text = f"j{_body(claim.subscriber_id, claim.version, claim.list)}.{claim.form}.{asked_at}"
        return f"{text}.{hmac.digest(self._join_keys[0], text.encode(), 'sha256').hex()[:MAC]}"

    def read_join(self, token: str) -> JoinClaim:
        """What the token of a confirmation mail claims. How long it holds is for the caller to judge.

        :raises TokenError: see `read`.
        """
        match = JOIN_TOKEN.fullmatch(token)
        if match is None:
            raise TokenError("The link is not one of ours.")
        text, subscriber_id, version, key, form, asked_at, signature = match.groups()
        if not _is_any([hmac.digest(each, text.encode(), "sha256").hex()[:MAC] for each in self._join_keys], signature):
            raise TokenError("The link is damaged or was not signed here.")
        return JoinClaim(SubscriberId(int(subscriber_id)), key, int(version, 16), form, EPOCH + int(asked_at) * MICROSECOND)

    def sign_return_path(self, text: str) -> str:
        """A short signature for a return path, so that nobody can forge a bounce: 12 hexadecimal digits."""
        return self._return_mac(text.encode())[:6].hex()

    def verify_return_path(self, text: str, signature: str) -> bool:
        """Whether one of our keys made the signature."""
        return _is_any([hmac.digest(key, text.encode(), "sha256")[:6].hex() for key in self._return_keys], signature)

    def _read_old(self, token: str) -> LinkClaim:
        """Read a token of version 0.2 or older: `[subscriber, list]`, signed by itsdangerous. Its version is 0, and it may only unsubscribe."""
        if len(token) > LONGEST or not _is_canonical(token.rpartition(".")[2]):
            raise TokenError("The link is not one of ours.")
        try:
            payload = self._old.loads(token)
        except BadData:
            raise TokenError("The link is damaged or was not signed here.") from None
        match payload:
            case [int(subscriber_id), str(key)] if 0 <= subscriber_id <= LARGEST_ID and is_safe_key(key):
                return LinkClaim(SubscriberId(subscriber_id), key)
        raise TokenError("The link is not one of ours.")


def return_path_for(base: str, issue_id: IssueId, signer: LinkSigner) -> Callable[[SubscriberId], str]:
    """Makes the return path of each message of an issue: a VERP address, for example bounce+45-7-0123456789ab@example.jp.

    `parse_return_path` opens it.
    """
    local, _, domain = base.rpartition("@")
    begin, end = f"{local}+", f"@{domain}"

    def make(subscriber_id: SubscriberId) -> str:
        key = f"{issue_id}-{subscriber_id}"
        return f"{begin}{key}-{signer.sign_return_path(key)}{end}"

    return make


def parse_return_path(address: str, signer: LinkSigner) -> tuple[IssueId, SubscriberId] | None:
    """Issue and subscriber of a VERP address, or None if we did not make it."""
    match = re.fullmatch(r".*\+((\d+)-(\d+))-([0-9a-f]{12})", address.rpartition("@")[0])
    if match is None or not signer.verify_return_path(match[1], match[4]):
        return None
    return IssueId(int(match[2])), SubscriberId(int(match[3]))


def _derived(key: Secret, salt: bytes) -> bytes:
    """A key for one use of the secret, so that a signature of one kind is none of another kind."""
    return hmac.digest(key.value.encode(), salt, "sha256")


def _body(subscriber_id: SubscriberId, version: int, key: str) -> str:
    return f"{subscriber_id}.{version:08x}.{key}"


def _halves(mac: Callable[[bytes], bytes], body: str) -> str:
    """The 64 hexadecimal digits that hold a signature for each purpose."""
    return mac(body.encode()).hex()


def _is_canonical(signature: str) -> bool:
    """Whether this is the one way to write the signature in base64: its last character has bits that say nothing (RFC 4648 section 3.5)."""
    try:
        return encoding.base64_encode(encoding.base64_decode(signature)).decode() == signature
    except BadData:
        return False


def _is_any(expected: Sequence[str], signature: str) -> bool:
    """Whether the signature is one of those, in a time that does not tell how much of it is right."""
    return any([hmac.compare_digest(each, signature) for each in expected])  # noqa: C419 - every one is compared


def _hmac(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA-256 (RFC 2104) for many short texts with one key: the blocks of the key are hashed once."""
    padded = (key if len(key) <= BLOCK else hashlib.sha256(key).digest()).ljust(BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))

    def mac(text: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(text)
        second.update(first.digest())
        return second.digest()

    return mac
