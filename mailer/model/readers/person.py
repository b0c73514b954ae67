"""What the links in a reader's own mails ask for: to see what is stored, and to change the address. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailer.model.errors import AddressError, TokenError
from mailer.model.ids import SubscriberId
from mailer.model.readers import addresses

LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PersonClaim:
    """Whose link it is, to which address it was mailed, with which version of the reader's links, and when it was asked for.

    `new_address` is the one that the reader wants instead; empty: the link is not for that. The mail has gone to the new address then.
    """

    subscriber_id: SubscriberId
    version: int
    address: str
    asked_at: datetime
    new_address: str = ""

    @property
    def mailed_to(self) -> str:
        """The address of the mailbox that the link is in."""
        return self.new_address or self.address

    def pack(self) -> bytes:
        """Return it as bytes. `unpack` reads them."""
        values = [self.subscriber_id, self.version, self.address, int(self.asked_at.timestamp()), self.new_address]
        return json.dumps(values, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, content: bytes) -> PersonClaim:
        """Read what `pack` has written.

        :raises TokenError: it is none.
        """
        try:
            number, version, address, asked_at, new_address = json.loads(content)
            new = addresses.parse(new_address) if new_address else ""
            return cls(SubscriberId(int(number)), int(version), addresses.parse(address), datetime.fromtimestamp(asked_at, UTC), new)
        except (ValueError, TypeError, OverflowError, AddressError):
            raise TokenError("The link is not one of ours.") from None

    def holds(self, now: datetime) -> bool:
        """Whether it still opens something."""
        return self.asked_at <= now + timedelta(minutes=5) and now <= self.asked_at + LIFETIME
