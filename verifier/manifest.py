"""Reads the plain-text manifest, which names lists of files: lines of ``sha256sum``, and comments with the rest. The one place that knows its layout."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from verifier.model import WELL_KNOWN, Release, SignedFile, VerifierError

PATH = f"{WELL_KNOWN}manifest.txt"
SIGNATURE = f"{PATH}.minisig"
LIMIT = 256 * 2**20
LISTS = f"{WELL_KNOWN}files/"
_NUMBER = re.compile(rb"^# number: ([0-9]+)$", re.MULTILINE)
_FILE = re.compile(r"([0-9a-f]{64})  (.+)")


def read_release(data: bytes, read_list: Callable[[str, str], bytes]) -> Release:
    """Return the release of a signed manifest; ``read_list`` returns a list of files by path and SHA-256, and checks that. Raises `ValueError`."""
    files: dict[str, SignedFile] = {}
    for line in data.decode().splitlines():
        if (match := _FILE.fullmatch(line)) and match[2].startswith(LISTS):
            files |= _files(read_list(match[2], match[1]))
    if not number_of(data) or not files:
        raise ValueError("the manifest names no release")
    return Release(number_of(data), files)


def number_of(data: bytes) -> int:
    """Return the number of the release of a signed manifest; 0 without one."""
    found = _NUMBER.search(data)
    return int(found[1]) if found else 0


def _files(data: bytes) -> dict[str, SignedFile]:
    length, rule, files = 0, ("", ""), {}
    for line in data.decode().splitlines():
        if match := _FILE.fullmatch(line):
            files[match[2]] = SignedFile(match[2], match[1], length, *rule)
        elif line[1:].isdecimal():
            length = int(line[1:])
        elif line.startswith("# files: "):
            media_type, _, cache_control = line.removeprefix("# files: ").partition(" | ")
            rule = (media_type, cache_control)
    return files


def check_key(text: str) -> str:
    """Return the last line of a public key of minisign. Raises `VerifierError`."""
    try:
        line = text.strip().splitlines()[-1]
        Ed25519PublicKey.from_public_bytes(base64.b64decode(line, validate=True)[10:])
    except (ValueError, IndexError) as error:
        raise VerifierError(f"this is no public key of minisign: {error} / minisign の公開鍵ではありません") from error
    return line


def check_signature(data: bytes, signature: bytes, public_key: str) -> None:
    """Check a detached signature in the format of minisign (prehashed, BLAKE2b). Raises `ValueError`."""
    key = base64.b64decode(public_key)
    try:
        _, first, comment, second = signature.decode().splitlines()[:4]
        blob, words = base64.b64decode(first, validate=True), comment.removeprefix("trusted comment: ")
        if blob[:10] != b"ED" + key[2:10]:
            raise ValueError("the signature is of another key")
        Ed25519PublicKey.from_public_bytes(key[10:]).verify(blob[10:], hashlib.blake2b(data).digest())
        Ed25519PublicKey.from_public_bytes(key[10:]).verify(base64.b64decode(second), blob[10:] + words.encode())
    except InvalidSignature as error:
        raise ValueError("the signature does not hold") from error
