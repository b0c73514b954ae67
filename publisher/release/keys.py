"""Ed25519 keys in files (RFC 8032; PKCS #8 in PEM, RFC 5958): made with mode 0600, refused if others can read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import regular_file
from publisher.model.errors import PublisherError


def new_key(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Make a key and write it, encrypted if there is a passphrase. Raises `PublisherError` if the file exists: a key is never overwritten."""
    key = Ed25519PrivateKey.generate()
    how = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    data = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise PublisherError(f"{path}: there is a key already; it is never overwritten / すでに鍵があります") from None
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    return key


def read_key(path: Path, passphrase: bytes | None = None) -> Ed25519PrivateKey:
    """Read a key that `new_key` wrote. Raises `PublisherError`: missing, readable by others, wrong passphrase, another kind of key."""
    try:
        mode = path.stat().st_mode
        data = regular_file.read_bytes(path)
    except OSError as error:
        raise PublisherError(f"{path}: {error.strerror}. todoke release-keys makes keys / 鍵が読めません") from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise PublisherError(f"{path}: others can read this key. Run: chmod 600 {path} / ほかの人が読める鍵です")
    try:
        key = serialization.load_pem_private_key(data, passphrase)
    except (ValueError, TypeError) as error:
        raise PublisherError(f"{path}: {error} / 鍵が開けません（合言葉を確かめてください）") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise PublisherError(f"{path}: not an Ed25519 key / Ed25519 の鍵ではありません")
    return key
