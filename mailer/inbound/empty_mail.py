"""空メール: an empty mail to LIST-subscribe@, LIST-unsubscribe@ or LIST-help@ is answered; its body is never read, and its subject only for a code.

Whoever writes in somebody else's name reaches nobody: a sender that fails DMARC gets no answer, a machine gets none (RFC 3834), and everybody else gets
the same answer once a day. Subscribing takes a confirmation, by the link or, for handsets without a browser, by an answer with the code in its subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Protocol

from mailer.bounces.mime import Mail
from mailer.database.engine import Database
from mailer.database.readers import subscriptions
from mailer.database.returned import automatic_replies
from mailer.inbound.authentication import Dmarc, dmarc_of, why_not_answered, writer_of
from mailer.inbound.disposition import Disposition, put_aside
from mailer.inbound.own_addresses import Command, Destination, OwnAddresses
from mailer.inbound.spool import InboundMessage
from mailer.message.compose import SenderIdentity, compose_note
from mailer.message.headers import list_id_line, mailbox_line, text_line
from mailer.message.links import LinkClaim, Purpose
from mailer.model.errors import AddressError, TokenError
from mailer.model.issue import MailList
from mailer.model.readers import addresses
from mailer.model.recipient import Envelope
from mailer.model.returned.receivers import receiver_of
from mailer.smtp.direct import DirectMessage

CODE = re.compile(r"(?<![0-9A-Za-z])([0-9A-Za-z]{10})(?![0-9A-Za-z])")
TOKEN = re.compile(r"(?<![\w.-])(u[0-9]{1,18}\.[0-9a-f]{8}\.[0-9A-Za-z-]{1,64}\.[0-9a-f]{32})(?![\w.-])")
WIDE = str.maketrans("".join(chr(number + 0xFEE0) for number in range(0x21, 0x7F)), "".join(map(chr, range(0x21, 0x7F))))
"""Handsets write letters in double width."""
BY_MAIL = "mail"


class EmptyMailHandler(Protocol):
    """Takes an empty mail. What it returns is sent; nothing else answers."""

    def take(self, message: InboundMessage, mail: Mail, destination: Destination, now: datetime) -> Disposition:
        """Answer the mail, or say why not."""


class Confirmations(Protocol):
    """Asks an address whether it wants a list, and hears the answer."""

    def request_confirmation(self, address: str, mail_list: MailList, form: str, now: datetime) -> bool:
        """Let a confirmation be mailed. False: the mailbox has been asked often enough."""

    def confirm_code(self, address: str, code: str, now: datetime) -> str:
        """The address answers with a code. Returns the key of the list that it is subscribed to now, or nothing: the code is wrong or too old."""


@dataclass(frozen=True)
class EmptyMails:
    """Answers empty mails."""

    database: Database
    addresses_of_ours: OwnAddresses
    confirmations: Confirmations

    def take(self, message: InboundMessage, mail: Mail, destination: Destination, now: datetime) -> Disposition:
        """See `EmptyMailHandler`."""
        assert destination.command is not None
        mail_list = self.addresses_of_ours.lists.get(destination.key)
        if mail_list is None:  # a build has ended the list since the address was resolved
            return put_aside(f"there is no list {destination.key} any more")
        if destination.command is Command.UNSUBSCRIBE and self._ended_by_token(mail, now):
            return Disposition("ended by the signed token in the subject")
        refusal = self._refusal(message, mail)
        writer = writer_of(mail)
        if refusal or writer is None:
            return Disposition(f"not answered: {refusal}")
        if destination.command is Command.SUBSCRIBE:
            form = "light" if receiver_of(writer.rpartition("@")[2]).is_carrier else "html"
            is_asked = self.confirmations.request_confirmation(writer, mail_list, form, now)
            return Disposition("confirmation asked for" if is_asked else "not answered: asked often enough")
        if destination.command is Command.CONFIRM:
            return self._confirm(writer, mail, mail_list, now)
        if destination.command is Command.UNSUBSCRIBE:
            return self._unsubscribe(writer, mail, mail_list, now)
        return self._answer(writer, mail_list, f"help {mail_list.key}", "ご案内", self._help(mail_list), now)

    def _refusal(self, message: InboundMessage, mail: Mail) -> str:
        """Why nothing may be answered; empty if something may."""
        own = frozenset(each.list_id for each in self.addresses_of_ours.lists.values())
        reason = why_not_answered(mail, message.sender, own)
        if reason:
            return reason
        writer = writer_of(mail)
        if writer is None or self.addresses_of_ours.resolve(writer) is not None:
            return "one of our own addresses"
        verdict = dmarc_of(mail, self.addresses_of_ours.config.inbound.authserv_id)
        if verdict in (Dmarc.FAIL, Dmarc.UNKNOWN):
            return f"DMARC: {verdict}"
        if verdict is Dmarc.NONE and _key(message.sender) != addresses.address_key(writer):
            return "the envelope names another sender, and nothing proves either"  # RFC 3834 section 4 answers the envelope's
        return ""

    def _confirm(self, writer: str, mail: Mail, mail_list: MailList, now: datetime) -> Disposition:
        codes = [code.upper() for code in CODE.findall(mail.header("Subject").translate(WIDE))[:3]]
        key = next((key for code in codes if (key := self.confirmations.confirm_code(writer, code, now))), "")
        if not key:
            return Disposition("not answered: no code that holds")
        joined = self.addresses_of_ours.lists.get(key, mail_list)
        return self._answer(writer, joined, f"confirmed {key}", "登録しました", f"「{joined.title}」の登録が終わりました。\n", now)

    def _unsubscribe(self, writer: str, mail: Mail, mail_list: MailList, now: datetime) -> Disposition:
        """Who is proved to be the reader has ended the list with it; everybody else gets the link that ends it."""
        person = subscriptions.find(self.database, writer)
        kind = f"unsubscribe {mail_list.key}"
        if person is None:
            return self._answer(writer, mail_list, kind, "配信の停止", f"このアドレスは「{mail_list.title}」に登録されていません。\n", now)
        if dmarc_of(mail, self.addresses_of_ours.config.inbound.authserv_id) is Dmarc.PASS:
            subscriptions.unsubscribe(self.database, person, mail_list.key, source=BY_MAIL, now=now)
            return self._answer(writer, mail_list, kind, "配信を止めました", f"「{mail_list.title}」の配信を止めました。\n", now)
        version = subscriptions.token_version(self.database, person) or 0
        token = self.addresses_of_ours.signer.sign(LinkClaim(person, mail_list.key, version, Purpose.UNSUBSCRIBE))
        link = f"{self.addresses_of_ours.config.service_url}/unsubscribe/{token}"
        again = f"ページを開けないときは、件名に {token} と書いて、{self.addresses_of_ours.command_address(mail_list.key, Command.UNSUBSCRIBE)} に送ってください。\n"
        text = f"「{mail_list.title}」の配信を止めるには、次のアドレスを開いて、ボタンを押してください。\n\n{link}\n\n{again}"
        return self._answer(writer, mail_list, kind, "配信の停止", text, now)

    def _ended_by_token(self, mail: Mail, now: datetime) -> bool:
        """List-Unsubscribe's mailto has the token of the link in its subject: it may end the list, whoever sends it (RFC 8058 has no password either)."""
        for token in TOKEN.findall(mail.header("Subject"))[:2]:
            try:
                claim = self.addresses_of_ours.signer.read(token)
            except TokenError:
                continue
            if subscriptions.token_version(self.database, claim.subscriber_id) == claim.version:
                return subscriptions.unsubscribe(self.database, claim.subscriber_id, claim.list, source=BY_MAIL, now=now)
        return False

    def _help(self, mail_list: MailList) -> str:
        join, leave = (self.addresses_of_ours.command_address(mail_list.key, each) for each in (Command.SUBSCRIBE, Command.UNSUBSCRIBE))
        return (
            f"「{mail_list.title}」\n\n登録するとき：{join} に空のメールを送ってください。\n"
            f"やめるとき：{leave} に空のメールを送ってください。\nこれまでの号：{mail_list.archive_url}\n"
        )

    def _answer(self, writer: str, mail_list: MailList, kind: str, subject: str, text: str, now: datetime) -> Disposition:
        if not automatic_replies.begin_reply(self.database, writer, kind, now):
            return Disposition("not answered: answered in the last day")
        identity = SenderIdentity.of(self.addresses_of_ours.config)
        lines = (
            mailbox_line("From", mail_list.from_name, mail_list.from_address),
            mailbox_line("To", "", writer),
            mailbox_line("Reply-To", "", mail_list.contact),
            text_line("Subject", f"{subject}：「{mail_list.title}」"),
            list_id_line(mail_list.title, mail_list.list_id),
        )
        own_id = f"<answer-{sha256(f'{writer} {kind} {now.isoformat()}'.encode()).hexdigest()[:40]}@{identity.message_id_domain}>"
        whole = f"{text}\nお問い合わせ {mail_list.contact}\n"
        content = compose_note(lines, whole, sent_at=now, zone=identity.time_zone, own_id=own_id)
        return Disposition(f"answered: {kind}", mails=(DirectMessage(Envelope("", writer), content),))


def _key(address: str) -> str:
    try:
        return addresses.address_key(addresses.parse(address))
    except AddressError:
        return address.lower()
