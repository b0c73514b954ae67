"""Two workers on PostgreSQL, killed at random: nobody is lost, nobody gets two, and nothing is pending while one lives."""

from __future__ import annotations

from pathlib import Path

from tests.chaos import worker


def test_of_two_workers_that_are_killed_at_random_the_living_one_finishes(tmp_path: Path, database_url_postgres: str) -> None:
    account = worker.run(tmp_path, database_url_postgres, kills=3)
    assert account.is_good, (account, [path.read_text("utf-8") for path in tmp_path.glob("worker-*.err")])
    assert account.kills == 3
