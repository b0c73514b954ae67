"""The mail that asks a reader whether to receive a list again.

A link in a forwarded mail must not bring anybody back onto a list: only whoever reads the reader's mail can follow the link in this one. It is sent once
in `INTERVAL` at most, so that nobody can fill a mailbox with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from mailer import log
from mailer.config.settings import Config, RelaySettings
from mailer.message.compose import SenderIdentity, compose_note
from mailer.message.dkim.keys import NO_KEYS, DkimKeys
from mailer.message.dkim.signature import sign_message
from mailer.message.headers import mailbox_line, text_line
from mailer.message.links import JoinClaim, LinkSigner
from mailer.model.issue import MailList
from mailer.model.recipient import Envelope, Recipient
from mailer.secrets import Secret
from mailer.smtp.direct import DirectMessage, send_by_first_relay

INTERVAL = timedelta(minutes=15)
"""Between two of these mails to one reader for one list."""

LIFETIME = timedelta(days=2)
"""How long the link holds: a weekend."""


def compose_confirmation(recipient: Recipient, mail_list: MailList, link: str, *, sent_at: datetime, identity: SenderIdentity) -> bytes:
    """Return the message, CRLF, 7-bit.

    :raises AddressError: an address or name that could break out of its header.
    """
    lines = (
        mailbox_line("From", mail_list.from_name, mail_list.from_address),
        mailbox_line("To", recipient.name, recipient.address),
        mailbox_line("Reply-To", "", mail_list.contact),
        text_line("Subject", f"確認：「{mail_list.title}」をまた受け取りますか"),
    )
    own_id = f"<join-{sha256(link.encode()).hexdigest()[:40]}@{identity.message_id_domain}>"
    return compose_note(lines, _text(mail_list, link), sent_at=sent_at, zone=identity.time_zone, own_id=own_id)


def _text(mail_list: MailList, link: str) -> str:
    return (
        f"「{mail_list.title}」の配信を再開するご希望を受け付けました。\n\n"
        "まだ再開していません。次のアドレスを開いて、ボタンを押してください。\n\n"
        f"{link}\n\n"
        f"このアドレスは{LIFETIME.days}日間使えます。\n\n"
        "お心当たりがないときは、何もしないでください。配信は止まったままです。\n"
        "届いたメールを人に転送したときは、その中のリンクから申し込まれたのかもしれません。\n"
        "リンクは、「受け取り方を変える」のページの「リンクを無効にする」で使えなくできます。\n\n"
        f"お問い合わせ {mail_list.contact}\n"
    )


@dataclass(frozen=True)
class ConfirmationMailer:
    """Sends confirmations by the relays of `config`."""

    config: Config
    signer: LinkSigner
    password_for: Callable[[RelaySettings], Secret | None]
    dkim: DkimKeys = NO_KEYS

    async def send(self, recipient: Recipient, mail_list: MailList, form: str, now: datetime) -> bool:
        """Ask the reader. False: no relay took the mail.

        :param form: html or light, as the reader has chosen.
        """
        config = self.config
        claim = JoinClaim(recipient.subscriber_id, mail_list.key, recipient.token_version, form, now)
        link = f"{config.service_url}/join/{self.signer.sign_join(claim)}"
        content = compose_confirmation(recipient, mail_list, link, sent_at=now, identity=SenderIdentity.of(config))
        signed = sign_message(content, self.dkim.for_address(mail_list.from_address), now)
        message = DirectMessage(Envelope(config.return_path, recipient.address), signed)
        is_sent = await send_by_first_relay(config.relays, self.password_for, config.message_id_domain, message)
        log.event("confirmation sent" if is_sent else "confirmation not sent", subscriber=recipient.subscriber_id, list=mail_list.key)
        return is_sent
