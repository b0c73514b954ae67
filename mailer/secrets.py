"""Secrets: where they come from, and a value that does not print itself.

They come from the environment or from a file. `mailer.toml` may be in Git, and every user of the machine can read the command line in the list of
processes: neither holds a secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import regular_file
from mailer import private_files
from mailer.model.errors import SecretMissing

SECRET_VARIABLE = "TODOKE_SECRET"  # noqa: S105 - the name of a variable, not a secret
PASSWORD_VARIABLE = "TODOKE_RELAY_PASSWORD"  # noqa: S105
METRICS_VARIABLE = "TODOKE_METRICS_KEY"
AUDIT_VARIABLE = "TODOKE_AUDIT_KEY"
AUDIT_PURPOSE = b"todoke audit log"
"""Parts the keys of the audit log from those of links, where both are made of the same secret."""
ADDRESS_VARIABLE = "TODOKE_ADDRESS_KEY"
ADDRESS_PURPOSE = b"todoke addresses"
"""Parts the keys that hash addresses from the others."""
GENERATE = "todoke secret new"
SHORTEST = 32  # characters; `token_urlsafe(48)` gives 64


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that may be used but shows up in no log, repr or traceback."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        """Return a placeholder."""
        return "(secret)"


def signing_keys(environ: Mapping[str, str], secret_file: Path | None) -> tuple[Secret, ...]:
    """Return the keys that sign links, newest first. Several are separated by commas or line breaks; links of older keys still work.

    :raises SecretMissing: no key, or one shorter than 32 characters.
    :raises NotPrivate: other accounts may read the file.
    """
    text = environ.get(SECRET_VARIABLE) or read_file(secret_file)
    keys = tuple(Secret(key.strip()) for key in text.replace("\n", ",").split(",") if key.strip())
    if not keys:
        place = f"It belongs into {secret_file}" if secret_file else f"Name a secret_file in mailer.toml, or set {SECRET_VARIABLE}"
        raise SecretMissing(f"No secret to sign unsubscribe links. {place}. Make one: {GENERATE}")
    if any(len(key.value) < SHORTEST for key in keys):
        raise SecretMissing(f"A secret to sign links is shorter than {SHORTEST} characters. Take it out and make a better one: {GENERATE}")
    return keys


def audit_keys(environ: Mapping[str, str], audit_file: Path | None, secret_file: Path | None) -> tuple[bytes, ...]:
    """Return the keys that seal the audit log, newest first; none if there is no secret at all.

    They come from a secret of their own, and from the secret that signs links: without one of their own the newest of those is used, and entries
    that it has sealed stay good when the log gets its own. An older key must stay in the list for as long as the log holds entries of it.

    :raises SecretMissing: one shorter than 32 characters, or a file that cannot be read.
    :raises NotPrivate: other accounts may read the file.
    """
    texts = (environ.get(AUDIT_VARIABLE) or read_file(audit_file), environ.get(SECRET_VARIABLE) or read_file(secret_file))
    return _derived_keys(texts, AUDIT_PURPOSE, "A secret of the audit log")


def address_keys(environ: Mapping[str, str], address_file: Path | None, secret_file: Path | None) -> tuple[bytes, ...]:
    """Return the keys that hash the addresses of suppressed readers, newest first; none if there is no secret at all.

    As those of the audit log they come from a secret of their own, and from the secret that signs links. An older key must stay in the list for
    as long as a suppression was hashed with it: addresses that were erased cannot be hashed again.

    :raises SecretMissing: one shorter than 32 characters, or a file that cannot be read.
    :raises NotPrivate: other accounts may read the file.
    """
    texts = (environ.get(ADDRESS_VARIABLE) or read_file(address_file), environ.get(SECRET_VARIABLE) or read_file(secret_file))
    return _derived_keys(texts, ADDRESS_PURPOSE, "A secret that hashes addresses")


def _derived_keys(texts: Iterable[str], purpose: bytes, what: str) -> tuple[bytes, ...]:
    keys = [key.strip() for text in texts for key in text.replace("\n", ",").split(",") if key.strip()]
    if any(len(key) < SHORTEST for key in keys):
        raise SecretMissing(f"{what} is shorter than {SHORTEST} characters. Make a better one with: {GENERATE}")
    return tuple(hmac.digest(key.encode(), purpose, "sha256") for key in keys)


def metrics_key(environ: Mapping[str, str], key_file: Path | None) -> Secret | None:
    """Return the key that opens `/metrics`, or None: then there is no such page.

    :raises SecretMissing: one shorter than 32 characters, or a file that cannot be read.
    :raises NotPrivate: other accounts may read the file.
    """
    text = (environ.get(METRICS_VARIABLE) or read_file(key_file)).strip()
    if text and len(text) < SHORTEST:
        raise SecretMissing(f"The key of /metrics is shorter than {SHORTEST} characters. Make a better one: {GENERATE} FILE")
    return Secret(text) if text else None


def relay_password(environ: Mapping[str, str], password_file: Path | None) -> Secret:
    """Return the relay's password.

    :raises SecretMissing: neither the variable nor the file has one.
    :raises NotPrivate: other accounts may read the file.
    """
    text = environ.get(PASSWORD_VARIABLE) or read_file(password_file).strip()
    if not text:
        raise SecretMissing(f"relay.username is set but there is no password. Set {PASSWORD_VARIABLE} or relay.password_file.")
    return Secret(text)


def read_file(path: Path | None) -> str:
    """Return the text of the file, or nothing if there is none.

    :raises SecretMissing: it cannot be read.
    :raises NotPrivate: other accounts may read it.
    """
    if path is None or not path.exists():
        return ""
    try:
        private_files.refuse_if_shared(path)
        return regular_file.read_bytes(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretMissing(
            f"{path}: the secret cannot be read ({getattr(error, 'strerror', None) or error.__class__.__name__}). Check the file and its permissions."
        ) from None
