"""Protocols with one mistake each. A simulation that does not find them proves nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace

from benchmarks.simulation.site import Rules
from sending_right import protocol, records
from sending_right.protocol import Answer, Create, Grant, Granted, Names, Recorded, Refusal, Steps, Superseded
from sending_right.records import ClaimRecord, FenceRecord, Right


def looks_before_it_writes(right: Right, claim: ClaimRecord, horizon: str) -> Steps[Answer]:
    """The two steps of `protocol.record_claim` in the other order: a fence may be taken between them."""
    fences = [*map(int, (yield Names(records.FENCES, records.fence_name(right.fence - 1))))]
    if higher := [fence for fence in fences if fence > right.fence]:
        return Superseded(max(higher))
    folder = f"{records.CLAIMS}/{records.fence_name(right.fence)}"
    names = frozenset((yield Names(folder, horizon)))
    yield Create(f"{folder}/{claim.name}", records.encode(asdict(claim)))
    return Recorded(names)


def reads_no_batches(asked: int, record: FenceRecord, own: Right, settled: Collection[str]) -> Steps[Grant]:
    """A take-over that trusts the snapshot: what was sent after it is sent again."""
    grant = yield from protocol.take_fence(asked, record, own, settled)
    return replace(grant, batches=()) if isinstance(grant, Granted) else grant


def starts_anywhere(right: Right, _place: str, *, storages: int) -> Refusal | None:
    """A copy of the database that does not know that it is one."""
    return protocol.before_sending(right, right.place, storages=storages)


def is_content_with_one(replies: list[Answer | None], right: Right, storages: int) -> Refusal | frozenset[str]:
    """One storage that replies is enough, of however many."""
    return protocol.after_claim([answer for answer in replies if answer is not None], right, min(storages, 1))


def takes_with_one(grants: list[Grant | None], asked: int, storages: int) -> Refusal | tuple[records.ClaimedBatch, ...]:
    """As `is_content_with_one`, for the taker."""
    return protocol.after_taking([grant for grant in grants if grant is not None], asked, min(storages, 1))


BROKEN: Mapping[str, Rules] = {
    "looks for a higher fence before it writes the batch down": Rules(record_claim=looks_before_it_writes),
    "a take-over that reads no batches": Rules(take_fence=reads_no_batches),
    "a copy that does not compare the batches, nor its place": Rules(before_sending=starts_anywhere, compares_names=False),
    "no majority": Rules(after_claim=is_content_with_one, after_taking=takes_with_one),
    "a lease of 50 seconds by the clock": Rules(clock_lease=50.0),
}
