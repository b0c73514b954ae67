"""A drill cannot reach a live channel, nor a warning a channel of drills: the type checker refuses the program that would do it."""

from __future__ import annotations

from pathlib import Path

import pytest
from mypy import api

import channels
from channels.announcement import Drill, Live
from channels.destinations import destinations
from channels.settings import Settings
from tests.samples.announcing.announcements import channel

ROOT = Path(channels.__file__).parents[1]
PROGRAM = """
from channels.announcement import Announcement, Drill, Live
from channels.composer.compose import Draft, compose
from channels.destinations import Destination


def live_to_live(announcement: Announcement[Live], channel: Destination[Live]) -> Draft:
    return compose(announcement, channel)


def drill_to_drill(announcement: Announcement[Drill], channel: Destination[Drill]) -> Draft:
    return compose(announcement, channel)


def drill_to_live(announcement: Announcement[Drill], channel: Destination[Live]) -> Draft:
    return compose(announcement, channel)  # refused


def live_to_drill(announcement: Announcement[Live], channel: Destination[Drill]) -> Draft:
    return compose(announcement, channel)  # refused


def does_not_take(announcement: Announcement[Drill], channel: Destination[Live]) -> bool:
    return channel.takes(announcement)  # refused


def no_cast_by_name(announcement: Announcement[Drill]) -> Announcement[Live]:
    return announcement  # refused
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What mypy says of the program, with the settings of this project."""
    program = tmp_path_factory.mktemp("program") / "program.py"
    program.write_text(PROGRAM, "utf-8")
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--follow-imports", "silent", "--no-error-summary"]
    out, err, _ = api.run([*options, str(program)])
    assert not err, err
    return [line for line in out.splitlines() if ": error:" in line]


def test_mypy_refuses_a_drill_for_a_live_channel_and_the_other_way_round(told: list[str]) -> None:
    refused = [number for number, line in enumerate(PROGRAM.splitlines(), 1) if line.endswith("# refused")]
    assert [int(line.split(":")[1]) for line in told] == refused, told


def test_channels_are_sorted_by_what_they_are_for_and_no_channel_is_for_both() -> None:
    to = destinations(Settings(channel=(channel(name="a"), channel(name="b", drill=True))))
    assert [(each.channel.name, each.purpose) for each in to.live] == [("a", Live())]
    assert [(each.channel.name, each.purpose) for each in to.drills] == [("b", Drill())]
