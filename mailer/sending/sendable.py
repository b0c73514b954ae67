"""One whole message, composed and read back for three real readers before an issue is frozen: what is frozen can be sent.

A frozen issue keeps its number for good. What `email`, a header or a line would refuse must be told before that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from mailer.config.settings import Config
from mailer.database.engine import Database
from mailer.database.readers import subscriptions
from mailer.delivery.composer import Composer
from mailer.message.compiled import END_OF_DATA, CompiledMessage
from mailer.message.links import LinkSigner, return_path_for
from mailer.model.errors import AddressError, MessageError
from mailer.model.ids import IssueId
from mailer.model.issue import FrozenIssue, Issue, MailList
from mailer.model.readers.personal_places import PERSONAL_HOST
from mailer.model.recipient import Envelope, Recipient
from mailer.secrets import Secret
from mailer.smtp.transaction import envelope_commands

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "MIME-Version")
"""Headers that each message has exactly once: RFC 5322 section 3.6, RFC 2919, RFC 2369, RFC 2045 section 4."""
LONGEST_LINE = 998  # octets without CRLF, RFC 5322 section 2.1.1
LONGEST_COMMAND = 512  # octets, RFC 5321 section 4.5.3.1.4
NOT_FROZEN = "It cannot be sent as it is, and nothing was frozen"
SIGNER = LinkSigner((Secret("signs links that nobody gets, of the length that real ones have"),))


def require_sendable(config: Config, database: Database, issue: Issue, mail_list: MailList, now: datetime) -> None:
    """Compose the issue for three of its readers in each of its forms, and check what comes out. Nothing is sent or written.

    :raises MessageError: it cannot be sent; the message says why.
    """
    if config.dkim.domains and config.dkim.domain_for(mail_list.from_address) is None:
        domain = mail_list.from_address.rpartition("@")[2]
        raise MessageError(f"{issue.ref}: {NOT_FROZEN}: no domain of [dkim] in mailer.toml signs for From {domain}. Add it there.")
    composer = Composer(config, SIGNER)
    frozen = FrozenIssue(IssueId(0), issue, mail_list, now)
    for recipient in subscriptions.sample(database, issue.ref.list):
        for is_light in (False, True) if issue.light else (False,):
            try:
                compiled = composer.compiled(frozen)
                reason = _diagnose(config, compiled, frozen, recipient, is_light=is_light, now=now)
            except Exception as error:  # of whatever kind: it would end every run of the frozen issue
                raise MessageError(f"{issue.ref}: {NOT_FROZEN}: {error}") from error
            if reason:
                raise MessageError(f"{issue.ref}: {NOT_FROZEN}: {reason}.")


def _diagnose(
    config: Config, compiled: CompiledMessage, frozen: FrozenIssue, recipient: Recipient, *, is_light: bool, now: datetime
) -> str:
    return_path = return_path_for(config.return_path, IssueId(1), SIGNER)(recipient.subscriber_id) if config.verp else config.return_path
    if any(len(line) > LONGEST_COMMAND for line in envelope_commands(Envelope(return_path, recipient.address)).splitlines()):
        return "an address of the envelope is too long for a command of SMTP"
    try:
        raw = b"".join(compiled.render(recipient, now, is_light=is_light))
    except AddressError:
        return ""  # the fault of this reader's address or name: the sender fails that one delivery
    return next(_diagnose_content(frozen, raw), "")


def _diagnose_content(frozen: FrozenIssue, raw: bytes) -> Iterator[str]:
    content = re.sub(rb"(?m)^\.\.", b".", raw.removesuffix(END_OF_DATA))
    head, _, _ = content.partition(b"\r\n\r\n")
    if not head.isascii():
        yield "a header has characters that are not encoded"
    if re.search(rb"\r(?!\n)|(?<!\r)\n", content):
        yield "a line does not end in CR and LF"
    if any(len(line) > LONGEST_LINE for line in content.split(b"\r\n")):
        yield f"a line is longer than {LONGEST_LINE} octets"
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    yield from (f"it has the header {name} {len(mail.get_all(name, []))} times" for name in ONCE if len(mail.get_all(name, [])) != 1)
    if [address.addr_spec for address in mail["From"].addresses] != [frozen.mail_list.from_address]:
        yield "From does not come back as it was written"
    if "".join(str(mail["Subject"]).split()) != "".join(frozen.issue.subject.split()):
        yield "the subject does not come back as it was written"
    for part in mail.walk():
        if not part.is_multipart() and PERSONAL_HOST in part.get_content():
            yield f"a link to {PERSONAL_HOST} is left in it"
