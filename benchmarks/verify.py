"""`make bench-verify`: how soon alterations are found, how many false alarms a bad day gives, how soon a release is back.

1. A real nginx serves two mirrors on loopback. Fifty times a critical page of one is altered at a random moment between two looks: a byte flipped, a
   script added, a page replaced or removed. The waiting passes on a simulated clock (so that fifty alterations do not take an hour); fetching, judging
   and the checks of signatures are real, and their real time is added. ``median_s`` and ``worst_s`` go from the alteration to the alarm.
2. A simulated day of a flaky network (drops, 5xx, cuts, slowness, captive portals, outages, restarts, releases in between) with nothing altered, for
   ``--days`` seeds: every alarm is a false one.
3. `todoke verify --restore`'s own delivery mends a defaced mirror: ``restored_s`` is real time from the alarm until nginx serves the released page.

The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
import urllib.request
from pathlib import Path

from publisher.cli.verify import restore_by_delivery
from tests.samples.flaky_day import DAY, FlakyDay, Weather
from tests.samples.publishing.mirrors import WWW, Mirrors, mirrors_on_loopback
from verifier.watch import Watch

ALTERATIONS, PAGES = 50, ("index.html", "press/index.html")
PUBLISH = """
store = "store"
keys = "keys"

[[mirrors]]
name = "www"
kind = "local"
folder = "www"
"""


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=3, help="simulated days")
    days = parser.parse_args().days
    with tempfile.TemporaryDirectory() as folder, mirrors_on_loopback(Path(folder)) as mirrors:
        seconds = detection_times(mirrors, random.Random(0))
        restored = restoration_time(mirrors)
    print(
        f"{ALTERATIONS} alterations: median {statistics.median(seconds):.1f} s, worst {max(seconds):.1f} s; restored in {restored:.2f} s",
        flush=True,
    )
    false_alarms = sum(false_alarms_of_a_day(seed) for seed in range(days))
    result = {
        "median_s": round(statistics.median(seconds), 1),
        "worst_s": round(max(seconds), 1),
        "false_alarms": false_alarms,
        "restored_s": round(restored, 2),
    }
    print(json.dumps(result))


def detection_times(mirrors: Mirrors, chance: random.Random) -> list[float]:
    """Return for each alteration the seconds until the alarm: those of the clock that waited, and the real ones of the look that found it."""
    watch = mirrors.watch(mirrors.config("www", "second", families=("ipv4",)))
    mirrors.run(watch, 120)
    times = []
    for number in range(ALTERATIONS):
        mirrors.renew()
        path = chance.choice(PAGES)
        released = mirrors.file(path).read_bytes()
        altered_at = mirrors.now + chance.uniform(0, 30)
        while mirrors.now + watch.wait() < altered_at:
            mirrors.now += watch.wait()
            watch.tick()
        alter(mirrors, path, released, number % 4)
        mirrors.now += watch.wait()
        started = time.monotonic()
        events = mirrors.run(watch, 120, until=bool)
        assert events[0].subject == path, events
        times.append(mirrors.now - altered_at + time.monotonic() - started)
        mirrors.replace(path, released)
        mirrors.run(watch, 120)
    return times


def alter(mirrors: Mirrors, path: str, released: bytes, kind: int) -> None:
    """Alter a page in one of four ways."""
    if kind == 3:
        mirrors.file(path).unlink()
        return
    flipped = bytes([released[0] ^ 1]) + released[1:]
    mirrors.replace(path, (flipped, released + b"<script src='//evil.example/x.js'></script>", b"<h1>Hacked</h1>")[kind])


def restoration_time(mirrors: Mirrors) -> float:
    """Deface every page of a mirror, and return the real seconds until the released front page is served again."""
    config = mirrors.root / "publish.toml"
    config.write_text(PUBLISH, encoding="utf-8")
    released, paths = mirrors.file("index.html").read_bytes(), [*PAGES, "press/2026/bridge/index.html", "theme/style.css", "evil.html"]
    for path in paths:
        mirrors.replace(path, b"Hacked")
    started = time.monotonic()
    restore_by_delivery(config)("www", paths)
    with urllib.request.urlopen(f"http://{WWW}:{mirrors.port}/") as answer:
        assert answer.read() == released
    return time.monotonic() - started


def false_alarms_of_a_day(seed: int) -> int:
    """Return the alarms of a day on which nothing was altered."""
    with tempfile.TemporaryDirectory() as folder:
        mirrors = Mirrors(Path(folder), 80)
        day = FlakyDay(mirrors, random.Random(seed), Weather())
        config = mirrors.config("www", "second", families=("ipv4",))
        watch = Watch(config, day, lambda: mirrors.now, random.Random(seed))
        events = [each for each in mirrors.run(watch, DAY) if not each.is_over]
    print(f"day {seed}: {len(watch.views)} views, {day.released} releases, {len(events)} false alarms", flush=True)
    for event in events:
        print(f"  {event}", flush=True)
    return len(events)


if __name__ == "__main__":
    main()
