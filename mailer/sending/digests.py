"""Several lists in one mail: which digests are due, composing and freezing them, and sending them.

1. Settle who waits no longer: readers who left, rest or want each issue again, and issues that have expired.
2. Group the readers by the issues that they wait for. Each issue is examined again: its words against the sealed log, its approval.
3. Compose each combination and ask the gate. One that is too large, or has another problem, is taken apart; an issue that fits into no digest goes by itself.
4. Freeze each digest, which takes its readers out of the waiting. From then on it is sent like any issue, by this process or another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer import bundle
from mailer.approval import approval
from mailer.approval.approval import NotApproved
from mailer.config.settings import Config
from mailer.database import audit_log
from mailer.database.deliveries import digests, frozen_content, issues
from mailer.database.deliveries.digests import Tidied
from mailer.database.engine import Database
from mailer.delivery.context import DeliveryContext, Progress
from mailer.delivery.recovery import restored
from mailer.digest import composition, gate
from mailer.digest.composition import DigestFrame
from mailer.model.audit_log import AuditEvent
from mailer.model.digest import DIGEST, HELD_FREQUENCIES, is_digest
from mailer.model.errors import BundleError, ContentChanged, MessageError, SenderBusy
from mailer.model.ids import IssueId, SubscriberId
from mailer.model.issue import FrozenIssue, Issue, IssueRef, IssueStatus, MailList
from mailer.model.site import SiteProfile
from mailer.sending.mergeable import publisher
from mailer.sending.send import SendResult, send

MakeProgress = Callable[[IssueRef], AbstractContextManager[Progress]]


@dataclass(frozen=True, slots=True)
class PlannedDigest:
    """One combination: the digest as it would leave, the issues that it carries, and its readers."""

    content: Issue
    mail_list: MailList
    issues: tuple[FrozenIssue, ...]
    readers: tuple[SubscriberId, ...]


@dataclass(frozen=True, slots=True)
class SeparateIssue:
    """An issue that goes by itself to readers who want a digest, and why."""

    issue: FrozenIssue
    readers: tuple[SubscriberId, ...]
    why: str


@dataclass(frozen=True, slots=True)
class DigestPlan:
    """What is due. `stopped` are issues that go into no digest, each with the error that a person must look at. `split`: why combinations were taken apart."""

    digests: tuple[PlannedDigest, ...]
    separate: tuple[SeparateIssue, ...]
    stopped: tuple[tuple[FrozenIssue, Exception], ...]
    split: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DigestRun:
    """What a run has done: what was due, what was settled before, and what came of each digest that was sent. `is_busy`: another sender sends them."""

    plan: DigestPlan
    tidied: Tidied
    results: tuple[SendResult, ...]
    is_busy: bool


def plan(config: Config, database: Database, root: Path, now: datetime) -> DigestPlan:
    """Return what is due now. Changes nothing."""
    due = {frequency: config.digests.last(frequency, now, config.time_zone) for frequency in HELD_FREQUENCIES}
    combinations = digests.combinations(database, due, now)
    known = {each.issue_id: each for each in issues.all_issues(database, {number for each in combinations for number in each.issues})}
    stopped = {number: error for number, frozen in known.items() if (error := _problem(config, database, frozen)) is not None}
    order = _list_order(root)
    site, moment = publisher(config, root), max(due.values())
    planned, separate, split = list[PlannedDigest](), list[SeparateIssue](), list[str]()
    merged: dict[tuple[IssueId, ...], list[SubscriberId]] = {}
    for each in combinations:
        left = tuple(number for number in each.issues if number not in stopped)
        if left:
            merged.setdefault(left, []).extend(each.readers)
    for ids, readers in merged.items():
        carried = sorted((known[number] for number in ids), key=lambda frozen: (order(frozen), frozen.frozen_at, frozen.issue_id))
        for group, why in _groups(carried, lambda some: _compose(database, some, site, moment, config)):
            if isinstance(why, str):
                separate.append(SeparateIssue(group[0], tuple(sorted(readers)), why))
            else:
                planned.append(PlannedDigest(*why[0], tuple(group), tuple(sorted(readers))))
                split += [f"{' + '.join(str(one.issue.ref) for one in carried)}: {problem}" for problem in why[1]]
    return DigestPlan(
        tuple(planned), tuple(separate), tuple((known[number], error) for number, error in stopped.items()), tuple(dict.fromkeys(split))
    )


def compose_due(config: Config, database: Database, root: Path, *, now: datetime, actor: str = "") -> tuple[DigestPlan, Tidied]:
    """Freeze every digest that is due. Nothing is sent; any sender may send them. Doing it again does nothing more.

    :raises LedgerRestored: the ledger is older than what was sent from it.
    """
    restored.check(config, database)
    tidied = digests.tidy(database, now)
    due = plan(config, database, root, now)
    for frozen, error in due.stopped:
        if issues.set_status(database, frozen.issue_id, IssueStatus.PAUSED, old={IssueStatus.SENDING}):
            event = AuditEvent("", "sending stopped", str(frozen.issue.ref), {"reason": str(error)})
            audit_log.append(database, event, now=now)
    for each in due.digests:
        digests.freeze(database, each.content, each.mail_list, each.issues, each.readers, now=now, actor=actor)
    for alone in due.separate:
        digests.separate(database, alone.issue.issue_id, alone.readers, now)
    return due, tidied


def send_digests(context: DeliveryContext, root: Path, progress: MakeProgress, *, actor: str = "", anyway: str = "") -> DigestRun:
    """Compose what is due, and send it with what an earlier run has left.

    :raises TodokeMailError: see `sending.send.send`.
    """
    due, tidied = compose_due(context.config, context.database, root, now=context.clock(), actor=actor)
    alone = {each.issue.issue_id for each in due.separate}
    results = list[SendResult]()
    for frozen in issues.sendable_issues(context.database, now=context.clock()):
        if not is_digest(frozen) and frozen.issue_id not in alone:
            continue
        try:
            with progress(frozen.issue.ref) as display:
                results.append(send(context, root, frozen.issue.ref, display, actor=actor, anyway=anyway))
        except SenderBusy:
            return DigestRun(due, tidied, tuple(results), is_busy=True)
    return DigestRun(due, tidied, tuple(results), is_busy=False)


Composed = tuple[tuple[Issue, MailList], tuple[str, ...]]


def _groups(
    carried: Sequence[FrozenIssue], compose: Callable[[Sequence[FrozenIssue]], Composed]
) -> Iterator[tuple[Sequence[FrozenIssue], str | Composed]]:
    """Yield the issues of a combination together if the gate lets them pass; otherwise as many of them as pass, one after the other.

    With each group comes its digest and the problems of the whole, or why an issue fits into none.
    """
    whole, problems = compose(carried)
    if not problems:
        yield carried, (whole, ())
        return
    group: list[FrozenIssue] = []
    for each in carried:
        if group and compose([*group, each])[1]:
            yield group, (compose(group)[0], problems)
            group = []
        if own := compose([each])[1]:
            yield [each], "; ".join(own)
        else:
            group.append(each)
    if group:
        yield group, (compose(group)[0], problems)


def _compose(database: Database, carried: Sequence[FrozenIssue], site: SiteProfile | None, moment: datetime, config: Config) -> Composed:
    number = _number(database, carried, moment.astimezone(config.time_zone))
    try:
        made = composition.compose(carried, DigestFrame(site, moment, config.time_zone, number))
    except MessageError as error:
        return (carried[0].issue, carried[0].mail_list), (str(error),)
    return made, gate.problems(made[0], carried)


def _number(database: Database, carried: Sequence[FrozenIssue], moment: datetime) -> str:
    """The same for the same issues and moment, so that a ledger that was restored knows what had left. Readers who wait again get another one."""
    named = "\n".join(f"{each.issue.ref} {each.issue.digest}" for each in carried)
    base, again = f"{moment:%Y%m%d-%H%M}-{hashlib.sha256(named.encode()).hexdigest()[:8]}", 1
    while issues.find(database, IssueRef(DIGEST, base if again == 1 else f"{base}-{again}")) is not None:
        again += 1
    return base if again == 1 else f"{base}-{again}"


def _problem(config: Config, database: Database, frozen: FrozenIssue) -> Exception | None:
    """Why the issue must go into no digest: its words were changed, or its approval does not count."""
    try:
        frozen_content.require_unchanged(database, frozen)
        approval.permit_for(config, database)(frozen.issue, frozen.mail_list, True)
    except (ContentChanged, NotApproved) as error:
        return error
    return None


def _list_order(root: Path) -> Callable[[FrozenIssue], int]:
    """The order of the lists in the bundle; lists that are not there any more come last."""
    try:
        places: Mapping[str, int] = {key: place for place, key in enumerate(bundle.read_lists(root))}
    except BundleError:
        places = {}
    return lambda frozen: places.get(frozen.issue.ref.list, len(places))
