"""The protocol, without I/O: what is asked of one storage step by step, and what the replies of all of them decide.

Each function that yields is the conversation with one storage: it yields a `Request` and is sent the answer. `sending_right.register` and the simulation
(`benchmarks.simulation`) run the same generators. No decision reads a clock.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from sending_right.records import (
    CLAIMS,
    ENDED,
    FENCES,
    ClaimedBatch,
    ClaimRecord,
    EndRecord,
    FenceRecord,
    Right,
    base_name,
    claim_record_of,
    encode,
    end_record_of,
    fence_name,
    fence_record_of,
    number_of,
)

# What is asked of a storage.


@dataclass(frozen=True, slots=True)
class Create:
    """Create a file unless there is one. Answer: whether it was created."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Read:
    """Read a file. Answer: its bytes, or None."""

    path: str


@dataclass(frozen=True, slots=True)
class Names:
    """List the files below a folder whose paths come behind ``after``. Answer: their paths, relative and sorted."""

    folder: str
    after: str = ""


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file, if it is there. Only `forget_batches` asks for it. Answer: None."""

    path: str


Request = Create | Read | Names | Remove
Conclusion = TypeVar("Conclusion")
Steps = Generator[Request, Any, Conclusion]


# What one storage says to a sender, or to one who takes over.


@dataclass(frozen=True, slots=True)
class Recorded:
    """The claim stands there. ``names`` are those of all claims under this fence behind the ``horizon`` that was asked for."""

    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Superseded:
    """A higher fence was taken."""

    fence: int


@dataclass(frozen=True, slots=True)
class Copied:
    """Somebody else holds this fence."""

    why: str


@dataclass(frozen=True, slots=True)
class Unfamiliar:
    """The storage does not know the fence: it is another one, or was emptied. It counts as one that cannot be reached."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The fence is ours there; these batches were claimed before."""

    batches: tuple[ClaimedBatch, ...]


Answer = Recorded | Superseded | Copied | Unfamiliar
Grant = Granted | Superseded | Copied


