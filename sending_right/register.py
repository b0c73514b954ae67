"""Asks the operator's storages, all at once, and hands their replies to the decisions of `protocol`."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from sending_right import protocol
from sending_right.protocol import Create, Names, Refusal, Remove, Steps
from sending_right.records import ClaimedBatch, ClaimRecord, DamagedRecord, EndRecord, FenceRecord, Right
from storage.connect import connect
from storage.model import Storage, StorageError
from storage.settings import LocalStorage, S3Storage, SshStorage

Conclusion = TypeVar("Conclusion")
SECONDS = 30.0
"""For one conversation of a sender. A storage that takes longer counts as one that cannot be reached; the others decide."""
TAKING_SECONDS = 600.0
"""For a take-over, which may read thousands of batches."""


class RightRefused(Exception):
    """Nothing may be sent, or the fence could not be taken."""

    def __init__(self, refusal: Refusal) -> None:
        self.is_passing = refusal.is_passing
        super().__init__(refusal.why)


class RightRegister:
    """The storages, for the length of one event loop. Every method raises `RightRefused`."""

    def __init__(self, settings: Sequence[LocalStorage | SshStorage | S3Storage]) -> None:
        self._settings = settings
        self._storages: list[Storage] = []
        self._troubles: dict[str, str] = {}

    async def check(self, right: Right) -> frozenset[str]:
        """Return the names of all claims under our fence, if it is ours and in force."""
        return self._require(protocol.after_claim(await self._ask(lambda: protocol.check_holder(right)), right, len(self._settings)))

    async def record(self, right: Right, claim: ClaimRecord, horizon: str) -> frozenset[str]:
        """Write a claim down. Return the names of claims behind ``horizon``: the database must know all of them before a message leaves."""
        replies = await self._ask(lambda: protocol.record_claim(right, claim, horizon))
        return self._require(protocol.after_claim(replies, right, len(self._settings)))

    async def end(self, claim: ClaimRecord, end: EndRecord) -> None:
        """Write down what became of a batch, where that can be done."""
        await self._ask(lambda: protocol.record_end(claim, end))

    async def following(self) -> int:
        """Return the number that a take-over must name."""
        return self._require(protocol.next_fence(await self._ask(protocol.highest_fence), len(self._settings)))

    async def holders(self, fence: int) -> list[FenceRecord]:
        """Return who took a fence, as far as storages know it."""
        return [each for each in await self._ask(lambda: protocol.read_holder(fence)) if each is not None]

    async def take(self, asked: int, record: FenceRecord, own: Right, settled: Collection[str]) -> tuple[ClaimedBatch, ...]:
        """Take a fence. Return every batch that may have left and that the database does not know to the end."""
        grants = await self._ask(lambda: protocol.take_fence(asked, record, own, settled), TAKING_SECONDS)
        return self._require(protocol.after_taking(grants, asked, len(self._settings)))

    async def forget(self, last: int) -> tuple[int, tuple[str, ...]]:
        """Remove the files of batches up to this number. Return how many, and which storages have them still, each with the reason."""
        removed = await self._ask(lambda: protocol.forget_batches(last), TAKING_SECONDS)
        return max((number for number in removed if number is not None), default=0), tuple(self._troubles.values())

    async def close(self) -> None:
        """Give up connections."""
        await asyncio.gather(*(storage.close() for storage in self._storages), return_exceptions=True)
        self._storages = []

    async def _ask(self, make: Callable[[], Steps[Conclusion]], seconds: float = SECONDS) -> list[Conclusion | None]:
        if not self._storages:
            try:
                self._storages = [connect(each) for each in self._settings]
            except StorageError as error:
                raise RightRefused(Refusal(str(error), is_passing=True)) from error
        self._troubles.clear()
        return list(await asyncio.gather(*(self._converse(storage, make(), seconds) for storage in self._storages)))

    async def _converse(self, storage: Storage, steps: Steps[Conclusion], seconds: float) -> Conclusion | None:
        try:
            return await asyncio.wait_for(_run(storage, steps), seconds)
        except StorageError as error:
            self._troubles[storage.name] = str(error)
        except TimeoutError:
            self._troubles[storage.name] = f"{storage.name}: not ready after {seconds:g} s / 時間内に終わりませんでした"
        except (DamagedRecord, ValueError) as error:  # a name that is no number is damage too
            raise RightRefused(Refusal(f"{storage.name}: {error}")) from error
        return None

    def _require(self, decision: Refusal | Conclusion) -> Conclusion:
        if isinstance(decision, Refusal):
            troubles = "".join(f"; {words}" for words in self._troubles.values())
            raise RightRefused(Refusal(f"{decision.why}{troubles}", decision.is_passing))
        return decision


async def _run(storage: Storage, steps: Steps[Conclusion]) -> Conclusion:
    answer: object = None
    while True:
        try:
            request = steps.send(answer)
        except StopIteration as stop:
            conclusion: Conclusion = stop.value
            return conclusion
        match request:
            case Create(path, data):
                answer = await storage.create(path, data)
            case Names(folder, after):
                answer = await storage.names(folder, after)
            case Remove(path):
                await storage.remove(path)
                answer = None
            case _:
                answer = await storage.read(request.path)


def site_name() -> str:
    """Return the name of this machine, for people who ask who holds the right."""
    return os.environ.get("TODOKE_SITE") or socket.gethostname()
