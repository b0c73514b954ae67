"""A test of an issue: to named addresses only, marked in the subject, past the ledger. Nobody's subscription is looked at."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import cast

from mailer import addresses, bundle, message, parts
from mailer.issue import Issue, IssueRef, MailList
from mailer.letter import Letter
from mailer.message import Links, Message, Origin, Recipient
from mailer.relay import Line, dot_stuffed, envelope
from mailer.rules import Outcome, Phase
from mailer.surroundings import Surroundings
from mailer.tokens import NOBODY, Claim

MARK = "【テスト】"


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
    token = around.tokens.sign(Claim(NOBODY, issue.ref.list))
    links = Links(f"{around.config.service_url}/unsubscribe/{token}", f"{around.config.service_url}/preferences/{token}")
    origin = Origin(around.config.return_path, around.config.message_id_domain)
    return message.compose(named, mail_list, Recipient(NOBODY, address), links=links, sent_at=now, origin=origin)


async def _deliver(around: Surroundings, mails: Sequence[Message]) -> tuple[Tried, ...]:
    line = Line(around.config.relay, around.password, hello=around.config.message_id_domain)
    work = _Tests(mails)
    try:
        while work.waiting:
            await line.ready()
            await line.run(work)
    finally:
        await line.close()
    return tuple(work.tried)


class _Tests:
    """The tests as the connection's `letter.Work`. What a lost line leaves unsaid is a result too: nobody waits for a test for ever."""

    def __init__(self, mails: Sequence[Message]) -> None:
        self.waiting = deque(Letter(mail, envelope(mail.envelope), [dot_stuffed(mail.content)]) for mail in mails)
        self.tried: list[Tried] = []

    def next(self) -> Letter | None:
        """The next test."""
        return self.waiting.popleft() if self.waiting else None

    def leave(self, _letter: Letter, go: Callable[[bool], None]) -> None:
        """A test is not in the ledger, so there is nothing to write down first."""
        go(True)

    def done(self, letter: Letter, outcome: Outcome) -> None:
        """Keep what the relay said."""
        self.tried.append(Tried(cast(Message, letter.key).envelope.recipient, outcome))

    def give_back(self, letter: Letter) -> None:
        """The line was lost before the relay said a word."""
        self.done(letter, Outcome(Phase.MAIL, None, "the connection was lost"))
