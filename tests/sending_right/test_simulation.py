"""The protocol under thousands of random histories: no reader gets two messages, none is forgotten, and each broken protocol is caught."""

from __future__ import annotations

import pytest

from benchmarks.simulation.broken import BROKEN
from benchmarks.simulation.history import run_history

HISTORIES = 2000
CAUGHT_WITHIN = 600


def test_in_no_history_of_crashes_partitions_restores_clones_and_clock_errors_does_a_reader_get_two_messages_or_is_forgotten() -> None:
    kinds: set[str] = set()
    for seed in range(HISTORIES):
        outcome = run_history(seed)
        kinds |= outcome.kinds.keys()
        assert outcome.is_sound, f"python -m benchmarks.simulation --seed {seed}"
    assert {"crash", "partition", "restore elsewhere", "restore in place", "clone", "clock error", "loss of a site"} <= kinds


@pytest.mark.parametrize("name", BROKEN)
def test_a_protocol_with_a_mistake_is_caught(name: str) -> None:
    assert any(not run_history(seed, BROKEN[name]).is_sound for seed in range(CAUGHT_WITHIN))


def test_a_history_is_the_same_whenever_its_seed_is_run() -> None:
    first, second = (
        run_history(32, BROKEN["a lease of 50 seconds by the clock"], traces=True),
        run_history(32, BROKEN["a lease of 50 seconds by the clock"], traces=True),
    )
    assert first == second and first.doubles and any("sends batch" in line for line in first.trace)
