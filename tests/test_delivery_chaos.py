"""Killed and misled at random: nobody is lost, nobody is sent twice, and every doubt is listed by name."""

from __future__ import annotations

from pathlib import Path

from tests import chaos


def test_whatever_happens_nobody_is_lost_and_nobody_gets_two(tmp_path: Path, database_url: str) -> None:
    found = chaos.run(tmp_path, database_url, readers=2500, seconds=8)
    print(found)
    assert (found.lost, found.twice, found.early) == (0, 0, 0)
    assert sum(found.counts.values()) == 2500
    assert found.counts.get("unknown", 0) == found.doubtful
    assert found.kills >= 1
