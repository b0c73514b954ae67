"""Killed and misled at random: nobody is lost, nobody is sent twice, and every doubt is listed by name."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from tests import chaos

KILLS = 4


def test_whatever_happens_nobody_is_lost_and_nobody_gets_two(tmp_path: Path, database_url: str) -> None:
    found = chaos.run(tmp_path, database_url, readers=1200, kills=KILLS)
    Console(width=120).print(chaos.table({database_url.partition(":")[0]: found}))
    assert found.is_good, found
    assert found.kills == KILLS
