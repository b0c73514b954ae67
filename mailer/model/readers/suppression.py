"""To whom nothing may be sent, known by a keyed hash of the address, so that it holds after the address itself was erased. Pure.

The key (`mailer.secrets.address_keys`) is not in the database: a list of known addresses cannot be tried against a copy of the database alone.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.model.errors import SecretMissing, TodokeMailError
from mailer.model.readers import addresses

ALL_LISTS = ""
"""The scope of a suppression that holds for every list; any other scope is the key of one list."""


class SuppressionReason(StrEnum):
    """Why nothing may be sent."""

    UNKNOWN_RECIPIENT = "unknown_recipient"
    """The receiver says that there is no such mailbox."""

    COMPLAINT = "complaint"
    """The reader called a message spam (ARF, RFC 5965)."""

    ERASED = "erased"
    """The reader wanted everything erased."""

    LEFT = "left"
    """The reader has left the list; the record of that was erased when its time was over."""

    OPERATOR = "operator"
    """An operator decided it."""

    POLICY = "policy"
    """The owner of the domain or mailbox does not want our mail."""


LIFTED_BY_CONSENT = frozenset(SuppressionReason) - {SuppressionReason.OPERATOR, SuppressionReason.POLICY}
"""A reader who confirms a new sign-up lifts these. The others take an operator, with a reason."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One suppression. `source` says what began it; `lifted_by` and `lifted_why` who ended it and why, if `lifted_at` is not None."""

    number: int
    reason: SuppressionReason
    scope: str
    since: datetime
    source: str
    lifted_at: datetime | None = None
    lifted_by: str = ""
    lifted_why: str = ""


@dataclass(frozen=True, slots=True)
class AddressHash:
    """HMAC-SHA-256 of a normalised address in hexadecimal, and the name of the key that made it."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class AddressKeys:
    """The keys, newest first. `problem` is why there are none, if a file of keys cannot be read."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    problem: TodokeMailError | None = None

    def names(self) -> frozenset[str]:
        """The names of all keys."""
        return frozenset(map(_name, self.keys))

    def newest(self, address: str) -> AddressHash:
        """Hash an address, as `addresses.parse` returns it, with the newest key.

        :raises SecretMissing: there is no key.
        """
        return self.all(address)[0]

    def all(self, address: str) -> tuple[AddressHash, ...]:
        """Hash an address with each key: an older key may have made the hash that is stored.

        :raises SecretMissing: there is no key.
        """
        if not self.keys:
            raise self.problem or SecretMissing(
                "No key that hashes addresses. Make one with `todoke secret new`, then set TODOKE_ADDRESS_KEY or `address_key_file`; without "
                "them the key of TODOKE_SECRET or `secret_file` is used."
            )
        normalised = addresses.address_key(address).encode()
        return tuple(AddressHash(_name(key), hmac.new(key, normalised, "sha256").hexdigest()) for key in self.keys)


def _name(key: bytes) -> str:
    """Eight bytes tell keys apart and do not help anybody to guess one."""
    return hmac.new(key, b"name of the key", "sha256").hexdigest()[:16]
