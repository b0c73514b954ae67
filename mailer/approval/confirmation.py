"""What an operator confirms by hand: entries from before the log was sealed, a log that a restored backup has cut off, and who may approve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from mailer.approval import anchors
from mailer.approval.approvers import Approver
from mailer.config.settings import ApprovalRules
from mailer.database import audit_log
from mailer.database.deliveries import frozen_content, issues, ledger
from mailer.database.engine import Database
from mailer.model.audit_log import LOG_SEALED, Anchor, AuditEntry, AuditEvent, is_confirmed, is_genuine, unsealed, verify_chain
from mailer.model.errors import TodokeMailError
from mailer.model.issue import FrozenIssue

LOG_ADOPTED = "log adopted"
"""The event by which an operator goes on with a log that lacks entries. Details: the anchor that was lost."""


class NothingToConfirm(TodokeMailError):
    """The log needs no confirmation; one more would only hide what somebody does later."""


def seal_older(database: Database, *, account: str, now: datetime) -> tuple[str, ...]:
    """Confirm the entries that have no seal, and the issues that were frozen when there was none. Return what was done, in sentences.

    :raises AuditBroken: the log is broken.
    :raises NothingToConfirm: all of it is sealed.
    """
    entries = audit_log.entries(database)
    verify_chain(entries, database.seal)
    count = unsealed(entries)
    is_first = not any(entry.event.what == frozen_content.FROZEN and is_genuine(entry, database.seal) for entry in entries)
    older = _unsealed_issues(database, entries) if is_first or (count and not is_confirmed(entries, count, database.seal)) else ()
    said = []
    if count and not is_confirmed(entries, count, database.seal):
        details = {"entries": str(count), "hash": entries[count - 1].hash}
        audit_log.append(database, AuditEvent(account, LOG_SEALED, "", details), now=now)
        said.append(f"Entries 1 to {count} are confirmed as they are. 1〜{count}件目を確かめたものとしました。")
    for frozen in older:
        readers = sum(ledger.counts(database, frozen.issue_id).values())
        audit_log.append(database, frozen_content.frozen_event(frozen, readers, account), now=now)
        said.append(f"{frozen.issue.ref} is confirmed as it is in the database: {frozen.issue.subject}")
    if not said:
        raise NothingToConfirm("Nothing to seal: every entry of the log has its seal. 封をするものはありません。")
    return tuple(said)


def adopt(database: Database, own: Path, *, account: str, now: datetime) -> tuple[str, ...]:
    """Go on with a log that lacks what this machine has noted, as after a backup was restored. The log says so for ever.

    :param own: the file of this machine's anchor.
    :raises AuditBroken: the log itself is broken.
    :raises NothingToConfirm: it lacks nothing.
    """
    entries = audit_log.entries(database)
    verify_chain(entries, database.seal)
    lost = [anchor for anchor in anchors.read(own) if anchor.number > len(entries) or entries[anchor.number - 1].hash != anchor.hash]
    if not lost:
        raise NothingToConfirm("Nothing to adopt: the log holds all that this machine has noted. 失われた記録はありません。")
    details = {"lost": str(lost[-1].number), "hash": lost[-1].hash, "noted": lost[-1].at.isoformat()}
    entry = audit_log.append(database, AuditEvent(account, LOG_ADOPTED, "", details), now=now)
    anchors.replace(own, Anchor.of(entry))
    return (f"The log goes on at entry {entry.number}, without what came up to entry {lost[-1].number}. {entry.number}件目から続けます。",)


def problems(rules: ApprovalRules, known: Sequence[Approver], lists: Sequence[str]) -> tuple[str, ...]:
    """Return what keeps issues from being approved, in sentences.

    :param lists: the lists that need an approval.
    """
    return tuple(_problems(rules, known, lists))


def _problems(rules: ApprovalRules, known: Sequence[Approver], lists: Sequence[str]) -> Iterator[str]:
    if rules.identity == "key":
        yield from (f"{each.name} has no public_key and cannot approve. 公開鍵がありません。" for each in known if not each.public_key)
    elif not known:
        yield f'{rules.approvers} is not there: everybody can approve under any name (identity = "name"). だれでも承認できます。'
        return
    for key in lists:
        able = [each for each in known if each.may_approve(key) and (each.public_key or rules.identity == "name")]
        if not able:
            yield f"{key}: nobody may approve its issues. この配信先を承認できる人がいません。"
        elif len(able) == 1:
            yield f"{key}: only {able[0].name} may approve; what they write themselves nobody can approve. 承認できる人が一人だけです。"


def _unsealed_issues(database: Database, entries: Sequence[AuditEntry]) -> tuple[FrozenIssue, ...]:
    sealed = {entry.event.issue for entry in entries if entry.event.what == frozen_content.FROZEN and is_genuine(entry, database.seal)}
    return tuple(frozen for frozen in issues.all_issues(database) if str(frozen.issue.ref) not in sealed)
