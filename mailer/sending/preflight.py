"""Before an issue goes to readers: a dry run that sends nothing, and a test send to named addresses. Neither touches the ledger."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mailer import bundle
from mailer.approval import approval
from mailer.approval.approval import NotApproved
from mailer.config.settings import Config
from mailer.database.deliveries import frozen_content, issues, ledger
from mailer.database.engine import Database
from mailer.database.readers import subscriptions
from mailer.delivery.context import DeliveryContext
from mailer.delivery.expiry import refuse_ended, refuse_expired
from mailer.message import alternatives, compose
from mailer.message.compose import Message, SenderIdentity
from mailer.message.dkim.signature import sign_message
from mailer.message.links import NOBODY, LinkClaim, Purpose, RecipientLinks
from mailer.model.errors import ContentChanged, NotPrivate, SecretMissing
from mailer.model.issue import FrozenIssue, Issue, IssueRef, IssueStatus, MailList
from mailer.model.outcome import Outcome
from mailer.model.readers import addresses
from mailer.model.recipient import Recipient
from mailer.sending import authentication, freeze, limits_of_tests
from mailer.sending.sendable import require_sendable
from mailer.smtp.connection import SmtpConnection
from mailer.smtp.direct import DirectMessage, send_direct

SUBJECT_MARK = "【テスト】"


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a `send` would do now: to how many, and the headers of the first message (None if there is nobody)."""

    due: int
    is_frozen: bool
    notes: tuple[str, ...]
    headers: str | None


def dry_run(config: Config, database: Database, root: Path, ref: IssueRef, now: datetime) -> DryRun:
    """Return what `send` would do. Freezes nothing, sends nothing, needs no secret.

    :raises BundleError: the issue is neither frozen nor in order on disk.
    :raises IssueExpired: it is too late to send it.
    :raises MessageError: it is not frozen, and cannot be sent as it is.
    """
    frozen = issues.find(database, ref)
    if frozen is None or frozen.status is IssueStatus.REOPENED:
        issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)[ref.list]
        refuse_expired(database, issue.expires, ref, now, config.time_zone)
        require_sendable(config, database, issue, mail_list, now)
        first = subscriptions.first(database, ref.list)
        notes = (*_approval_notes(config, database, root, issue, mail_list), *authentication.note(config, mail_list, now))
        return DryRun(freeze.count_audience(database, root, ref), False, notes, _headers(config, issue, mail_list, first, now))
    refuse_ended(config, database, frozen, now)
    first = ledger.first_due(database, frozen.issue_id, now=now)
    headers = _headers(config, frozen.issue, frozen.mail_list, first, now)
    notes = (*_content_notes(database, frozen), *freeze.compare_with_bundle(root, frozen, config.time_zone))
    return DryRun(ledger.count_due(database, frozen.issue_id, now=now), True, notes, headers)


def _approval_notes(config: Config, database: Database, root: Path, issue: Issue, mail_list: MailList) -> tuple[str, ...]:
    try:
        approval.permit_for(config, database, root)(issue, mail_list, False)
    except (NotApproved, SecretMissing, NotPrivate) as error:
        return (f"{error} Without it `send` will refuse. 承認がないと送れません。",)
    return ()


def _content_notes(database: Database, frozen: FrozenIssue) -> tuple[str, ...]:
    try:
        frozen_content.require_unchanged(database, frozen)
    except (ContentChanged, SecretMissing, NotPrivate) as error:
        return (f"{error} Like this `send` will refuse. このままでは送れません。",)
    return ()


def _headers(config: Config, issue: Issue, mail_list: MailList, first: Recipient | None, now: datetime) -> str | None:
    if first is None:
        return None
    # The real link is the key to that person's subscription: it must not appear on a screen.
    links = RecipientLinks(f"{config.service_url}/unsubscribe/SIGNED-LINK", f"{config.service_url}/preferences/SIGNED-LINK")
    origin = SenderIdentity.of(config)
    mail = compose.compose(issue, mail_list, first, links=links, sent_at=now, identity=origin)
    return mail.content.split(b"\r\n\r\n", 1)[0].decode("ascii").replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class TestResult:
    """The relay's outcome for one test message."""

    address: str
    outcome: Outcome

    @property
    def is_sent(self) -> bool:
        """Whether the relay took it."""
        return self.outcome.is_accepted


def send_test(
    context: DeliveryContext, root: Path, ref: IssueRef, to: Sequence[str], *, is_light: bool = False, actor: str = ""
) -> tuple[TestResult, ...]:
    """Send the issue as it is on disk to each address, in its light form if asked. Nothing is frozen, and no delivery is written.

    A test needs no approval, so it must not become a sending: so many addresses a call and a day, and the audit log names them beforehand.

    :param actor: the account that asked for it, for the audit log.
    :raises TooManyTests: more addresses than `test_addresses`, or than are left of `test_addresses_per_day`.
    :raises BundleError: the bundle is not in order.
    :raises AddressError: one of the addresses is none; nothing has been sent.
    :raises DkimError: no key signs for its From, and other domains have keys.
    :raises RelayError: the relay cannot be reached or will not have us.
    """
    issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)[ref.list]
    marked = replace(alternatives.as_light(issue) if is_light else issue, subject=f"{SUBJECT_MARK}{issue.subject}")
    now = context.clock()
    mails = [_compose(context, marked, mail_list, addresses.parse(address), now) for address in to]
    key = context.dkim.required_for(mail_list.from_address)
    signed = [DirectMessage(mail.envelope, sign_message(mail.content, key, now)) for mail in mails]
    limits_of_tests.begin(context.config, context.database, ref, to, actor=actor, now=now)
    results = asyncio.run(_deliver(context, signed))
    limits_of_tests.end(context.database, ref, [result.address for result in results if result.is_sent], actor=actor, now=context.clock())
    return results


def _compose(context: DeliveryContext, issue: Issue, mail_list: MailList, address: str, now: datetime) -> Message:
    """Each test has a Message-ID of its own: a mail program would hide the second copy of one that it has."""
    suffix = hashlib.sha256(f"{address} {now.isoformat()} {issue.charset}".encode()).hexdigest()[:16]
    numbered = replace(issue, ref=IssueRef(issue.ref.list, f"{issue.ref.number}-test-{suffix}"))
    tokens = [context.signer.sign(LinkClaim(NOBODY, issue.ref.list, purpose=purpose)) for purpose in Purpose]
    links = RecipientLinks(f"{context.config.service_url}/unsubscribe/{tokens[0]}", f"{context.config.service_url}/preferences/{tokens[1]}")
    origin = SenderIdentity.of(context.config)
    return compose.compose(numbered, mail_list, Recipient(NOBODY, address), links=links, sent_at=now, identity=origin)


async def _deliver(context: DeliveryContext, mails: Sequence[DirectMessage]) -> tuple[TestResult, ...]:
    connection = SmtpConnection(context.config.relay, context.password, hello=context.config.message_id_domain)
    outcomes = await send_direct(connection, mails)
    return tuple(TestResult(mail.envelope.recipient, outcome) for mail, outcome in zip(mails, outcomes, strict=True))
