"""What killed processes left behind: their journals are read into the ledger, and their batches are set free.

Results that had not reached the ledger yet are recorded. An intent without a result makes its delivery `unknown`, at most one for
each connection; all other rows of the batch have surely not left and are due again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer import log
from mailer.config.settings import Config
from mailer.database import claims, ledger, limits
from mailer.database.claims import OpenClaim
from mailer.database.engine import Database
from mailer.database.ledger import LedgerEntry, ResultGroup
from mailer.delivery import journal


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
    """
    open_claims = {claim.token: claim for claim in claims.open_claims(database)}
    results, in_doubt, dead = 0, list[LedgerEntry](), set[str]()
    for folder in journal.orphaned_journals(config.state):
        dead.add(folder.name)
        for path in sorted(folder.glob("*.log")):
            recorded, entries = _replay(config, database, path, open_claims, now)
            results += recorded
            in_doubt += entries
        for claim in [claim for claim in open_claims.values() if claim.owner == folder.name]:
            in_doubt += _take_over(database, open_claims.pop(claim.token), now, only_expired=False)
    limits.release_dead(database, dead)
    late = claims.open_claims(database) if is_alone else claims.open_claims(database, expired_only=True)
    lost = [entry for claim in late for entry in _take_over(database, claim, now, only_expired=not is_alone)]
    report = RecoveryReport(results, tuple(in_doubt + lost), len(lost))
    if report.results or report.in_doubt:
        log.event("recovered", results=report.results, unknown=len(report.in_doubt), lost_journals=report.lost_journals)
    return report


def _replay(
    config: Config, database: Database, path: Path, open_claims: dict[str, OpenClaim], now: datetime
) -> tuple[int, tuple[LedgerEntry, ...]]:
    """One journal into the ledger. How many results were recorded, and which deliveries are now `unknown`?"""
    replay = journal.replay(path)
    claim = open_claims.pop(path.relative_to(config.state).with_suffix("").as_posix(), None)
    fence, issue_id = (replay.fence, replay.issue_id) if claim is None else (claim.fence, claim.issue_id)
    if fence is None or issue_id is None:  # killed between opening the journal and claiming
        path.unlink()
        return 0, ()
    results = [result for result in replay.known.values() if result is not None]
    recorded = ledger.record(database, [ResultGroup(issue_id, fence, results)], now=now)
    unsure = [subscriber_id for subscriber_id, result in replay.known.items() if result is None]
    entries = ledger.mark_unknown(database, issue_id, fence, unsure, now=now)
    # Another process may have taken the batch over meanwhile and have had to doubt rows that this journal knows.
    claims.release_never_sent(database, fence, issue_id, replay.known.keys(), now=now)
    ledger.record(database, [ResultGroup(issue_id, fence, (), is_last=True)], now=now)
    path.unlink()
    return recorded, entries


def _take_over(database: Database, claim: OpenClaim, now: datetime, *, only_expired: bool) -> tuple[LedgerEntry, ...]:
    if not claims.take_over(database, claim, now=now, only_expired=only_expired):
        return ()
    return ledger.unknown_of_claim(database, claim.issue_id, claim.fence)
