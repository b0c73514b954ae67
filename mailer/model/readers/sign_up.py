"""What somebody asks for who signs up, before it is confirmed. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mailer.model.errors import AddressError, TokenError
from mailer.model.issue import is_safe_key
from mailer.model.readers import addresses
from mailer.model.readers.subscription import FORMATS, Frequency

LIFETIME = timedelta(days=2)
"""How long a confirmation holds: a weekend."""


class Way(StrEnum):
    """How somebody has signed up."""

    WEB = "web"
    MAIL = "mail"
    """By an empty mail (空メール)."""


@dataclass(frozen=True, slots=True)
class ListWish:
    """One list that is asked for, and how often."""

    list: str
    frequency: Frequency = Frequency.ISSUE


@dataclass(frozen=True, slots=True)
class SignUpClaim:
    """Who asked for which lists, in which form, by which way and when. `confirmation` names it in the record of the consent."""

    address: str
    wishes: tuple[ListWish, ...]
    form: str
    way: Way
    asked_at: datetime
    confirmation: str

    def pack(self) -> bytes:
        """Return it as bytes. `unpack` reads them."""
        wishes = [[wish.list, wish.frequency.value] for wish in self.wishes]
        values = [self.address, wishes, self.form, self.way.value, int(self.asked_at.timestamp()), self.confirmation]
        return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, content: bytes) -> SignUpClaim:
        """Read what `pack` has written. It comes out of a token that we have sealed; an older version may have sealed it.

        :raises TokenError: it is none.
        """
        try:
            address, wishes, form, way, asked_at, confirmation = json.loads(content)
            claim = cls(
                addresses.parse(address),
                tuple(ListWish(key, Frequency(frequency)) for key, frequency in wishes),
                form,
                Way(way),
                datetime.fromtimestamp(asked_at, UTC),
                confirmation,
            )
        except (ValueError, TypeError, OverflowError, AddressError):
            raise TokenError("The link is not one of ours.") from None
        if form not in FORMATS or not claim.wishes or not all(is_safe_key(wish.list) for wish in claim.wishes):
            raise TokenError("The link is not one of ours.")
        return claim

    def holds(self, now: datetime) -> bool:
        """Whether it may still be confirmed. One from the future was made by a wrong clock."""
        return self.asked_at <= now + timedelta(minutes=5) and now <= self.asked_at + LIFETIME
