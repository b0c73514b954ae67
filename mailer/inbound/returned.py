"""Reads bounces and complaints, and hands what they say to the database.

A bounce counts only for the delivery that its stamped return path names: nobody else can write that address, so a forged bounce does nothing. Complaints
do not come to that address; there the message that is sent back must hold our stamped return path or a signed link.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from mailer.bounces.complaints import Complaint, read_complaint
from mailer.bounces.last_resort import LastResort
from mailer.bounces.mime import Fields, Mail
from mailer.bounces.reading import read_bounces
from mailer.bounces.receivers import Receiver
from mailer.database.engine import Database
from mailer.database.returned import bounce_effects, complaint_effects, delivery_problems
from mailer.database.returned.bounce_effects import Effect, ReadBounce
from mailer.inbound.disposition import Disposition, put_aside
from mailer.inbound.own_addresses import Destination
from mailer.inbound.spool import InboundMessage
from mailer.message.links import LinkSigner, parse_return_path
from mailer.model.errors import TokenError
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.returned.bounce import Bounce, BounceClass

LINK = re.compile(r"/(?:unsubscribe|preferences)/([A-Za-z0-9._-]{20,300})")
MAILBOX = re.compile(r"<?([^\s<>]{3,320}@[^\s<>]{1,255})>?")


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose message was sent back. `key` is the list, where a signed link names it; `is_stamped`: a return path says so."""

    subscriber_id: SubscriberId
    issue_id: IssueId | None = None
    key: str = ""
    is_stamped: bool = False


@dataclass(frozen=True)
class ReturnedMail:
    """Reads what comes back. `needs_stamp`: messages leave with stamped return paths, so that nothing else proves a bounce."""

    database: Database
    signer: LinkSigner
    last_resort: LastResort | None
    needs_stamp: bool

    def take(
        self, message: InboundMessage, mail: Mail, destination: Destination, taught: Sequence[Receiver], now: datetime
    ) -> Disposition | ReadBounce:
        """Read a returned message, which is then to be recorded with others (`record`), or a complaint, which is recorded here.

        :raises DatabaseError: the database cannot be written; the message must be read again.
        """
        complaint = read_complaint(mail)
        if complaint is not None:
            return self._complaint(message, complaint, destination, now)
        bounces = read_bounces(mail, message.content, self.last_resort, taught)
        if bounces and all(each.verdict.bounce_class is BounceClass.AUTO_REPLY for each in bounces):
            return Disposition("automatic reply")
        origin = self._origin_of_bounce(mail, destination)
        if origin is None or origin.issue_id is None:
            return put_aside(
                "names no delivery of ours: its return path is not stamped" if bounces else "not understood, and names no delivery of ours"
            )
        if not bounces:
            return put_aside(f"not understood (issue {origin.issue_id}, subscriber {origin.subscriber_id})")
        chosen = bounces[0] if len(bounces) == 1 else _chosen(bounces, self._address(origin))
        return ReadBounce(message.digest, origin.issue_id, origin.subscriber_id, chosen, now)

    def record(self, bounces: Sequence[ReadBounce]) -> list[Disposition]:
        """Record bounces in one transaction.

        :raises DatabaseError: the database cannot be written; nothing was recorded, and the messages must be read again.
        """
        return [
            _disposition(each.bounce, effects) for each, effects in zip(bounces, bounce_effects.apply(self.database, bounces), strict=True)
        ]

    def _complaint(self, message: InboundMessage, complaint: Complaint, destination: Destination, now: datetime) -> Disposition:
        if not complaint.is_complaint:
            return Disposition(f"feedback report {complaint.feedback_type}")
        origin = _stamped(destination) or self._origin_of_headers(complaint.headers)
        if origin is None:
            return put_aside("a complaint that names no reader of ours")
        known = complaint_effects.Complained(origin.subscriber_id, origin.issue_id, origin.key, complaint.feedback_type, complaint.reporter)
        lists = complaint_effects.apply(self.database, message.digest, known, now=now)
        return Disposition(f"complaint: {len(lists)} lists ended")

    def _origin_of_bounce(self, mail: Mail, destination: Destination) -> Origin | None:
        origin = _stamped(destination)
        if origin is not None or self.needs_stamp:
            return origin
        enclosed = mail.enclosed()
        headers = {} if enclosed is None else {name.lower(): str(value) for name, value in enclosed.items()}
        quoted = self._origin_of_headers(headers)
        if quoted is None or quoted.issue_id is not None:
            return quoted
        issue_id = delivery_problems.issue_of_message(self.database, headers.get("message-id", "").strip(), quoted.subscriber_id)
        return Origin(quoted.subscriber_id, issue_id, quoted.key)

    def _origin_of_headers(self, headers: Fields) -> Origin | None:
        """Whose message it is, by what only we can have written into it."""
        for name in ("return-path", "x-original-return-path", "original-mail-from"):
            for address in MAILBOX.findall(headers.get(name, ""))[:5]:
                stamped = parse_return_path(address.lower(), self.signer)
                if stamped is not None:
                    return Origin(stamped[1], stamped[0], is_stamped=True)
        for token in LINK.findall(headers.get("list-unsubscribe", ""))[:5]:
            with suppress(TokenError):
                claim = self.signer.read(token)
                return Origin(claim.subscriber_id, key=claim.list)
        return None

    def _address(self, origin: Origin) -> str:
        if origin.issue_id is None:
            return ""
        with self.database.reading() as connection:
            sent = delivery_problems.delivery_within(connection, origin.issue_id, origin.subscriber_id)
        return "" if sent is None else sent.address


def _disposition(bounce: Bounce, effects: frozenset[Effect]) -> Disposition:
    words = f"bounce {bounce.verdict.bounce_class}: " + ", ".join(sorted(effects))
    if Effect.RECORDED in effects and bounce.verdict.bounce_class is BounceClass.OTHER:
        return Disposition(words, f"the reason was not understood: {bounce.refusal.text[:120]}")
    return Disposition(words)


def _stamped(destination: Destination) -> Origin | None:
    if destination.issue_id is None or destination.subscriber_id is None:
        return None
    return Origin(destination.subscriber_id, destination.issue_id, is_stamped=True)


def _chosen(bounces: Sequence[Bounce], address: str) -> Bounce:
    """The one that is about the address we wrote to; a forwarder reports its own."""
    failures = [each for each in bounces if each.verdict.bounce_class is not BounceClass.AUTO_REPLY]
    return next((each for each in failures if each.refusal.recipient.lower() == address.lower()), failures[0])
