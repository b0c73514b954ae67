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

from tests.plugins.partners.http.test_fetch import Site
from tests.samples.hostile import pages

SECONDS = 240
MEGABYTES = 300


class HostileImport:
    """One import from all hostile servers: its reports, its time and its memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.peak = 0
        self.seconds = 0.0
        self.canary = Site({})
        self.reports: dict[str, dict[str, Any]] = {}

    async def run(self) -> None:
        public = Site({})
        async with public.serve() as base, self.canary.serve("127.0.0.2") as inside:
            port, canary = (int(each.rpartition(":")[2]) for each in (base, inside))
            public.pages = pages(port, canary)
            await asyncio.to_thread(self._import, str(port), sorted(public.pages))

    def _import(self, port: str, paths: list[str]) -> None:
        start = time.monotonic()
        command = [sys.executable, "-m", "tests.samples.hostile", str(self.folder), port, *paths]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            watch = threading.Thread(target=self._watch, args=(process,))
            watch.start()
            out, errors = process.communicate(timeout=SECONDS)
            watch.join()
        assert process.returncode == 0, errors.decode()
        self.seconds = time.monotonic() - start
        self.reports = {report["key"]: report for report in json.loads(out)}

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Add up the memory of the process and its children, over and over, until it ends."""
        while process.poll() is None:
            self.peak = max(self.peak, sum(resident(pid) for pid in processes_of(process.pid)))
            time.sleep(0.05)  # to add up takes a good part of that


def processes_of(parent: int) -> list[int]:
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
def hostile(tmp_path_factory: pytest.TempPathFactory) -> HostileImport:
    hostile = HostileImport(tmp_path_factory.mktemp("hostile"))
    with ThreadPoolExecutor(1) as pool:  # a thread of its own: the session's browser marks this one's loop as running
        pool.submit(asyncio.run, hostile.run()).result()
    return hostile


def test_the_import_ends_within_its_time(hostile: HostileImport) -> None:
    assert hostile.seconds < SECONDS


def test_memory_stays_under_300_megabytes(hostile: HostileImport) -> None:
    assert 20_000 < hostile.peak < MEGABYTES * 1024, f"{hostile.peak // 1024} MB"


def test_no_server_inside_was_ever_asked(hostile: HostileImport) -> None:
    assert hostile.canary.requests == []


def test_the_good_feeds_beside_them_import_fully(hostile: HostileImport) -> None:
    good = [report for key, report in hostile.reports.items() if key.startswith("good-")]
    assert [(report["new"], report["failed"]) for report in good] == [(20, None)] * 10
    assert len(list(hostile.folder.glob("content/partners/good-*/*/*.md"))) == 200


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
def test_each_hostile_feed_fails_with_its_reason(hostile: HostileImport, key: str, words: str) -> None:
    assert words in str(hostile.reports[key]["failed"])


@pytest.mark.parametrize("key", ["comments", "escaped-comments", "nesting", "nested-html", "hungry", "lol", "json", "pictures"])
def test_the_files_of_the_other_feeds_are_harmless(hostile: HostileImport, key: str) -> None:
    """Either there is a reason, or the files are small."""
    report = hostile.reports[key]
    sizes = [path.stat().st_size for path in hostile.folder.glob(f"content/partners/{key}/*/*")]
    assert report["failed"] or (report["new"] == len(sizes) and all(size < 900_000 for size in sizes))


def test_entries_past_the_cap_are_counted(hostile: HostileImport) -> None:
    assert (hostile.reports["many"]["new"], hostile.reports["many"]["left_out"]) == (1000, 3_000)
