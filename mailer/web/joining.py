"""Joining a list again: a choice on the preferences page sends a mail, and the link in that mail, with one press of a button, resumes the list."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.database.engine import Database
from mailer.database.readers import sign_ups, subscriptions
from mailer.message.links import JoinClaim
from mailer.model.errors import LinkOutdated
from mailer.model.ids import SubscriberId
from mailer.model.issue import MailList
from mailer.model.readers.consent import Words
from mailer.model.readers.subscription import Preference
from mailer.model.recipient import Recipient
from mailer.subscribers.confirmation import INTERVAL, LIFETIME
from mailer.web.threads import WorkThreads

Confirm = Callable[[Recipient, MailList, str, datetime], Awaitable[bool]]
"""Mails one reader the question whether to receive a list again, in which form; false if no relay took it (`ConfirmationMailer.send`)."""

RELAY_TIMEOUT = 30.0
"""Seconds that the reader waits for the relay before the page says that it did not work."""


class JoinNote(StrEnum):
    """What the preferences page says of lists that were left and chosen again."""

    ASKED = "asked"
    NOT_SENT = "not sent"


@dataclass(frozen=True)
class Joining:
    """What a reader asks for. Without `confirm` nobody can be asked by mail, so no list is resumed. `words`: what a reader agrees to who resumes a list."""

    database: Database
    lists: Mapping[str, MailList]
    confirm: Confirm | None
    work: WorkThreads
    words: Callable[[MailList], Words]

    async def ask(self, subscriber_id: SubscriberId, wishes: Mapping[str, Preference], now: datetime) -> JoinNote | None:
        """Mail the reader about each list in `wishes`. Nothing is resumed yet."""
        sent = [await self._ask_for_list(subscriber_id, key, wish, now) for key, wish in wishes.items()]
        return None if not sent else JoinNote.ASKED if all(sent) else JoinNote.NOT_SENT

    async def ask_as_before(self, subscriber_id: SubscriberId, keys: Sequence[str], now: datetime) -> JoinNote:
        """Mail the reader about lists that were left, in the form that each had."""
        sent = []
        for key in keys:
            form = await self.work.run(subscriptions.form_of, self.database, subscriber_id, key)
            sent.append(form is not None and await self._ask_for_list(subscriber_id, key, Preference(form), now))
        return JoinNote.ASKED if sent and all(sent) else JoinNote.NOT_SENT

    async def _ask_for_list(self, subscriber_id: SubscriberId, key: str, wish: Preference, now: datetime) -> bool:
        if self.confirm is None or key not in self.lists:
            return False

        def begin() -> Recipient | None:
            return subscriptions.begin_confirmation(self.database, subscriber_id, key, now=now, last_before=now - INTERVAL)

        recipient = await self.work.run(begin)
        if recipient is None:
            return True  # asked a moment ago: that mail is on its way
        try:
            async with asyncio.timeout(RELAY_TIMEOUT):
                is_sent = await self.confirm(recipient, self.lists[key], wish.value, now)
        except TimeoutError:
            is_sent = False
        if not is_sent:
            await self.work.run(subscriptions.forget_confirmation, self.database, subscriber_id, key)
        return is_sent

    def resume(self, claim: JoinClaim, now: datetime) -> None:
        """Resume the list that the reader has confirmed.

        :raises LinkOutdated: the reader has left the list again after the mail was asked for.
        :raises DeliveryRefused: an operator, or the owner of the mailbox, has forbidden mail to the address.
        """
        refuse_expired(claim, now)
        mail_list = self.lists.get(claim.list)
        if mail_list is None:
            raise LinkOutdated("The list is not there any more.")
        words = self.words(mail_list)
        if not sign_ups.join_again(
            self.database, claim.subscriber_id, claim.list, claim.form, asked_at=claim.asked_at, now=now, words=words
        ):
            raise LinkOutdated("The list was left again after this link was sent.")


def refuse_expired(claim: JoinClaim, now: datetime) -> None:
    """Refuse a confirmation that is too old, or from the future: a clock was wrong.

    :raises LinkOutdated: it does not hold any more.
    """
    if not claim.asked_at <= now <= claim.asked_at + LIFETIME:
        raise LinkOutdated("The confirmation is too old.")
