"""Did a message arrive? What the ledger, returned mail and complaints say together about one delivery. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mailer.model.returned.bounce import BounceClass
from mailer.model.returned.receivers import Receiver
from mailer.model.state import DeliveryState


class Arrival(StrEnum):
    """What is known. Every delivery is counted once, under what weighs most: a complaint, then returned mail, then the relay's reply."""

    ACCEPTED = "accepted"
    """A relay took it and nothing came back. No more can be known: whether it lies in the inbox, nobody tells."""

    COMPLAINED = "complained"
    FILTERED = "filtered"
    """The reader's or the receiver's filter refused it."""

    UNKNOWN = "unknown"
    """There is no such mailbox (any more)."""

    REFUSED = "refused"
    """For another reason: a full mailbox, our reputation, one that was not understood."""

    DEFERRED = "deferred"
    IN_DOUBT = "in_doubt"
    """The connection was lost at the end (RFC 1047): it may or may not have arrived."""

    WAITING = "waiting"
    NOT_SENT = "not_sent"
    """Unsubscribed, called off, or too late."""


BY_CLASS = {
    BounceClass.UNKNOWN: Arrival.UNKNOWN,
    BounceClass.MOVED: Arrival.UNKNOWN,
    BounceClass.FILTERED: Arrival.FILTERED,
    BounceClass.CONTENT: Arrival.FILTERED,
    BounceClass.FULL: Arrival.REFUSED,
    BounceClass.TOO_LARGE: Arrival.REFUSED,
    BounceClass.POLICY: Arrival.REFUSED,
    BounceClass.TEMPORARY: Arrival.REFUSED,
    BounceClass.OTHER: Arrival.REFUSED,
}
"""Holiday notices are not in it: they say that the message has arrived."""

BY_STATE = {
    DeliveryState.SENT: Arrival.ACCEPTED,
    DeliveryState.FAILED: Arrival.REFUSED,
    DeliveryState.DEFERRED: Arrival.DEFERRED,
    DeliveryState.UNKNOWN: Arrival.IN_DOUBT,
    DeliveryState.PENDING: Arrival.WAITING,
    DeliveryState.CLAIMED: Arrival.WAITING,
    DeliveryState.SUPPRESSED: Arrival.NOT_SENT,
    DeliveryState.EXPIRED: Arrival.NOT_SENT,
    DeliveryState.HELD: Arrival.WAITING,
    DeliveryState.MERGED: Arrival.WAITING,  # of a digest the state is asked; this is of one that is not there
}


def arrival(state: DeliveryState, bounce_class: BounceClass | None, *, has_complained: bool) -> Arrival:
    """What is known of one delivery.

    :param bounce_class: of the last refusal or returned message about it, if there is one.
    """
    if has_complained:
        return Arrival.COMPLAINED
    if bounce_class in BY_CLASS and state in (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.UNKNOWN):
        return BY_CLASS[bounce_class]
    return BY_STATE[state]


@dataclass(frozen=True, slots=True)
class ReceiverArrivals:
    """How an issue fared at one receiver."""

    receiver: Receiver
    counts: Mapping[Arrival, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Deliveries to this receiver."""
        return sum(self.counts.values())

    @property
    def accepted_share(self) -> float | None:
        """The share of accepted ones among those that have an end: 0 to 1. None if there are none."""
        ended = self.total - sum(self.counts.get(each, 0) for each in (Arrival.WAITING, Arrival.NOT_SENT, Arrival.DEFERRED))
        return self.counts.get(Arrival.ACCEPTED, 0) / ended if ended else None
