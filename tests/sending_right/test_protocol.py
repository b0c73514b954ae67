"""The decisions of the protocol, each by itself, and records that are damaged."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sending_right import protocol
from sending_right.protocol import Copied, Granted, Recorded, Refusal, Superseded, Unfamiliar
from sending_right.records import ClaimRecord, FenceRecord, Right
from sending_right.register import RightRefused, RightRegister
from storage.settings import LocalStorage

RIGHT = Right(2, "me", "here")
NOTHING = Recorded(frozenset())


@pytest.mark.parametrize(("storages", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_any_two_majorities_have_a_storage_in_common(storages: int, needed: int) -> None:
    assert protocol.majority(storages) == needed and 2 * needed > storages


@pytest.mark.parametrize(
    ("answers", "words", "is_passing"),
    [
        ([NOTHING, Superseded(4), NOTHING], "fence 4 is in force", False),
        ([NOTHING, Copied("another site holds fence 2"), NOTHING], "another site holds fence 2", False),
        ([NOTHING, None, None], "1 of 3 storages", True),
        ([NOTHING, Unfamiliar(), Unfamiliar()], "2 of them do not know fence 2", True),
    ],
)
def test_a_sender_stops_for_one_higher_fence_one_other_holder_or_too_few_storages(
    answers: list[protocol.Answer | None], words: str, is_passing: bool
) -> None:
    decision = protocol.after_claim(answers, RIGHT, 3)
    assert isinstance(decision, Refusal) and words in decision.why and decision.is_passing is is_passing


def test_a_sender_goes_on_with_a_majority() -> None:
    assert protocol.after_claim([Recorded(frozenset({"a"})), None, Recorded(frozenset({"b"}))], RIGHT, 3) == frozenset({"a", "b"})


@pytest.mark.parametrize(
    ("right", "place", "storages", "words"),
    [
        (Right(0, ""), "here", 1, "nobody has taken"),
        (RIGHT, "there", 1, "a copy"),
        (RIGHT, "here", 0, "names no storage"),
    ],
)
def test_a_database_without_the_right_a_copy_of_it_and_settings_without_storages_send_nothing(
    right: Right, place: str, storages: int, words: str
) -> None:
    refusal = protocol.before_sending(right, place, storages=storages)
    assert refusal is not None and words in refusal.why
    assert protocol.before_sending(RIGHT, "here", storages=1) is None
    assert protocol.before_sending(Right(0, ""), "anywhere", storages=0) is None


def test_the_next_fence_is_one_more_than_the_highest_that_a_majority_knows() -> None:
    assert protocol.next_fence([3, None, 5], 3) == 6
    assert isinstance(protocol.next_fence([3, None, None], 3), Refusal)


def test_a_taker_that_got_too_few_is_told_whether_to_wait_or_to_take_the_next() -> None:
    waiting = protocol.after_taking([Granted(()), None, None], 4, 3)
    split = protocol.after_taking([Granted(()), Copied("x"), None], 4, 3)
    assert isinstance(waiting, Refusal) and waiting.is_passing
    assert isinstance(split, Refusal) and not split.is_passing and "take 5" in split.why


def test_a_damaged_record_stops_a_take_over_instead_of_being_guessed(tmp_path: Path) -> None:
    settings = LocalStorage(name="disk", kind="local", folder=tmp_path)
    claim = ClaimRecord(1, 7, "fukko-press/45", (1, 2), "abc")

    async def histories() -> None:
        register = RightRegister([settings])
        await register.take(1, FenceRecord("me"), Right(0, ""), ())
        await register.record(Right(1, "me"), claim, "")
        path = next((tmp_path / "claims").rglob("*-abc"))
        for damaged in (path.read_bytes()[:-9], b"", b"[]", path.read_bytes().replace(b"[1,2]", b'["1"]')):
            path.write_bytes(damaged)
            with pytest.raises(RightRefused, match="damaged"):
                await register.take(2, FenceRecord("you"), Right(0, ""), ())
        await register.close()

    asyncio.run(histories())
