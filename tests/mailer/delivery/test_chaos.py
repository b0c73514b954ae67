"""A sender that is killed and misled at random: no reader is lost, none gets two messages, and every doubt is listed by name."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from tests.chaos import sending

KILLS = 4


def test_a_sender_killed_at_random_loses_no_reader_and_sends_none_twice(tmp_path: Path, database_url: str) -> None:
    account = sending.run(tmp_path, database_url, readers=1200, kills=KILLS)
    Console(width=120).print(sending.account_table({database_url.partition(":")[0]: account}))
    assert account.is_good, account
    assert account.kills == KILLS
