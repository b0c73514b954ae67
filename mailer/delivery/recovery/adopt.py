"""`todoke adopt-restored`: puts what journals know into a ledger that was restored from a backup, and lets sending go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer.config.settings import Config
from mailer.database import restoration
from mailer.database.deliveries import claims
from mailer.database.engine import Database
from mailer.database.restoration import Adoption, Evidence, Marked
from mailer.delivery.recovery import journal_directory, recover, restored, sent_log
from mailer.delivery.recovery.replay import Replay, replay
from mailer.model.errors import IssueUnknown, SenderBusy
from mailer.model.ids import Fence
from mailer.model.issue import IssueRef


@dataclass(frozen=True, slots=True)
class AdoptionReport:
    """`reason`: in what the ledger was not the one of before; empty if it was, and then nothing was done."""

    reason: str
    marked: tuple[Marked, ...] = ()


@dataclass(frozen=True, slots=True)
class LocalAdoption:
    """What this machine knows of what left: `reason` says in what the ledger is not the one of before, empty if it is."""

    reason: str
    adoption: Adoption
    next_generation: int
    journals: Mapping[Path, Replay]


def adopt(config: Config, database: Database, *, now: datetime, keep: bool = True) -> AdoptionReport:
    """Mark what has left, and remember the ledger as it is now. With SQLite, call only while holding the sender's lock.

    :param keep: False for a dry run.
    :raises SenderBusy: a sender of this machine is at work.
    """
    living = journal_directory.living_senders(config.state)
    if living:
        raise SenderBusy(f"A sender is at work on this machine ({living[0]}). Stop `todoke send` and `todoke work` first.")
    local = local_adoption(config, database)
    if not local.reason:
        return AdoptionReport("")
    marked = restoration.adopt(database, local.adoption, is_alone=not database.is_shared, now=now, keep=keep)
    if keep:
        forget_journals(config, database, local)
    return AdoptionReport(local.reason, marked)


def local_adoption(config: Config, database: Database) -> LocalAdoption:
    """Compare the ledger with what this machine knows of it, and gather what journals say. Nothing is changed."""
    known, identity = restored.known_ledger(config.state), restoration.identify(database)
    journals = dict(_journals(config.state))
    reason = "" if known is None else restored.difference(config, database, identity, known)
    reason = reason or _unknown_journal(database, journals)
    generation = max(identity.generation, 0 if known is None else known.generation)
    following = generation + 1
    if reason and (known is None or identity.generation <= known.generation):  # otherwise another machine has begun the generation
        generation = following
    highest = restored.highest_fence(config.state, known)
    adoption = Adoption(_evidence(config.state, journals), _settled(config, database, journals), generation, highest)
    return LocalAdoption(reason, adoption, following, journals)


def forget_journals(config: Config, database: Database, local: LocalAdoption) -> None:
    """The ledger has what the journals say: keep it in the sent log, and remember the ledger."""
    for path, replayed in local.journals.items():
        if replayed.fence is not None and replayed.issue_id is not None:
            recover.keep_what_left(path, replayed.ref, replayed.fence, replayed.issue_id, replayed)
        path.unlink()
    identity = restoration.identify(database)
    restored.remember(config.state, identity, fence=identity.last_fence)


def _journals(state: Path) -> Iterator[tuple[Path, Replay]]:
    for folder in journal_directory.orphaned_journals(state):
        for path in sorted(folder.glob("*.log")):
            yield path, replay(path)


def _unknown_journal(database: Database, journals: dict[Path, Replay]) -> str:
    for path, replayed in journals.items():
        if (
            replayed.ref
            and replayed.fence is not None
            and restoration.is_uncounted(database, replayed.ref, replayed.fence, replayed.known.keys())
        ):
            return f"it does not know what the journal {path.name} says"
    return ""


def _evidence(state: Path, journals: dict[Path, Replay]) -> list[Evidence]:
    evidence: list[Evidence] = []
    carries: dict[Fence, Sequence[str]] = {}
    for batch in sent_log.sent_batches(state):
        carries[batch.fence] = batch.carries
        for ref in (batch.ref, *batch.carries):  # the restored ledger may not know the digest; its issues must not go out again in another
            with suppress(IssueUnknown):
                evidence.append(Evidence(IssueRef.parse(ref), batch.fence, batch.sent, batch.unknown))
    for replayed in journals.values():
        if replayed.fence is not None and replayed.ref:
            unknown = (*replayed.intended, *recover.unknown_in(replayed.results))
            sent = recover.sent_in(replayed.results)
            refs = (replayed.ref, *carries.get(replayed.fence, ()))
            evidence += [Evidence(IssueRef.parse(ref), replayed.fence, sent, unknown) for ref in refs]
    return evidence


def _settled(config: Config, database: Database, journals: dict[Path, Replay]) -> set[Fence]:
    """The claims whose other rows have surely not left: those that ended, and those whose journal is complete."""
    open_claims = {claim.token: claim for claim in claims.open_claims(database)}
    settled = {batch.fence for batch in sent_log.sent_batches(config.state) if batch.is_ended}
    for path, replayed in journals.items():
        claim = open_claims.get(path.relative_to(config.state).with_suffix("").as_posix())
        if claim is not None and recover.is_complete(database, replayed, claim.fence, claim.issue_id):
            settled.add(claim.fence)
    return settled
