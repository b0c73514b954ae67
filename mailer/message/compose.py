"""Issue + recipient → the bytes for exactly one person, and their envelope. Pure: same input, same bytes.

This way with Python's `email` takes 3 ms a message. `compiled` goes it once for an issue, cuts the result at the personal places and
fills them 200 times faster; a test proves that the bytes are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage

from mailer.message import alternatives
from mailer.message.headers import LONGEST_LINE, POLICY, mailbox
from mailer.message.links import RecipientLinks
from mailer.model import addresses, personal_places
from mailer.model.errors import MessageError
from mailer.model.ids import SubscriberId
from mailer.model.issue import Issue, IssueRef, MailList
from mailer.model.personal_places import PERSONAL_PLACE, PERSONAL_PREFERENCES
from mailer.model.recipient import Envelope, Recipient


@dataclass(frozen=True, slots=True)
class Message:
    """Ready to send: `content` is 7-bit with CRLF line ends and not yet dot-stuffed."""

    envelope: Envelope
    message_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SenderIdentity:
    """What every message of this installation has in common."""

    return_path: str
    message_id_domain: str


def message_id(ref: IssueRef, subscriber_id: SubscriberId, domain: str) -> str:
    """The same for the same issue and person, so that two copies can be recognized as one message. It does not reveal the address."""
    digest = hashlib.sha256(f"{ref}\n{subscriber_id}".encode()).hexdigest()
    return f"<{digest[:40]}@{domain}>"


def compose(
    issue: Issue, mail_list: MailList, recipient: Recipient, *, links: RecipientLinks, sent_at: datetime, identity: SenderIdentity
) -> Message:
    """One message for one person.

    :param sent_at: aware; becomes the Date (RFC 5322 section 3.6.1).
    :raises MessageError: a personal place is left, or a line is too long.
    :raises AddressError: an address or name that could break out of its header.
    """
    own_id = message_id(issue.ref, recipient.subscriber_id, identity.message_id_domain)
    mail = EmailMessage(policy=POLICY)
    for name, value in _headers(issue, mail_list, recipient, links):
        mail[name] = value
    mail["Date"] = sent_at
    mail["Message-ID"] = own_id
    personal_places.check_text(issue.text)
    personal_places.check_html(issue.html)
    alternatives.set_alternatives(mail, _fill(issue.text, links), _fill(issue.html, links), issue.charset)
    if mail.is_multipart():
        _set_boundary(mail, issue)
    return Message(Envelope(identity.return_path, recipient.address), own_id, _check_lines(mail.as_bytes()))


def _headers(issue: Issue, mail_list: MailList, recipient: Recipient, links: RecipientLinks) -> Iterator[tuple[str, str | Address]]:
    yield "From", mailbox(mail_list.from_name, mail_list.from_address)
    yield "To", mailbox(recipient.name, recipient.address)
    yield "Reply-To", mailbox("", mail_list.reply_to)
    yield "Subject", _text(issue.subject)
    yield "List-Id", f"{_phrase(mail_list.title)} <{mail_list.list_id}>"  # RFC 2919 section 3
    yield "List-Unsubscribe", f"<{_link(links.unsubscribe)}>"  # RFC 2369 section 3.2
    yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"  # RFC 8058 section 3.1
    yield "List-Archive", f"<{_link(mail_list.archive_url)}>"  # RFC 2369 section 3.6
    yield "Archived-At", f"<{_link(issue.archive_url)}>"  # RFC 5064 section 2
    yield "Precedence", "bulk"  # RFC 3834: keeps automatic answers away


def _text(value: str) -> str:
    if addresses.unsafe_characters(value):
        raise MessageError(
            f"{value!r} has control characters or line breaks and must not become a header. Correct the issue and build again."
        )
    return value


def _phrase(title: str) -> str:
    """The title as the phrase before the list's id (RFC 2919 section 3), without the characters that would end it early."""
    return _text(title).translate(str.maketrans("", "", '<>"\\'))


def _link(url: str) -> str:
    if not url.isascii() or addresses.unsafe_characters(url) or any(character in url for character in "<>\"' "):
        raise MessageError(
            "A link has characters that must not reach a header. Correct service_url in mailer.toml, or build the site again."
        )
    return url


def _fill(part: str, links: RecipientLinks) -> str:
    """The part with the reader's links. It has been checked: each place is a link of its own."""
    return part.replace(PERSONAL_PLACE, links.unsubscribe).replace(PERSONAL_PREFERENCES, links.preferences)


def _set_boundary(mail: EmailMessage, issue: Issue) -> None:
    """From the issue rather than random: same input, same bytes. No part in base64 contains `=_` (RFC 2045 section 6.8)."""
    mail.set_boundary(f"=_{hashlib.sha256(f'{issue.ref} {issue.digest}'.encode()).hexdigest()[:32]}")


def _check_lines(content: bytes) -> bytes:
    if any(len(line) > LONGEST_LINE for line in content.split(b"\r\n")):
        raise MessageError("A header is longer than 998 octets (RFC 5322); it was not sent. Shorten the subject, title or service_url.")
    return content
