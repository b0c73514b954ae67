"""An emergency goes first, and nobody is left waiting for a process that has died."""

from __future__ import annotations

from pathlib import Path

from publisher.release.precedence import Precedence
from tests import fork


def claim_and_die(folder: str) -> None:
    """Claim everything, and end without giving anything back."""
    precedence = Precedence(Path(folder))
    precedence.claimed().__enter__()
    precedence.take("www")


def test_a_claim_on_the_store_is_one_on_every_mirror(tmp_path: Path) -> None:
    ours, theirs = Precedence(tmp_path), Precedence(tmp_path)
    with ours.claimed():
        assert theirs.is_claimed("www")
        assert theirs.is_claimed("second")
    assert not theirs.is_claimed("www")


def test_a_claim_on_a_mirror_leaves_the_others_alone(tmp_path: Path) -> None:
    ours, theirs = Precedence(tmp_path), Precedence(tmp_path)
    with ours.claimed("www"):
        assert theirs.is_claimed("www")
        assert not theirs.is_claimed("second")


def test_a_mirror_named_store_is_not_the_store(tmp_path: Path) -> None:
    ours, theirs = Precedence(tmp_path), Precedence(tmp_path)
    with ours.claimed("store"):
        assert not theirs.is_claimed("www")


def test_a_mirror_is_written_to_by_one_at_a_time(tmp_path: Path) -> None:
    ours, theirs = Precedence(tmp_path), Precedence(tmp_path)
    assert ours.take("www")
    assert not theirs.take("www")
    assert theirs.take("second")
    ours.give_back()
    assert theirs.take("www")


def test_nothing_is_left_of_a_process_that_died(tmp_path: Path) -> None:
    process = fork.start(claim_and_die, str(tmp_path))
    process.join()
    ours = Precedence(tmp_path)
    assert not ours.is_claimed("www")
    assert ours.take("www")
