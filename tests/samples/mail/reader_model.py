"""What may be mailed to whom, as a few lines of Python say it: the database is compared with it (tests/mailer/subscribers/test_life.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mailer.delivery.journal import format_timestamp
from mailer.message.links import LinkClaim, LinkSigner, Purpose
from mailer.message.sealed import TokenSealer
from mailer.model.ids import SubscriberId
from mailer.model.outcome import DeliveryResult
from mailer.model.readers.suppression import ALL_LISTS, LIFTED_BY_CONSENT, AddressKeys, SuppressionReason
from mailer.model.returned.bounce import Bounce, BounceClass, Refusal, Verdict
from mailer.secrets import Secret
from tests.samples.mail.mail_bundles import LIST, NOW, SECRET
from tests.samples.mail.sign_ups import OTHER

SIGNER = LinkSigner((Secret(SECRET),))
KEYS = AddressKeys((b"a key of these tests",))
SEALER = TokenSealer((Secret(SECRET),))
LISTS = {each.key: each for each in (LIST, OTHER)}
NAMES = tuple(f"{name}-of-the-model@example.jp" for name in ("aoi", "botan", "chiyo"))


@dataclass
class Reader:
    """What the model knows of an address. `lists`: list → since when it was left, or None while it stands."""

    lists: dict[str, datetime | None] = field(default_factory=dict)
    suppressed: set[tuple[SuppressionReason, str]] = field(default_factory=set)
    paused_until: datetime | None = None
    token: str = ""

    def is_suppressed(self, key: str) -> bool:
        return any(scope in (ALL_LISTS, key) for _, scope in self.suppressed)

    def stands(self, key: str) -> bool:
        """Consent that was given and not taken back, and nothing in the way."""
        return self.lists.get(key, NOW) is None and not self.is_suppressed(key)

    def consent(self, key: str) -> bool:
        """A new consent lifts what the reader may lift. False: an operator has closed the address."""
        self.suppressed = {(why, scope) for why, scope in self.suppressed if why not in LIFTED_BY_CONSENT or scope not in (ALL_LISTS, key)}
        return not self.is_suppressed(key)


def links_of(number: SubscriberId, version: int) -> list[str]:
    """The paths behind the links of a reader's mail."""
    unsubscribe, preferences = (
        SIGNER.sign(LinkClaim(number, LIST.key, version, purpose)) for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES)
    )
    return [f"/unsubscribe/{unsubscribe}", f"/preferences/{preferences}"]


def hard_bounce(address: str) -> Bounce:
    """The receiver says that there is no such mailbox, and names it."""
    return Bounce(Refusal("550 5.1.1 unknown", address, "", 550, "5.1.1"), Verdict(BounceClass.UNKNOWN), "dsn")


def sent_to(number: SubscriberId, now: datetime) -> DeliveryResult:
    """The relay has taken the message to this reader."""
    at = format_timestamp(now)
    return DeliveryResult(number, "sent", 1, 250, "2.0.0 ok", at, "", at, "<x@y>")
