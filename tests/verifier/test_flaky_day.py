"""A simulated day of a network that drops, refuses, cuts, slows and lies: no false alarm, and every true alteration of a critical page within a minute."""

from __future__ import annotations

import random
from pathlib import Path

from tests.samples.flaky_day import DAY, FlakyDay, Weather
from tests.samples.publishing.mirrors import Mirrors
from verifier.model import Answer
from verifier.watch import Watch


def watch_of(mirrors: Mirrors, day: FlakyDay, *names: str) -> Watch:
    return Watch(mirrors.config(*names, families=("ipv4",)), day, lambda: mirrors.now, random.Random(1))


def test_a_day_of_a_flaky_network_with_releases_in_between_gives_no_alarm(tmp_path: Path) -> None:
    mirrors = Mirrors(tmp_path, 80)
    day = FlakyDay(mirrors, random.Random(7), Weather())
    watch = watch_of(mirrors, day, "www", "second")
    assert mirrors.run(watch, DAY) == []
    assert day.released == 12


def test_a_captive_portal_for_an_hour_accuses_no_mirror_and_is_called_blindness(tmp_path: Path) -> None:
    mirrors = Mirrors(tmp_path, 80)
    day = FlakyDay(mirrors, random.Random(1), Weather(portals=0, outages=0, restarts=0), releases=0)
    watch = watch_of(mirrors, day, "www", "second")
    mirrors.run(watch, 300)
    day.portals = [(mirrors.now, mirrors.now + 3600)]
    assert {(key.mirror, key.kind) for key in mirrors.run(watch, 3600)} == {("", "blind")}


def test_alterations_during_the_flaky_day_are_found_within_a_minute_while_the_network_answers_at_all(tmp_path: Path) -> None:
    mirrors = Mirrors(tmp_path, 80)
    chance = random.Random(5)
    day = FlakyDay(mirrors, chance, Weather(portals=0, outages=0, restarts=0), releases=0)
    watch = watch_of(mirrors, day, "www", "second")
    mirrors.run(watch, 120)
    for _ in range(20):
        mirrors.run(watch, chance.uniform(0, 60))
        before = mirrors.file("press/index.html").read_bytes()
        started = mirrors.now
        mirrors.replace("press/index.html", b"Hacked")
        events = mirrors.run(watch, 120, until=bool)
        assert [(key.subject, key.kind) for key in events] == [("press/index.html", "altered")]
        assert mirrors.now - started <= 60
        mirrors.replace("press/index.html", before)
        assert [each.is_over for each in mirrors.run(watch, 120)] == [True]


def test_a_fault_of_ours_with_one_mirror_hides_no_alteration_of_another_and_is_told(tmp_path: Path) -> None:
    mirrors = Mirrors(tmp_path, 80)
    day = FlakyDay(mirrors, random.Random(5), Weather(0, 0, 0, 0, 0, 0, 0), releases=0)

    def fetch(url: str, family: str, limit: int) -> Answer:
        if "second" in url and ".well-known" not in url:
            raise RuntimeError("a fault")
        return day(url, family, limit)

    watch = Watch(mirrors.config("www", "second", families=("ipv4",)), fetch, lambda: mirrors.now, random.Random(1))
    mirrors.run(watch, 60)
    mirrors.replace("index.html", b"Hacked")
    assert {(key.mirror, key.kind) for key in mirrors.run(watch, 60)} == {("www", "altered")}
    assert {(key.mirror, key.kind) for key in mirrors.run(watch, 2000)} == {("second", "blind")}
