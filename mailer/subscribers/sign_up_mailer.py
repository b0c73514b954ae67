"""Sends the confirmations of sign-ups that wait in the database, each in an envelope of its own, over one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailer import log
from mailer.config.settings import Config, RelaySettings
from mailer.database.engine import Database
from mailer.database.readers import sign_ups
from mailer.database.readers.sign_ups import WaitingConfirmation
from mailer.message.dkim.keys import NO_KEYS, DkimKeys
from mailer.message.dkim.signature import sign_message
from mailer.message.sealed import SealedPurpose, TokenSealer
from mailer.model.errors import AddressError, MessageError, RelayError, TokenError
from mailer.model.issue import MailList
from mailer.model.outcome import Outcome, Phase
from mailer.model.readers.person import PersonClaim
from mailer.model.readers.sign_up import SignUpClaim, Way
from mailer.model.recipient import Envelope
from mailer.secrets import Secret
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.direct import DirectMessage, send_direct
from mailer.subscribers.person_mail import compose_person_mail
from mailer.subscribers.sign_up import compose_confirmation

BATCH = 50
"""Confirmations in one connection: what is taken and not sent waits ten minutes when the process is killed."""


@dataclass(frozen=True)
class SignUpMailer:
    """Sends by the relays of `config`, the first one that can be reached.

    `lists`: those that may be signed up for; a list that is not among them any more is left out of the mail.
    `takes_replies`: a mail asked for by mail holds a code, with which it can be answered (`todoke receive` reads the answers).
    """

    database: Database
    config: Config
    sealer: TokenSealer
    lists: Callable[[], Mapping[str, MailList]]
    password_for: Callable[[RelaySettings], Secret | None]
    takes_replies: bool = False
    dkim: DkimKeys = NO_KEYS

    async def send_waiting(self, clock: Callable[[], datetime], most: int = BATCH) -> int:
        """Send what is due, at most so many, and return how many were taken in hand."""
        now = clock()
        taken = await asyncio.to_thread(sign_ups.take_waiting, self.database, most, now)
        messages = [(each, message) for each in taken if (message := self._message(each, now)) is not None]
        composed = {each for each, _ in messages}
        finished = [each for each in taken if each not in composed]
        outcomes = await self._send([message for _, message in messages])
        is_finished = [outcome is not None and not _is_temporary(outcome) for outcome in outcomes]
        finished += [each for (each, _), done in zip(messages, is_finished, strict=True) if done]
        waiting = [each for (each, _), done in zip(messages, is_finished, strict=True) if not done]
        await asyncio.to_thread(self._note, finished, waiting, clock())
        if taken:
            log.event("sign-up confirmations", sent=len(finished), put_off=len(waiting))
        return len(taken)

    def _note(self, finished: Sequence[WaitingConfirmation], waiting: Sequence[WaitingConfirmation], now: datetime) -> None:
        if finished:
            sign_ups.mark_sent(self.database, finished, now)
        if waiting:
            sign_ups.put_off(self.database, waiting, now)

    async def _send(self, messages: Sequence[DirectMessage]) -> Sequence[Outcome | None]:
        """Return what was answered to each message by the first relay that could be reached. None: no relay has had it in hand."""
        outcomes_by_place: list[Outcome | None] = [None] * len(messages)
        for relay in self.config.relays:
            left = [number for number, outcome in enumerate(outcomes_by_place) if outcome is None]
            if not left:
                break
            outcomes: dict[int, Outcome] = {}
            connection = SmtpConnection(relay, self.password_for(relay), hello=self.config.message_id_domain)
            try:
                await send_direct(connection, [messages[number] for number in left], outcomes)
            except RelayError as error:
                log.warning("relay cannot be used for confirmations", relay=relay.name, why=str(error))
            for place, outcome in outcomes.items():
                outcomes_by_place[left[place]] = outcome
        return outcomes_by_place

    def _message(self, waiting: WaitingConfirmation, now: datetime) -> DirectMessage | None:
        """Return the mail, or None if there is nothing to ask any more: it is too late, or the lists are gone."""
        try:
            purpose, content = self.sealer.open_any(waiting.token)
            if purpose is SealedPurpose.SIGN_UP:
                return self._sign_up(SignUpClaim.unpack(content), waiting.token, now)
            return self._person(PersonClaim.unpack(content), waiting.token, now)
        except (TokenError, AddressError, MessageError) as error:  # sealed with a key that was taken away, for example
            log.warning("a confirmation cannot be made", why=str(error))
            return None

    def _sign_up(self, claim: SignUpClaim, token: str, now: datetime) -> DirectMessage | None:
        known = self.lists()
        lists = [known[wish.list] for wish in claim.wishes if wish.list in known]
        if not lists or not claim.holds(now):
            return None
        code = self.sealer.code_of(token) if self.takes_replies and claim.way is Way.MAIL else ""
        return self._direct(claim.address, compose_confirmation(claim, token, lists, self.config, code, now), lists[0], now)

    def _person(self, claim: PersonClaim, token: str, now: datetime) -> DirectMessage | None:
        lists = [*self.lists().values()]
        if not lists or not claim.holds(now):
            return None
        return self._direct(claim.mailed_to, compose_person_mail(claim, token, lists, self.config, now), lists[0], now)

    def _direct(self, address: str, content: bytes, sender: MailList, now: datetime) -> DirectMessage:
        """`sender` is the list that the mail is from."""
        signed = sign_message(content, self.dkim.for_address(sender.from_address), now)
        return DirectMessage(Envelope(self.config.return_path, address), signed)


def _is_temporary(outcome: Outcome) -> bool:
    """Whether another try may help (RFC 5321 section 4.2.1: 4yz). A connection lost after the body may have been a success (RFC 1047): one mail is enough."""
    is_lost_before = outcome.code is None and outcome.phase is not Phase.BODY
    return is_lost_before or (outcome.code is not None and 400 <= outcome.code < 500)
