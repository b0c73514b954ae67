"""What killed processes left behind: their journals are read into the ledger, and their batches are set free.

Results that had not reached the ledger yet are recorded. An intent without a result makes its delivery `unknown`, at most one for
each connection; all other rows of the batch have surely not left and are due again. Where the journal may lack lines (it is empty,
cut, or from before the machine's last start), the other rows are in doubt too, up to the claim's high-water mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer import log
from mailer.config.settings import Config
from mailer.database import restoration
from mailer.database.deliveries import claims, expirations, ledger, limits
from mailer.database.deliveries.claims import OpenClaim
from mailer.database.deliveries.ledger import LedgerEntry, ResultGroup
from mailer.database.engine import Database
from mailer.delivery import journal
from mailer.delivery.recovery import journal_directory
from mailer.delivery.recovery.replay import Replay, replay
from mailer.delivery.recovery.sent_log import SUFFIX, SentLog
from mailer.model.errors import LedgerRestored
from mailer.model.ids import Fence, IssueId, SubscriberId
from mailer.model.outcome import DeliveryResult
from mailer.model.state import DeliveryState


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """`results` counts those that were recorded. `in_doubt` are deliveries that are now `unknown`; `lost_journals` counts those of
    them whose journal is not on this machine.
    """

    results: int = 0
    in_doubt: tuple[LedgerEntry, ...] = ()
    lost_journals: int = 0


def recover(config: Config, database: Database, *, now: datetime, is_alone: bool) -> RecoveryReport:
    """Read the journals of dead processes of this machine; then take over batches of other machines whose lease is over.

    :param is_alone: no other process can be sending (SQLite, while the lock is held): every open claim is a dead one's.
    :raises LedgerRestored: the ledger does not know what a journal says. That journal stays.
    """
    expirations.see_clock(database, now)
    results, in_doubt, dead = 0, list[LedgerEntry](), set[str]()
    for folder in journal_directory.orphaned_journals(config.state):
        dead.add(folder.name)
        # Asked only now: the process may have claimed a batch in its last moment, and its journal would not be taken for that batch's.
        open_claims = {claim.token: claim for claim in claims.open_claims(database) if claim.owner == folder.name}
        for path in sorted(folder.glob("*.log")):
            claim = open_claims.pop(path.relative_to(config.state).with_suffix("").as_posix(), None)
            recorded, entries = _settle(database, path, claim, now)
            results += recorded
            in_doubt += entries
        for claim in open_claims.values():
            in_doubt += _take_over(database, claim, now, only_expired=False)
    limits.release_dead(database, dead)
    late = claims.open_claims(database) if is_alone else claims.open_claims(database, expired_only=True)
    lost = [entry for claim in late for entry in _take_over(database, claim, now, only_expired=not is_alone)]
    report = RecoveryReport(results, tuple(in_doubt + lost), len(lost))
    if report.results or report.in_doubt:
        log.event("recovered", results=report.results, unknown=len(report.in_doubt), lost_journals=report.lost_journals)
    return report


def _settle(database: Database, path: Path, claim: OpenClaim | None, now: datetime) -> tuple[int, tuple[LedgerEntry, ...]]:
    """One journal into the ledger. How many results were recorded, and which deliveries are now `unknown`?"""
    replayed = replay(path)
    fence, issue_id = (replayed.fence, replayed.issue_id) if claim is None else (claim.fence, claim.issue_id)
    if fence is None or issue_id is None:  # killed between opening the journal and claiming
        path.unlink()
        return 0, ()
    recorded = ledger.record(database, [ResultGroup(issue_id, fence, replayed.results)], now=now)
    entries = ledger.mark_unknown(database, issue_id, fence, replayed.intended, now=now)
    if replayed.ref and restoration.is_uncounted(database, replayed.ref, fence, replayed.known.keys()):
        raise LedgerRestored(f"the ledger does not know what the journal {path} says")
    if is_complete(database, replayed, fence, issue_id):
        # Another process may have taken the batch over meanwhile and have had to doubt rows that this journal knows. The claim ends
        # first: after that nobody can take it over, so the doubts that are there now are all there will be.
        ledger.record(database, [ResultGroup(issue_id, fence, (), is_last=True)], now=now)
        claims.release_never_sent(database, fence, issue_id, replayed.known.keys(), now=now)
    elif claim is not None:
        log.warning("a journal is incomplete", journal=path.name, batch=fence)
        entries = (*entries, *_take_over(database, claim, now, only_expired=False))
    keep_what_left(path, replayed.ref, fence, issue_id, replayed)
    path.unlink()
    return recorded, entries


def is_complete(database: Database, replayed: Replay, fence: Fence, issue_id: IssueId) -> bool:
    """Whether a row of the claim that the journal does not name has surely not left.

    A journal that was cut at the end of a line looks whole. But results come into the ledger within a moment, so the ledger then knows
    of messages that the journal does not.
    """
    return replayed.is_complete(journal.boot_id()) and restoration.sent_under(database, issue_id, fence) <= replayed.known.keys()


def keep_what_left(path: Path, ref: str, fence: Fence, issue_id: IssueId, replayed: Replay) -> None:
    """Write what a journal says has left into the sent log of its process, before the journal is removed."""
    sent_log = SentLog(path.parent.with_name(path.parent.name + SUFFIX))
    if ref:
        sent_log.claimed(fence, issue_id, ref)
        sent_log.ended(fence, sent_in(replayed.results), (*replayed.intended, *unknown_in(replayed.results)))
    sent_log.close()


def sent_in(results: Iterable[DeliveryResult]) -> tuple[SubscriberId, ...]:
    """Who was sent a message?"""
    return tuple(result.subscriber_id for result in results if result.state == DeliveryState.SENT)


def unknown_in(results: Iterable[DeliveryResult]) -> tuple[SubscriberId, ...]:
    """Of whom is it unknown?"""
    return tuple(result.subscriber_id for result in results if result.state == DeliveryState.UNKNOWN)


def _take_over(database: Database, claim: OpenClaim, now: datetime, *, only_expired: bool) -> tuple[LedgerEntry, ...]:
    if not claims.take_over(database, claim, now=now, only_expired=only_expired):
        return ()
    return ledger.unknown_of_claim(database, claim.issue_id, claim.fence)
