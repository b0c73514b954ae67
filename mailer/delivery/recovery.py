"""What killed processes left behind: their journals are read into the ledger, and their slices are set free.

Results that had not reached the ledger yet are written there. A body that was about to leave, without a result, makes its
delivery `unknown`, at most one for each connection; all other rows of the slice have surely not left and are due again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer import log
from mailer.config import Config
from mailer.database import claims, ledger, limits
from mailer.database.claims import OpenClaim
from mailer.database.engine import Database
from mailer.database.ledger import LedgerEntry, ResultGroup
from mailer.delivery import journal


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What was found. `doubtful` are deliveries that are now `unknown`; `lost_journals` counts those without a journal."""

    results: int = 0
    doubtful: tuple[LedgerEntry, ...] = ()
    lost_journals: int = 0


def recover(config: Config, database: Database, *, now: datetime, is_alone: bool) -> RecoveryReport:
    """Read the journals of dead processes of this machine; then take slices whose lease is over from other machines.

    :param is_alone: no other process can be sending (SQLite, while the lock is held): every open claim is a dead one's.
    """
    open_claims = {found.token: found for found in claims.open_claims(database)}
    results, doubtful, dead = 0, list[LedgerEntry](), set[str]()
    for folder in journal.orphaned_journals(config.state):
        dead.add(folder.name)
        for path in sorted(folder.glob("*.log")):
            counted, entries = _replay(config, database, path, open_claims, now)
            results += counted
            doubtful += entries
        for found in [found for found in open_claims.values() if found.owner == folder.name]:
            doubtful += _take_over(database, open_claims.pop(found.token), now, only_expired=False)
    limits.release_dead(database, dead)
    late = claims.open_claims(database) if is_alone else claims.open_claims(database, expired_only=True)
    lost = [_take_over(database, found, now, only_expired=not is_alone) for found in late]
    whole = RecoveryReport(results, tuple(doubtful + [entry for entries in lost for entry in entries]), sum(map(len, lost)))
    if whole.results or whole.doubtful:
        log.event("recovered", results=whole.results, unknown=len(whole.doubtful), lost_journals=whole.lost_journals)
    return whole


def _replay(
    config: Config, database: Database, path: Path, open_claims: dict[str, OpenClaim], now: datetime
) -> tuple[int, tuple[LedgerEntry, ...]]:
    story = journal.replay(path)
    found = open_claims.pop(path.relative_to(config.state).with_suffix("").as_posix(), None)
    fence, issue_id = (story.fence, story.issue_id) if found is None else (found.fence, found.issue_id)
    if fence is None or issue_id is None:  # killed between making the journal and claiming
        path.unlink()
        return 0, ()
    results = [result for result in story.known.values() if result is not None]
    counted = ledger.record(database, [ResultGroup(issue_id, fence, results)], now=now)
    unsure = [number for number, result in story.known.items() if result is None]
    entries = ledger.mark_unknown(database, issue_id, fence, unsure, now=now)
    # Somebody may have taken the slice over meanwhile and have had to doubt what this journal knows.
    claims.release_never_sent(database, fence, issue_id, story.known.keys(), now=now)
    ledger.record(database, [ResultGroup(issue_id, fence, (), is_last=True)], now=now)
    path.unlink()
    return counted, entries


def _take_over(database: Database, found: OpenClaim, now: datetime, *, only_expired: bool) -> tuple[LedgerEntry, ...]:
    if not claims.take_over(database, found, now=now, only_expired=only_expired):
        return ()
    return ledger.unknown_of_claim(database, found.issue_id, found.fence)
