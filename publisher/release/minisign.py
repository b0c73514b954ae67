"""Detached signatures that the common tool ``minisign`` checks: ``minisign -Vm manifest.txt -P PUBLIC_KEY``.

Format: the published description of minisign. A signature signs the BLAKE2b-512 of the file with Ed25519 (``ED``, prehashed); a second one binds the
trusted comment to the first.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from publisher.model.errors import PublisherError

_PUBLIC, _PREHASHED = b"Ed", b"ED"


@dataclass(frozen=True)
class PublicKey:
    """``key_id`` has 8 bytes: here the beginning of the key's BLAKE2b, so that one key always has one id."""

    key: Ed25519PublicKey
    key_id: bytes

    @property
    def text(self) -> str:
        """The one line that ``minisign -P`` takes and that a body prints in its leaflet."""
        return base64.b64encode(_PUBLIC + self.key_id + _key_bytes(self.key)).decode()


def public_key(private: Ed25519PrivateKey) -> PublicKey:
    """Return the public half."""
    return with_id(private.public_key())


def with_id(key: Ed25519PublicKey) -> PublicKey:
    """Return a key with the id that it has in our signatures."""
    return PublicKey(key, hashlib.blake2b(_key_bytes(key), digest_size=8).digest())


def read_public_key(text: str) -> PublicKey:
    """Read the last line of a public key file, or the line alone. Raises `PublisherError`."""
    try:
        data = base64.b64decode(text.strip().splitlines()[-1], validate=True)
        if len(data) != 42 or data[:2] != _PUBLIC:
            raise PublisherError("this is no public key of minisign / minisign の公開鍵ではありません")
        return PublicKey(Ed25519PublicKey.from_public_bytes(data[10:]), data[2:10])
    except (ValueError, IndexError) as error:
        raise PublisherError(f"this is no public key of minisign: {error} / minisign の公開鍵ではありません") from error


def sign(data: bytes, private: Ed25519PrivateKey, comment: str) -> bytes:
    """Return the signature file of ``data``. ``comment`` is one line, and signed too."""
    public = public_key(private)
    signature = private.sign(hashlib.blake2b(data).digest())
    of_comment = private.sign(signature + comment.encode())
    lines = (
        f"untrusted comment: signature of todoke, key {public.key_id[::-1].hex().upper()}",
        base64.b64encode(_PREHASHED + public.key_id + signature).decode(),
        f"trusted comment: {comment}",
        base64.b64encode(of_comment).decode(),
    )
    return "\n".join((*lines, "")).encode()


def verify(data: bytes, signature_file: bytes, public: PublicKey) -> str:
    """Return the trusted comment. Raises `PublisherError` if the signature is another's, of other bytes, or broken."""
    try:
        _, first, comment_line, second = signature_file.decode().splitlines()[:4]
        blob, of_comment = base64.b64decode(first, validate=True), base64.b64decode(second, validate=True)
        comment = comment_line.removeprefix("trusted comment: ")
        if blob[:2] != _PREHASHED or blob[2:10] != public.key_id:
            raise PublisherError("the signature is of another key / 別の鍵の署名です")
        public.key.verify(blob[10:], hashlib.blake2b(data).digest())
        public.key.verify(of_comment, blob[10:] + comment.encode())
    except (ValueError, InvalidSignature) as error:
        raise PublisherError("the signature does not hold / 署名が合いません") from error
    return comment


def _key_bytes(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
