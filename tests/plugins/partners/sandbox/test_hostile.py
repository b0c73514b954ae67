"""Servers that mean harm: the import ends in time and in little memory, reaches nothing inside, and the good feeds beside them arrive."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import pages
from tests.plugins.partners.http.test_fetch import Site

SECONDS = 240
MEGABYTES = 300


class Meeting:
    """What came of one import from everybody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.peak = 0
        self.seconds = 0.0
        self.canary = Site({})
        self.reports: dict[str, dict[str, Any]] = {}

    async def hold(self) -> None:
        public = Site({})
        async with public.serve() as base, self.canary.serve("127.0.0.2") as inside:
            port, canary = (int(each.rpartition(":")[2]) for each in (base, inside))
            public.pages = pages(port, canary)
            await asyncio.to_thread(self._import, str(port), sorted(public.pages))

    def _import(self, port: str, paths: list[str]) -> None:
        start = time.monotonic()
        command = [sys.executable, "-m", "tests.hostile", str(self.folder), port, *paths]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            watch = threading.Thread(target=self._watch, args=(process,))
            watch.start()
            out, complaints = process.communicate(timeout=SECONDS)
            watch.join()
        assert process.returncode == 0, complaints.decode()
        self.seconds = time.monotonic() - start
        self.reports = {report["key"]: report for report in json.loads(out)}

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Add up the memory of the process and its children, over and over, until it ends."""
        while process.poll() is None:
            self.peak = max(self.peak, sum(resident(pid) for pid in family(process.pid)))
            time.sleep(0.02)


def family(parent: int) -> list[int]:
    tasks = Path(f"/proc/{parent}/task").glob("*/children")
    try:
        return [parent, *(int(pid) for task in tasks for pid in task.read_text().split())]
    except OSError:
        return [parent]


def resident(pid: int) -> int:
    """Kilobytes of physical memory, shared pages counted once among those who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


@pytest.fixture(scope="module")
def meeting(tmp_path_factory: pytest.TempPathFactory) -> Meeting:
    held = Meeting(tmp_path_factory.mktemp("hostile"))
    with ThreadPoolExecutor(1) as pool:  # a thread of its own: the session's browser marks this one's loop as running
        pool.submit(asyncio.run, held.hold()).result()
    return held


def test_the_import_ends_within_its_time(meeting: Meeting) -> None:
    assert meeting.seconds < SECONDS


def test_memory_stays_under_300_megabytes(meeting: Meeting) -> None:
    assert 20_000 < meeting.peak < MEGABYTES * 1024, f"{meeting.peak // 1024} MB"


def test_nothing_inside_was_ever_asked(meeting: Meeting) -> None:
    assert meeting.canary.requests == []


def test_the_good_feeds_beside_them_import_fully(meeting: Meeting) -> None:
    good = [report for key, report in meeting.reports.items() if key.startswith("good-")]
    assert [(report["new"], report["failed"]) for report in good] == [(20, None)] * 10
    assert len(list(meeting.folder.glob("content/partners/good-*/*/*.md"))) == 200


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("loop", "more than 5 redirects"),
        ("pingpong", "more than 5 redirects"),
        ("file", "only http"),
        ("gzip", "too large when expanded"),
        ("brotli", "too large when expanded"),
        ("endless", "larger than"),
        ("drip", "timed out"),
        ("hang", "timed out"),
        ("rebind", "refused address"),
        ("attributes", "read"),
        *((f"inside-{number}", "refused address") for number in range(13)),
    ],
)
def test_each_fails_with_its_reason(meeting: Meeting, key: str, words: str) -> None:
    assert words in str(meeting.reports[key]["failed"])


@pytest.mark.parametrize("key", ["comments", "escaped-comments", "nesting", "nested-html", "hungry", "lol", "json", "pictures"])
def test_what_can_be_read_of_the_others_is_harmless(meeting: Meeting, key: str) -> None:
    """Either a reason, or files that hold next to nothing."""
    report = meeting.reports[key]
    sizes = [path.stat().st_size for path in meeting.folder.glob(f"content/partners/{key}/*/*")]
    assert report["failed"] or (report["new"] == len(sizes) and all(size < 900_000 for size in sizes))


def test_entries_past_the_cap_are_counted(meeting: Meeting) -> None:
    assert (meeting.reports["many"]["new"], meeting.reports["many"]["left_out"]) == (1000, 3_000)