# Decisions.


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing may be sent. ``is_passing``: another try may help. ``why`` is for the operator."""

    why: str
    is_passing: bool = False


def majority(storages: int) -> int:
    """Return how many of so many storages must agree."""
    return storages // 2 + 1


def before_sending(right: Right, place: str, *, storages: int) -> Refusal | None:
    """Decide from the database alone whether a sender may begin.

    :param place: where this database is.
    :param storages: how many ``continuity.toml`` names.
    """
    if not storages:
        taken = f"the database holds the right to send under fence {right.fence}, and continuity.toml names no storage of it ([[right]])"
        return Refusal(taken) if right.fence else None
    if not right.fence:
        return Refusal("nobody has taken the right to send from this database")
    if right.place != place:
        return Refusal(f"this is a copy of the database that took the right to send (fence {right.fence})")
    return None


def after_claim(replies: Sequence[Answer | None], right: Right, storages: int) -> Refusal | frozenset[str]:
    """Decide whether the messages of a claimed batch may leave. Return the names of claims that stand anywhere, or the refusal.

    The database must know them all (`strangers`). None stands for a storage that did not answer.
    """
    if higher := [answer.fence for answer in replies if isinstance(answer, Superseded)]:
        return Refusal(f"another site has taken over: fence {max(higher)} is in force, and this database has {right.fence}")
    if copied := [answer for answer in replies if isinstance(answer, Copied)]:
        return Refusal(copied[0].why)
    recorded = [answer.names for answer in replies if isinstance(answer, Recorded)]
    if len(recorded) < majority(storages):
        unfamiliar = sum(isinstance(answer, Unfamiliar) for answer in replies)
        known = f"; {unfamiliar} of them do not know fence {right.fence}" if unfamiliar else ""
        return Refusal(f"{len(recorded)} of {storages} storages of the right can be asked, {majority(storages)} are needed{known}", True)
    return frozenset().union(*recorded)


def strangers(names: Iterable[str], known: Collection[str], right: Right) -> Refusal | None:
    """Refuse if a batch was claimed under our fence of which our database does not know: then it is one of two copies.

    Of two that claim at once at least one sees the other: each writes its batch down before it looks. ``known`` are names without their folder.
    """
    unknown = [name for name in map(base_name, names) if name not in known]
    if not unknown:
        return None
    return Refusal(f"batch {number_of(unknown[0])} was claimed under fence {right.fence} by another copy of this database")


def next_fence(fences: Sequence[int | None], storages: int) -> Refusal | int:
    """Return the number that a take-over must name. Each element is the highest fence of a storage, None if it did not answer."""
    answered = [fence for fence in fences if fence is not None]
    if len(answered) < majority(storages):
        return Refusal(f"{len(answered)} of {storages} storages of the right can be asked, {majority(storages)} are needed", True)
    return max(answered) + 1


def after_taking(grants: Sequence[Grant | None], asked: int, storages: int) -> Refusal | tuple[ClaimedBatch, ...]:
    """Decide whether the fence was taken, and return every batch that may have left under a lower one."""
    if higher := [grant.fence for grant in grants if isinstance(grant, Superseded)]:
        return Refusal(f"another site was quicker: fence {max(higher)} is taken. If this site is to send, take {max(higher) + 1}")
    granted = [grant for grant in grants if isinstance(grant, Granted)]
    if len(granted) < majority(storages):
        if any(isinstance(grant, Copied) for grant in grants):
            return Refusal(f"another site holds fence {asked} in a storage. If this site is to send, take {asked + 1}")
        return Refusal(f"{len(granted)} of {storages} storages of the right have answered, {majority(storages)} are needed", True)
    return merge(batch for grant in granted for batch in grant.batches)


def merge(batches: Iterable[ClaimedBatch]) -> tuple[ClaimedBatch, ...]:
    """Return each batch once, with its end if any storage has it."""
    merged: dict[tuple[int, int, str], ClaimedBatch] = {}
    for batch in batches:
        key = (batch.claim.fence, batch.claim.number, batch.claim.token)
        before = merged.get(key)
        merged[key] = batch if before is None or before.end is None else before
    return tuple(merged[key] for key in sorted(merged))


# Conversations with one storage.


def record_claim(right: Right, claim: ClaimRecord, horizon: str = "") -> Steps[Answer]:
    """Write down a batch, then look for a higher fence and for other batches. The order decides: a taker writes its fence first, and reads the batches then.

    :param horizon: a name up to which this process has listed the claims before. A copy's claim below it is no harm: the copy sees ours.
    """
    yield Create(f"{CLAIMS}/{fence_name(claim.fence)}/{claim.name}", encode(asdict(claim)))
    fences = [*map(int, (yield Names(FENCES, fence_name(right.fence - 1))))]
    if higher := [fence for fence in fences if fence > right.fence]:
        return Superseded(max(higher))
    if right.fence not in fences:
        return Unfamiliar()
    return Recorded(frozenset((yield Names(f"{CLAIMS}/{fence_name(right.fence)}", horizon))))


def check_holder(right: Right) -> Steps[Answer]:
    """Look whether the fence in force is ours: what a sender asks when it begins, before it looks at open batches."""
    fences = [*map(int, (yield Names(FENCES, fence_name(right.fence - 1))))]
    if higher := [fence for fence in fences if fence > right.fence]:
        return Superseded(max(higher))
    if right.fence not in fences:
        return Unfamiliar()
    holder = fence_record_of((yield Read(f"{FENCES}/{fence_name(right.fence)}"))).holder
    if holder != right.holder:
        return Copied(f"another site holds fence {right.fence}")
    return Recorded(frozenset((yield Names(f"{CLAIMS}/{fence_name(right.fence)}"))))


def record_end(claim: ClaimRecord, end: EndRecord) -> Steps[bool]:
    """Write down what became of a batch. It is not waited for: without it the batch is unknown to whoever takes over."""
    is_new: bool = yield Create(f"{ENDED}/{fence_name(claim.fence)}/{claim.name}", encode(asdict(end)))
    return is_new


def highest_fence() -> Steps[int]:
    """Look which fence is in force."""
    return max(map(int, (yield Names(FENCES))), default=0)


def read_holder(fence: int) -> Steps[FenceRecord | None]:
    """Read who took a fence."""
    data = yield Read(f"{FENCES}/{fence_name(fence)}")
    return None if data is None else fence_record_of(data)


def take_fence(asked: int, record: FenceRecord, own: Right, settled: Collection[str]) -> Steps[Grant]:
    """Take a fence, then read the batches that the database does not know to the end.

    Can be repeated with the same record: then it finds the fence that it has taken.

    :param own: the right that the database had: all batches under lower fences were read when that was taken.
    :param settled: names of batches under ``own`` whose results the database has.
    """
    path = f"{FENCES}/{fence_name(asked)}"
    if not (yield Create(path, encode(asdict(record)))) and fence_record_of((yield Read(path))).holder != record.holder:
        return Copied(f"another site holds fence {asked}")
    if higher := [*map(int, (yield Names(FENCES, fence_name(asked))))]:
        return Superseded(max(higher))
    names = yield Names(CLAIMS, fence_name(own.fence))
    ended = {*(yield Names(ENDED, fence_name(own.fence)))}
    batches: list[ClaimedBatch] = []
    for name in names:
        if base_name(name) not in settled:
            claim = claim_record_of((yield Read(f"{CLAIMS}/{name}")))
            batches.append(ClaimedBatch(claim, end_record_of((yield Read(f"{ENDED}/{name}"))) if name in ended else None))
    return Granted(tuple(batches))


def forget_batches(last: int) -> Steps[int]:
    """Remove the files of every batch up to this number, whatever its fence. Return how many batches. Can be repeated: the end of a batch goes first.

    A database that is restored from a time before these batches would take their messages for unsent. So only batches of issues are forgotten that
    would not be sent any more, whichever snapshot is restored.
    """
    old = [name for name in (yield Names(CLAIMS)) if number_of(name) <= last]
    for name in old:
        yield Remove(f"{ENDED}/{name}")
        yield Remove(f"{CLAIMS}/{name}")
    return len(old)
