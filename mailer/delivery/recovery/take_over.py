"""`todoke take-over`: this site takes the right to send, and puts into its database what the other one may have sent.

The fence is taken outside first, and then written into the database. What was asked for is kept in a file, so that the same command goes on after a kill
between the two. Until it has, nobody sends: the other site has lost the right, and this one has it not yet.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from mailer import private_files
from mailer.config.settings import Config
from mailer.database import restoration, rights
from mailer.database.engine import Database
from mailer.database.restoration import Adoption, Evidence, Marked
from mailer.delivery.recovery import journal_directory
from mailer.delivery.recovery.adopt import forget_journals, local_adoption
from mailer.delivery.recovery.recover import recover
from mailer.delivery.recovery.sent_log import journal_errors
from mailer.model.errors import IssueUnknown, RightMissing, RightUnknown, SenderBusy
from mailer.model.ids import Fence, SubscriberId
from mailer.model.issue import IssueRef
from sending_right.records import ClaimedBatch, FenceRecord, Right
from sending_right.register import RightRefused, RightRegister, site_name

FILE = "take-over.json"


class _Intention(BaseModel):
    """Which fence this site is taking, under which name."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    fence: int
    holder: str


@dataclass(frozen=True, slots=True)
class RightState:
    """Who may send, as far as can be seen. ``following`` is the fence that a take-over must name; ``holders`` took the one before it."""

    own: Right
    following: int
    holders: Sequence[FenceRecord]
    is_ours: bool


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What a take-over did. ``batches`` were read outside; ``marked`` counts what they have changed here, and ``reason`` says how the database was old."""

    fence: int
    batches: int
    marked: tuple[Marked, ...]
    reason: str


async def right_state(config: Config, database: Database) -> RightState:
    """Look who may send. Nothing is changed.

    :raises RightMissing: no storage of the right is configured, or one is damaged.
    :raises RightUnknown: the storages cannot be asked.
    """
    register = _register(config)
    try:
        following = await register.following()
        holders = tuple(dict.fromkeys(await register.holders(following - 1))) if following > 1 else ()
    except RightRefused as refused:
        raise _error(refused) from refused
    finally:
        await register.close()
    own = rights.read(database)
    is_ours = own.fence == following - 1 and any(each.holder == own.holder for each in holders) and own.place == rights.place(database)
    return RightState(own, following, holders, is_ours)


async def take_over(config: Config, database: Database, asked: int, *, now: datetime) -> TakenOver:
    """Take the fence ``asked``. With SQLite, call only while holding the sender's lock.

    :raises SenderBusy: a sender of this machine is at work.
    :raises RightMissing: it is not the next fence, or another site was quicker.
    :raises RightUnknown: too few storages can be asked. The same command goes on later.
    """
    if living := journal_directory.living_senders(config.state):
        raise SenderBusy(f"A sender is at work on this machine ({living[0]}). Stop `todoke send` and `todoke work` first.")
    register, own = _register(config), rights.read(database)
    open_names, settled = rights.open_and_settled(database)
    try:
        intention = await _intend(config, register, own, asked)
        record = FenceRecord(intention.holder, site_name(), now.isoformat(timespec="seconds"))
        batches = await register.take(asked, record, own, settled)
    except RightRefused as refused:
        if not refused.is_passing:
            (config.state / FILE).unlink(missing_ok=True)
        raise _error(refused) from refused
    finally:
        await register.close()
    right = Right(asked, intention.holder, rights.place(database))
    taken = _adopt(config, database, right, batches, open_names, now)
    (config.state / FILE).unlink(missing_ok=True)
    return taken


def _register(config: Config) -> RightRegister:
    if not config.right:
        raise RightMissing("continuity.toml beside mailer.toml names no storage of the right ([[right]])")
    return RightRegister(config.right)


def _error(refused: RightRefused) -> RightMissing | RightUnknown:
    return RightUnknown(str(refused)) if refused.is_passing else RightMissing(str(refused))


async def _intend(config: Config, register: RightRegister, own: Right, asked: int) -> _Intention:
    """Return under which name the fence is taken: that of an earlier try, which may have taken it already, or a new one."""
    following, before = await register.following(), _read(config.state / FILE)
    if before is not None and before.fence == asked and asked in (following, following - 1):
        return before
    if asked != following:
        raise RightMissing(f"the next fence is {following}, and {asked} was asked for; this database has {own.fence}")
    intention = _Intention(fence=asked, holder=secrets.token_hex(8))
    path = config.state / FILE
    with journal_errors(path):
        private_files.make_folder(config.state)
        new = path.with_name(f"{FILE}.{os.getpid()}")
        new.touch(mode=0o600)
        new.write_text(intention.model_dump_json(), "utf-8")
        with new.open("rb") as file:
            os.fsync(file.fileno())
        new.replace(path)
    return intention


def _read(path: Path) -> _Intention | None:
    with suppress(OSError, ValidationError):
        return _Intention.model_validate_json(path.read_bytes())
    return None


def _adopt(
    config: Config, database: Database, right: Right, batches: Sequence[ClaimedBatch], open_names: Collection[str], now: datetime
) -> TakenOver:
    local = local_adoption(config, database)
    evidence = [each for batch in batches if (each := _evidence(batch, open_names)) is not None]
    if not local.reason and not any(each.is_foreign for each in evidence):
        # The database is the one that was sent from here, or a restored one from which nothing was sent since. Of an open batch the high-water mark may be
        # old: so its readers are in doubt first, and then the journals that are here settle them, as at every start.
        adoption = Adoption(evidence, (), restoration.identify(database).generation, Fence(0), right)
        marked = restoration.adopt(database, adoption, is_alone=False, now=now)
        recover(config, database, now=now, is_alone=not database.is_shared)
        return TakenOver(right.fence, len(batches), marked, "")
    highest = Fence(max([local.adoption.highest_fence, *(each.fence for each in evidence)]))
    adoption = Adoption([*local.adoption.evidence, *evidence], local.adoption.settled, local.next_generation, highest, right)
    marked = restoration.adopt(database, adoption, is_alone=not database.is_shared, now=now)
    forget_journals(config, database, local)
    return TakenOver(right.fence, len(batches), marked, local.reason or "another copy of it has sent")


def _evidence(batch: ClaimedBatch, open_names: Collection[str]) -> Evidence | None:
    """What a batch says. Of one without an end every message is unknown."""
    claim, end = batch.claim, batch.end
    try:
        ref = IssueRef.parse(claim.ref)
    except IssueUnknown:
        return None
    sent = _ids(end.sent if end is not None else ())
    unknown = _ids(end.unknown if end is not None else claim.readers)
    is_ours = claim.name.rpartition("/")[2] in open_names
    return Evidence(ref, Fence(claim.number), sent, unknown, is_foreign=not is_ours)


def _ids(numbers: Sequence[int]) -> tuple[SubscriberId, ...]:
    return tuple(map(SubscriberId, numbers))
