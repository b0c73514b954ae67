"""What of the bundle could be sent now: issues that nobody has sent yet, and those whose sending is not finished. Nothing is frozen or sent.

A program that publishes the site asks this (`todoke ready`), and then hands over what it may.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from mailer import bundle
from mailer.approval import approval
from mailer.approval.approval import NotApproved
from mailer.config.settings import Config
from mailer.database.deliveries import issues, ledger
from mailer.database.engine import Database
from mailer.delivery import expiry
from mailer.delivery.expiry import Expiry
from mailer.model.digest import is_digest
from mailer.model.errors import BundleError, NotPrivate, SecretMissing
from mailer.model.issue import FrozenIssue, Issue, IssueRef, IssueStatus, is_safe_key
from mailer.sending import freeze


class ReadyState(StrEnum):
    """``new``: never frozen. ``reopened``: cancelled and opened again. ``sending``: frozen, and something is due. ``broken``: the bundle is not in order."""

    NEW = "new"
    REOPENED = "reopened"
    SENDING = "sending"
    BROKEN = "broken"


class ApprovalState(StrEnum):
    """Whether a person has approved the issue as it is; ``not needed`` for a list without that rule."""

    APPROVED = "approved"
    MISSING = "missing"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class ReadyIssue:
    """One issue. ``due`` are its readers now, or what is left of them. ``why`` says why it is broken or not approved. ``issue`` is None if it is broken."""

    ref: IssueRef
    state: ReadyState
    approval: ApprovalState = ApprovalState.MISSING
    due: int = 0
    why: str = ""
    issue: Issue | None = None


def ready_issues(config: Config, database: Database, root: Path, now: datetime) -> list[ReadyIssue]:
    """Return what could be sent, by list and number: not what has expired, waits for its time, is paused or cancelled.

    :param root: the bundle's folder, usually `output/mail`.
    :raises BundleError: there is no bundle.
    """
    unsent = (ready for each in _unsent(database, root) if (ready := _read(config, database, root, each, now)))
    # A digest has no page that could be awaited; `send --digests` and the worker send it.
    frozen = (each for each in issues.sendable_issues(database, now=now) if not is_digest(each))
    sending = (ready for each in frozen if (ready := _sending(config, database, each, now)))
    return sorted([*unsent, *sending], key=lambda each: (each.ref.list, each.ref.number))


def _unsent(database: Database, root: Path) -> Iterator[tuple[IssueRef, ReadyState]]:
    """Yield the issues of the bundle that were never frozen, or were opened again."""
    statuses = {frozen.issue.ref: frozen.status for frozen in issues.all_issues(database)}
    for key in bundle.read_lists(root):
        for file in sorted((root / key).glob("*/issue.json")):
            if not is_safe_key(file.parent.name):
                continue
            ref = IssueRef(key, file.parent.name)
            if ref not in statuses:
                yield ref, ReadyState.NEW
            elif statuses[ref] is IssueStatus.REOPENED:
                yield ref, ReadyState.REOPENED


def _read(config: Config, database: Database, root: Path, unsent: tuple[IssueRef, ReadyState], now: datetime) -> ReadyIssue | None:
    """Return what is known of one of them; None if it is too late for it."""
    ref, state = unsent
    try:
        issue, mail_list = bundle.read_issue(root, ref), bundle.read_lists(root)[ref.list]
    except BundleError as error:
        return ReadyIssue(ref, ReadyState.BROKEN, why=str(error))
    if issue.expires is not None and issue.expires <= now:
        return None
    due = freeze.count_audience(database, root, ref)
    if not config.approval.needs(ref.list):
        return ReadyIssue(ref, state, ApprovalState.NOT_NEEDED, due, "", issue)
    try:
        approval.permit_for(config, database, root)(issue, mail_list, False)
    except (NotApproved, SecretMissing, NotPrivate) as error:
        return ReadyIssue(ref, state, ApprovalState.MISSING, due, str(error), issue)
    return ReadyIssue(ref, state, ApprovalState.APPROVED, due, "", issue)


def _sending(config: Config, database: Database, frozen: FrozenIssue, now: datetime) -> ReadyIssue | None:
    """Return how many have a frozen issue still to get; None if it is too late for it. `send` examines its approval again."""
    if expiry.expiry(config, database, frozen, now) is not Expiry.OPEN:
        return None
    has = ApprovalState.APPROVED if config.approval.needs(frozen.issue.ref.list) else ApprovalState.NOT_NEEDED
    due = ledger.count_due(database, frozen.issue_id, now=now)
    return ReadyIssue(frozen.issue.ref, ReadyState.SENDING, has, due, "", frozen.issue)
