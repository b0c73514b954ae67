"""Private keys of DKIM: a folder for each domain with two selectors, one of which signs.

While one selector signs, the other one's record is in the DNS already. So the key can be changed in a moment, and the old record stays until mail
that it signed is read (RFC 6376 section 3.1; M3AAWG, DKIM Key Rotation). The file `active` has the selector that signs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

import regular_file
from mailer import private_files
from mailer.config.settings import DkimSettings
from mailer.model.errors import DkimError

BITS = 2048
"""RFC 8301 section 3.2 wants at least 1024 and signers should use 2048. A longer one does not fit into an answer of the DNS by UDP, and
Ed25519 (RFC 8463) is not verified by Gmail."""
EXPONENT = 65537
SUFFIX, ACTIVE = ".pem", "active"


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key that signs for `domain` (``d=``) under `selector` (``s=``)."""

    domain: str
    selector: str
    private: RSAPrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class DkimKeys:
    """The keys that sign now, one for each domain of the settings. Without any, nothing is signed here: a relay may do it."""

    settings: DkimSettings = field(default_factory=DkimSettings)
    keys: tuple[DkimKey, ...] = ()

    def for_address(self, address: str) -> DkimKey | None:
        """The key of the address's domain, or of the nearest one above it. None: no domain fits."""
        domain = self.settings.domain_for(address)
        return next((key for key in self.keys if key.domain == domain), None)

    def required_for(self, address: str) -> DkimKey | None:
        """As `for_address`; None only if nothing is signed at all.

        :raises DkimError: other domains have keys, and this one has not. Mail without a signature would look forged beside theirs.
        """
        key = self.for_address(address)
        if key is None and self.keys:
            domain = address.rpartition("@")[2]
            raise DkimError(f"No key signs for From {domain}. Add the domain to [dkim] in mailer.toml, and run: todoke dkim new {domain}")
        return key


NO_KEYS = DkimKeys()


def load_active(settings: DkimSettings) -> DkimKeys:
    """The keys that sign now.

    :raises DkimError: a domain of the settings has no key yet, or a file cannot be read.
    :raises NotPrivate: others may read a key.
    """
    keys = [_load(settings.folder / domain, domain, active_selector(settings, domain)) for domain in settings.domains]
    return DkimKeys(settings, tuple(keys))


def active_selector(settings: DkimSettings, domain: str) -> str:
    """The selector that signs for the domain.

    :raises DkimError: there is none yet, or it is none of the settings.
    """
    path = settings.folder / domain / ACTIVE
    try:
        selector = path.read_text("ascii").strip()
    except FileNotFoundError:
        raise DkimError(f"{domain} is in [dkim] and has no key yet. Make the keys: todoke dkim new {domain}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DkimError(f"{path} cannot be read ({error}).") from None
    if selector not in settings.selectors:
        raise DkimError(f"{path} names the selector {selector!r}, which is not in [dkim] selectors of mailer.toml. Correct one of them.")
    return selector


def all_keys(settings: DkimSettings, domain: str) -> Mapping[str, DkimKey]:
    """The keys of a domain by selector: the one that signs, and the one that waits.

    :raises DkimError: a file cannot be read.
    :raises NotPrivate: others may read a key.
    """
    folder = settings.folder / domain
    return {selector: _load(folder, domain, selector) for selector in settings.selectors if _path(folder, selector).exists()}


def make_missing(settings: DkimSettings, domain: str) -> tuple[str, ...]:
    """Make the keys that are not there; the first selector signs if none does. Existing keys are never replaced. Returns the new selectors.

    :raises DkimError: a file cannot be written.
    """
    folder = settings.folder / domain
    new: list[str] = []
    try:
        private_files.make_folder(folder)
        for selector in settings.selectors:
            if not _path(folder, selector).exists():
                private_files.write_new(_path(folder, selector), _new_pem())
                new.append(selector)
        if not (folder / ACTIVE).exists():
            private_files.write_new(folder / ACTIVE, f"{settings.selectors[0]}\n".encode())
    except OSError as error:
        raise DkimError(f"{folder}: the keys cannot be written ({error.strerror}).") from None
    return tuple(new)


def rotate(settings: DkimSettings, domain: str) -> tuple[str, str]:
    """Let the waiting selector sign. Returns the selector that signed until now and the one that signs from now on. No file is removed.

    :raises DkimError: there is no waiting key, or a file cannot be written.
    """
    folder, old = settings.folder / domain, active_selector(settings, domain)
    new = waiting_selector(settings, domain)
    if new not in all_keys(settings, domain):
        raise DkimError(
            f"The selector {new} of {domain} has no key yet. Make it, publish its record, and rotate then: todoke dkim new {domain}"
        )
    _replace(folder / ACTIVE, f"{new}\n".encode())
    return old, new


def waiting_selector(settings: DkimSettings, domain: str) -> str:
    """The selector that does not sign now."""
    old = active_selector(settings, domain)
    return next(selector for selector in settings.selectors if selector != old)


def renew_waiting(settings: DkimSettings, domain: str, now: datetime) -> str:
    """Give the waiting selector a new key; the old one stays beside it under its date. Returns the selector.

    :raises DkimError: a file cannot be written.
    """
    folder, selector = settings.folder / domain, waiting_selector(settings, domain)
    path = _path(folder, selector)
    try:
        if path.exists():
            path.rename(path.with_name(f"{selector}-until-{now:%Y%m%dT%H%M%S}{SUFFIX}.old"))
        private_files.write_new(path, _new_pem())
    except OSError as error:
        raise DkimError(f"{path}: the key cannot be written ({error.strerror}).") from None
    return selector


def key_files(settings: DkimSettings) -> Iterable[Path]:
    """All files of keys, for whoever looks at their rights."""
    return sorted(settings.folder.glob(f"*/*{SUFFIX}*"))


def _new_pem() -> bytes:
    return generate_private_key(EXPONENT, BITS).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _path(folder: Path, selector: str) -> Path:
    return folder / f"{selector}{SUFFIX}"


def _replace(path: Path, data: bytes) -> None:
    """Write beside it and rename: no moment in which no selector signs."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        private_files.write_new(temporary, data)
        temporary.replace(path)
    except OSError as error:
        raise DkimError(f"{path} cannot be written ({error.strerror}). Nothing was changed.") from None


def _load(folder: Path, domain: str, selector: str) -> DkimKey:
    path = _path(folder, selector)
    try:
        private_files.refuse_if_shared(path)
        key = load_pem_private_key(regular_file.read_bytes(path), password=None)
    except FileNotFoundError:
        raise DkimError(f"{path} is not there. Make the keys: todoke dkim new {domain}") from None
    except (OSError, ValueError, TypeError) as error:  # TypeError: the key has a password
        raise DkimError(f"{path} cannot be read as a private key without password ({type(error).__name__}).") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < BITS:
        raise DkimError(f"{path} is no RSA key of {BITS} bits or more. Put it away, and run: todoke dkim new {domain}")
    return DkimKey(domain, selector, key)
