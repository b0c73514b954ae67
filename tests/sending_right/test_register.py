"""The right on real storages: a disk, an sshd, and a store that speaks S3 with ``If-None-Match``."""

from __future__ import annotations

import asyncio

import pytest

from sending_right.records import ClaimRecord, EndRecord, FenceRecord, Right
from sending_right.register import RightRefused, RightRegister
from storage.settings import LocalStorage, S3Storage, SshStorage

NOBODY = Right(0, "")
FIRST, SECOND = Right(1, "first"), Right(2, "second")


def test_a_site_takes_the_right_sends_loses_it_to_another_and_is_told_so(settings: LocalStorage | SshStorage | S3Storage) -> None:
    sent, open_batch = ClaimRecord(1, 7, "fukko-press/45", (1, 2, 3), "aaaa"), ClaimRecord(1, 8, "fukko-press/45", (4, 5), "bbbb")

    async def history() -> None:
        first, second = RightRegister([settings]), RightRegister([settings])
        try:
            assert await first.following() == 1
            assert await first.take(1, FenceRecord("first", "sendai"), NOBODY, ()) == ()
            assert await first.check(FIRST) == frozenset()
            assert await first.record(FIRST, sent, "") == {sent.name}
            await first.end(sent, EndRecord((1, 2), (3,)))
            assert await first.record(FIRST, open_batch, sent.name) == {open_batch.name}
            assert [each.site for each in await second.holders(1)] == ["sendai"]
            taken = await second.take(2, FenceRecord("second"), NOBODY, ())
            assert [(each.claim, each.end) for each in taken] == [(sent, EndRecord((1, 2), (3,))), (open_batch, None)]
            assert await second.take(2, FenceRecord("second"), NOBODY, {sent.name.rpartition("/")[2]}) == taken[1:]
            late = ClaimRecord(1, 9, "fukko-press/45", (6,), "cccc")
            for attempt in (first.record(FIRST, late, ""), first.check(FIRST), first.take(2, FenceRecord("third"), FIRST, ())):
                with pytest.raises(RightRefused, match="fence 2") as caught:
                    await attempt
                assert not caught.value.is_passing
            assert await second.check(SECOND) == frozenset() and await second.following() == 3
        finally:
            await first.close()
            await second.close()

    asyncio.run(history())


def test_of_many_sites_that_take_one_fence_at_once_one_gets_it(settings: LocalStorage | SshStorage | S3Storage) -> None:
    async def attempt(number: int) -> bool:
        register = RightRegister([settings])
        try:
            await register.take(1, FenceRecord(f"site{number}"), NOBODY, ())
        except RightRefused as refused:
            assert "another site holds fence 1" in str(refused)
            return False
        finally:
            await register.close()
        return True

    async def race() -> list[bool]:
        return list(await asyncio.gather(*map(attempt, range(4))))

    assert asyncio.run(race()).count(True) == 1


def test_old_batches_are_removed_with_their_ends_and_newer_ones_stay(settings: LocalStorage | SshStorage | S3Storage) -> None:
    async def history() -> None:
        register = RightRegister([settings])
        try:
            await register.take(1, FenceRecord("first"), NOBODY, ())
            batches = [ClaimRecord(1, number, "fukko-press/45", (number,), "aaaa") for number in (999, 1000, 1001)]
            for batch in batches:
                await register.record(FIRST, batch, "")
            await register.end(batches[0], EndRecord((999,), ()))
            assert await register.forget(1000) == (2, ()) and await register.forget(1000) == (0, ())
            assert await register.check(FIRST) == {batches[2].name}
        finally:
            await register.close()

    asyncio.run(history())
