"""A test of an issue: to named addresses only, marked in the subject, past the ledger. Nobody's subscription is looked at."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailer import addresses, bundle, message, parts
from mailer.delivery import Surroundings
from mailer.issue import Issue, IssueRef, MailList
from mailer.message import Message, Origin, Recipient
from mailer.relay import Line
from mailer.rules import Outcome
from mailer.tokens import Claim

MARK = "【テスト】"
NOBODY = 0
"""No subscriber has this number: the links of a test open their page and end no subscription."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What the relay said to one test message."""

    address: str
    outcome: Outcome

    @property
    def is_sent(self) -> bool:
        """Whether the relay took it."""
        return self.outcome.code is not None and 200 <= self.outcome.code < 300


def send_test(around: Surroundings, root: Path, ref: IssueRef, to: Sequence[str], *, is_light: bool = False) -> tuple[Tried, ...]:
    """Send the issue as it lies on disk to each address, in its light form if asked. Nothing is frozen, and no row is written.

    :raises BundleError: the bundle is not in order.
    :raises AddressError: one of the addresses is none; nothing has been sent.
    :raises RelayError: the relay cannot be reached or will not have us.
    """
    issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)[ref.list]
    marked = replace(parts.lightened(issue) if is_light else issue, subject=f"{MARK}{issue.subject}")
    now = around.clock()
    mails = [_compose(around, marked, mail_list, addresses.parse(address), now) for address in to]
    return asyncio.run(_deliver(around, mails))


def _compose(around: Surroundings, issue: Issue, mail_list: MailList, address: str, now: datetime) -> Message:
    """Each test has a Message-ID of its own: a mail program would hide the second copy of one that it has."""
    turn = hashlib.sha256(f"{address} {now.isoformat()} {issue.charset}".encode()).hexdigest()[:16]
    named = replace(issue, ref=IssueRef(issue.ref.list, f"{issue.ref.number}-test-{turn}"))
    link = f"{around.config.service_url}/unsubscribe/{around.tokens.sign(Claim(NOBODY, issue.ref.list))}"
    origin = Origin(around.config.return_path, around.config.message_id_domain)
    return message.compose(named, mail_list, Recipient(NOBODY, address), unsubscribe_url=link, sent_at=now, origin=origin)


async def _deliver(around: Surroundings, mails: Sequence[Message]) -> tuple[Tried, ...]:
    line = Line(around.config.relay, around.password, hello=around.config.message_id_domain)
    tried: list[Tried] = []
    try:
        for mail in mails:
            await line.ready()
            outcome = await line.offer(mail.envelope) or await line.deliver(mail.content)
            tried.append(Tried(mail.envelope.recipient, outcome))
    finally:
        await line.close()
    return tuple(tried)
