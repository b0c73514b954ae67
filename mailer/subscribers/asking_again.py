"""Asks readers at carriers, to whom nothing could be delivered for a year, whether they still want a list. Until they answer nothing is sent.

Carriers give an address to a new owner some time after it was given up. Who has it now has never asked for anything, and may complain, or count as
unknown against us. Lists of warnings are left alone: a warning that reaches somebody too many does less harm than one that reaches nobody.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mailer import log
from mailer.config.settings import Config
from mailer.database.engine import Database
from mailer.database.readers import subscriptions
from mailer.database.returned import stale_addresses
from mailer.database.returned.stale_addresses import OpenQuestion, StaleSubscription
from mailer.message.compose import SenderIdentity, compose_note
from mailer.message.headers import mailbox_line, text_line
from mailer.message.links import JoinClaim, LinkSigner
from mailer.model.issue import ListClass, MailList
from mailer.model.recipient import Envelope
from mailer.smtp.direct import DirectMessage
from mailer.subscribers.clock_check import idle_since
from mailer.subscribers.confirmation import LIFETIME

SILENCE = timedelta(days=365)
PORTION = 20
"""Questions in one go: what a relay does not take is asked again later."""


def find_silent(database: Database, lists: Mapping[str, MailList], now: datetime) -> tuple[StaleSubscription, ...]:
    """The subscriptions that are to rest. Changes nothing."""
    warnings = {key for key, each in lists.items() if each.list_class is ListClass.EMERGENCY} | stale_addresses.lists_of_emergencies(
        database
    )
    return tuple(each for each in stale_addresses.find_stale(database, before=now - SILENCE) if each.list not in warnings)


def let_silent_rest(database: Database, lists: Mapping[str, MailList], now: datetime) -> int:
    """Send nothing to them until they answer. How many subscriptions? None if the clock may be ahead: it would look as if nobody had been reached."""
    if (since := idle_since(database, now)) is not None:
        log.warning("no subscription rests: the clock may be ahead", last_entry=since.isoformat())
        return 0
    number = stale_addresses.let_rest(database, find_silent(database, lists, now), now)
    if number:
        log.event("subscriptions rest until their readers answer", number=number)
    return number


@dataclass(frozen=True)
class Questions:
    """Sends the questions, each at most once in fifteen minutes and until a relay has taken it."""

    database: Database
    config: Config
    signer: LinkSigner
    lists: Mapping[str, MailList]
    send: Callable[[DirectMessage], Awaitable[bool]]

    async def ask_some(self, now: datetime) -> int:
        """Ask up to `PORTION` readers. How many were asked?"""
        number = 0
        for question in stale_addresses.open_questions(self.database, limit=PORTION):
            mail_list = self.lists.get(question.list)
            subscriber_id = question.recipient.subscriber_id
            if (
                mail_list is None
                or subscriptions.begin_confirmation(self.database, subscriber_id, question.list, now=now, last_before=now) is None
            ):
                continue
            if not await self.send(self._message(question, mail_list, now)):
                subscriptions.forget_confirmation(self.database, subscriber_id, question.list)
                break
            number += 1
        return number

    def _message(self, question: OpenQuestion, mail_list: MailList, now: datetime) -> DirectMessage:
        recipient, identity = question.recipient, SenderIdentity.of(self.config)
        claim = JoinClaim(recipient.subscriber_id, mail_list.key, recipient.token_version, question.form, now)
        link = f"{self.config.service_url}/join/{self.signer.sign_join(claim)}"
        lines = (
            mailbox_line("From", mail_list.from_name, mail_list.from_address),
            mailbox_line("To", "", recipient.address),  # no name: somebody else may read this
            mailbox_line("Reply-To", "", mail_list.contact),
            text_line("Subject", f"確認：「{mail_list.title}」をこれからもお送りしてよいですか"),
        )
        own_id = f"<again-{sha256(link.encode()).hexdigest()[:40]}@{identity.message_id_domain}>"
        text = _text(mail_list, link, f"{mail_list.key}-subscribe@{self.config.inbound.domain}")
        content = compose_note(lines, text, sent_at=now, zone=identity.time_zone, own_id=own_id)
        return DirectMessage(Envelope(self.config.return_path, recipient.address), content)


def _text(mail_list: MailList, link: str, by_mail: str) -> str:
    return (
        f"「{mail_list.title}」は、一年のあいだ、このアドレスに届けることができませんでした。\n"
        "アドレスの持ち主が変わったかもしれないので、配信を止めました。\n\n"
        "これからも受け取るときは、次のアドレスを開いて、ボタンを押してください。\n\n"
        f"{link}\n\n"
        f"このアドレスは{LIFETIME.days}日間使えます。そのあとは、{by_mail} に空のメールを送ってください。\n\n"
        "お心当たりがないときは、何もしないでください。もうお送りしません。\n\n"
        f"お問い合わせ {mail_list.contact}\n"
    )
