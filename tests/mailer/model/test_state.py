"""The table of states: what may follow what, and that it is consistent with the groups of states beside it."""

from __future__ import annotations

import pytest

from mailer.model import state
from mailer.model.errors import IllegalTransition
from mailer.model.state import DUE, INITIAL, MISSED, RESULTS, TRANSITIONS, UNDER_WAY, UNTRIED, DeliveryState, check_transition

FINAL = [DeliveryState.SENT, DeliveryState.EXPIRED]


@pytest.mark.parametrize("new", list(DeliveryState))
@pytest.mark.parametrize("old", FINAL)
def test_a_final_state_is_never_left(old: DeliveryState, new: DeliveryState) -> None:
    with pytest.raises(IllegalTransition, match=f"from {old} to {new}"):
        check_transition(old, new)


def test_nothing_that_was_sent_becomes_pending_again() -> None:
    sources = {old for old, reachable in TRANSITIONS.items() if DeliveryState.PENDING in reachable}
    tried = {DeliveryState.CLAIMED, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.UNKNOWN}
    assert sources == tried | {DeliveryState.SUPPRESSED, DeliveryState.HELD}


def test_every_state_is_in_the_table_and_can_be_reached_from_the_first_one() -> None:
    reached, frontier = {INITIAL}, [INITIAL]
    while frontier:
        following = TRANSITIONS[frontier.pop()] - reached
        reached |= following
        frontier += following
    assert set(TRANSITIONS) == reached == set(DeliveryState)


def test_a_result_is_recorded_only_of_a_row_that_is_or_was_in_a_senders_hands() -> None:
    assert state.common_sources(RESULTS) == {DeliveryState.CLAIMED, DeliveryState.UNKNOWN}


def test_only_what_is_due_can_be_claimed_and_what_is_under_way_is_due_or_claimed() -> None:
    assert state.common_sources({DeliveryState.CLAIMED}) == DUE
    assert {DeliveryState.PENDING, DeliveryState.DEFERRED, DeliveryState.CLAIMED} == UNDER_WAY
    assert {DeliveryState.PENDING, DeliveryState.CLAIMED} == UNTRIED
    assert set(DeliveryState) - {DeliveryState.SENT, DeliveryState.MERGED} == MISSED


def test_what_waits_for_a_digest_or_is_part_of_one_is_not_sent_by_itself() -> None:
    assert not {DeliveryState.HELD, DeliveryState.MERGED} & UNDER_WAY
    assert DeliveryState.CLAIMED not in TRANSITIONS[DeliveryState.HELD] | TRANSITIONS[DeliveryState.MERGED]
    assert {INITIAL, DeliveryState.HELD} == state.FIRST_STATES


def test_what_a_try_may_end_in_is_what_may_follow_a_claim_except_giving_it_back() -> None:
    assert TRANSITIONS[DeliveryState.CLAIMED] - RESULTS == {DeliveryState.PENDING}
