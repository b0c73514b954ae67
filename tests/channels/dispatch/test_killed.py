"""A worker that is killed again and again; `make chaos` kills it a hundred times."""

from __future__ import annotations

from pathlib import Path

from tests.chaos import announcing


def test_a_worker_that_is_killed_loses_nothing_posts_nothing_twice_and_names_what_nobody_knows(tmp_path: Path) -> None:
    account = announcing.run(tmp_path, kills=3, seed=3)
    assert account.is_good, account
    assert account.records == 3 * announcing.RECORDS_PER_KILL * 3
