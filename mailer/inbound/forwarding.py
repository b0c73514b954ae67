"""Passes on to a list's contact what people have written to the list: whole, as an attachment of a mail of ours. Pure.

Sent on under its own From, a letter would fail DMARC at the contact (RFC 7960), and be lost. The sender is in Reply-To, so that an answer finds the reader.
"""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from mailer.bounces import auto_replies
from mailer.bounces.mime import Mail
from mailer.inbound.authentication import writer_of
from mailer.inbound.disposition import Disposition, put_aside
from mailer.inbound.own_addresses import OwnAddresses
from mailer.inbound.spool import InboundMessage
from mailer.message.compose import SenderIdentity, format_date
from mailer.message.headers import mailbox_line, text_line
from mailer.model.issue import MailList
from mailer.model.recipient import Envelope
from mailer.smtp.direct import DirectMessage

MARK = "X-Todoke-Forwarded"
"""A letter that has it came from here: it is not sent round again."""
LONGEST_SUBJECT = 200


def forward(message: InboundMessage, mail: Mail, mail_list: MailList, addresses_of_ours: OwnAddresses, now: datetime) -> Disposition:
    """The mail to the contact, or why there is none."""
    if mail.root.get(MARK) is not None or any(mail_list.list_id.lower() in value.lower() for value in mail.headers("List-Id")):
        return put_aside("one of our own mails has come back to the list: a loop")
    if addresses_of_ours.resolve(mail_list.contact) is not None:
        return put_aside(f"the contact of {mail_list.key} is an address that comes back here; give the list another contact")
    if not message.sender or auto_replies.is_auto_reply(mail):
        return (
            put_aside("an automatic message to the list's address: nobody is asked to read it")
            if not message.sender
            else Disposition("automatic reply")
        )
    content = _compose(message, mail, mail_list, addresses_of_ours, now)
    return Disposition(
        "letter forwarded", mails=(DirectMessage(Envelope(addresses_of_ours.config.return_path, mail_list.contact), content),)
    )


def _compose(message: InboundMessage, mail: Mail, mail_list: MailList, addresses_of_ours: OwnAddresses, now: datetime) -> bytes:
    identity = SenderIdentity.of(addresses_of_ours.config)
    writer = writer_of(mail)
    lines = [
        mailbox_line("From", f"{mail_list.title} への手紙"[:90], mail_list.from_address),
        mailbox_line("To", "", mail_list.contact),
        text_line("Subject", f"転送: {_safe_subject(mail.header('Subject')) or '（件名なし）'}"),
        f"{MARK}: {mail_list.key}\r\n",
        "Auto-Submitted: auto-generated\r\n",
        f"Date: {format_date(now, identity.time_zone)}\r\n",
        f"Message-ID: <letter-{sha256(message.content).hexdigest()[:40]}@{identity.message_id_domain}>\r\n",
    ]
    if writer is not None:
        lines.insert(2, mailbox_line("Reply-To", "", writer))
    note = EmailMessage(policy=SMTP)
    note.set_content(_text(mail_list, writer), charset="utf-8", cte="base64")
    # Octets, not message/rfc822: that must not be encoded (RFC 2046 section 5.2.1), and a stranger's bytes need not be 7-bit.
    note.add_attachment(message.content, maintype="application", subtype="octet-stream", filename="letter.eml")
    return "".join(lines).encode("ascii") + note.as_bytes()


def _text(mail_list: MailList, writer: str | None) -> str:
    answer = f"返信すると {writer} に届きます。\n" if writer else "差出人のアドレスが読み取れませんでした。\n"
    return (
        f"「{mail_list.title}」のアドレスに届いたメールを、そのまま添付します（letter.eml）。\n"
        f"{answer}差出人が本人かどうかは確かめていません。\n\n"
        "A letter to the list's address is attached as it came. Its sender has not been verified.\n"
    )


def _safe_subject(subject: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in subject).replace("=?", "= ?")[:LONGEST_SUBJECT].strip()
