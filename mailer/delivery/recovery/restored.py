"""Whether the ledger is the one that this machine has been sending from: not an older copy, and no other file."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mailer import private_files
from mailer.config.settings import Config
from mailer.database import restoration
from mailer.database.deliveries import claims
from mailer.database.engine import Database
from mailer.database.restoration import LedgerIdentity
from mailer.delivery.recovery import sent_log
from mailer.delivery.recovery.sent_log import journal_errors
from mailer.model.errors import JournalError, LedgerRestored
from mailer.model.ids import Fence

FILE = "ledger.json"
ORDER_REFUSED = "No order is taken for what is in it. 前に送ったときのデータベースではないため、指示を受け付けません。"


class KnownLedger(BaseModel):
    """The ledger as this machine knows it, beside its journals. `fence`: the highest that a batch was claimed under here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    file: str
    generation: int
    fence: int = 0


def check(config: Config, database: Database) -> None:
    """Compare the ledger with what this machine knows of it, and remember it at the first time. Call before anything is sent.

    :raises LedgerRestored: it is older, or another one. Nothing may be sent until the operator has adopted it.
    :raises JournalError: what this machine knows cannot be read or written.
    """
    identity, known = restoration.identify(database), known_ledger(config.state)
    if known is not None:
        reason = difference(config, database, identity, known)
        if reason:
            raise LedgerRestored(reason)
    remember(config.state, identity, fence=highest_fence(config.state, known))
    sent_log.prune(config.state, time.time())


def refuse_orders(config: Config, database: Database) -> None:
    """Return if the operator's orders may be written into this ledger: into an older one they would be given to issues that are not what they were.

    :raises LedgerRestored: as `check`.
    :raises JournalError: what this machine knows cannot be read.
    """
    reason = doubt(config, database)
    if reason:
        raise LedgerRestored(reason, ORDER_REFUSED)


def doubt(config: Config, database: Database) -> str:
    """Why nothing would be sent from this ledger; empty if it is the one that this machine knows. Nothing is remembered, and a sender may be at work.

    :raises JournalError: what this machine knows cannot be read.
    """
    known = known_ledger(config.state)
    if known is None:
        return ""
    highest = highest_fence(config.state, known)  # before the ledger is asked: a sender that claims meanwhile writes it there first
    return difference(config, database, restoration.identify(database), known, highest)


def difference(config: Config, database: Database, identity: LedgerIdentity, known: KnownLedger, highest: Fence | None = None) -> str:
    """In what the ledger is not the one that this machine knows; empty if it is. `highest`: the fence, where it was asked before."""
    if identity.name != known.name:
        return "it is another database than the one that was sent from before"
    if identity.generation < known.generation:
        return f"it is of generation {identity.generation}, and the journals are of generation {known.generation}"
    if identity.generation > known.generation:
        return "it was restored and adopted on another machine, and the journals of this one have not been read into it"
    highest = highest_fence(config.state, known) if highest is None else highest
    if identity.last_fence < highest:
        return f"it has {identity.last_fence} batches, and this machine has sent batch {highest}"
    ended = {batch.fence for batch in sent_log.sent_batches(config.state) if batch.is_ended}
    if any(claim.fence in ended for claim in claims.open_claims(database)):
        return "a batch that has ended is open in it"
    if identity.file != known.file:
        return "its file or table was replaced"
    return ""


def highest_fence(state: Path, known: KnownLedger | None) -> Fence:
    """The highest fence that this machine has claimed a batch under."""
    return Fence(max(sent_log.highest_fence(state), known.fence if known else 0))


def known_ledger(state: Path) -> KnownLedger | None:
    """What this machine knows of its ledger. None: it has not sent from one yet.

    :raises JournalError: it cannot be read.
    """
    path = state / FILE
    try:
        return KnownLedger.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise JournalError(f"{path} cannot be read. If it is damaged, remove it after `todoke adopt-restored --dry-run`.") from error


def remember(state: Path, identity: LedgerIdentity, *, fence: Fence) -> None:
    """Write what this machine knows of its ledger, at once and whole.

    :raises JournalError: it cannot be written.
    """
    known = KnownLedger(name=identity.name, file=identity.file, generation=identity.generation, fence=fence)
    path = state / FILE
    with journal_errors(path):
        if known == known_ledger(state):
            return
        private_files.make_folder(state)
        new = path.with_name(f"{FILE}.{os.getpid()}")
        new.touch(mode=0o600)
        new.write_text(known.model_dump_json(), "utf-8")
        new.replace(path)
