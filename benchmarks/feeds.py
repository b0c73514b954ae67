"""1,000 feeds of 50 entries, from loopback, imported twice, beside feedparser alone on the same bytes. ``make bench-feeds``.

Every feed is on a host of its own (names that lead to 127.0.0.1), with ETag and robots.txt. The floor is what feedparser needs to parse
all bodies in one process, as it comes. Prints a table; the last line is JSON.
"""

from __future__ import annotations

import asyncio
import io
import json
import multiprocessing
import os
import resource
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from plugins.partners.http.addresses import WITH_LOOPBACK
from plugins.partners.model.config import FeedConfig, Settings
from plugins.partners.model.dates import JAPAN
from plugins.partners.update import Options, UpdateReport, update

NOW = datetime(2016, 2, 10, 10, 0, tzinfo=JAPAN)
PARAGRAPH = "&lt;div&gt;今日、浜でわかめの芽を見ました。&lt;br/&gt;&lt;br/&gt;復興の&lt;b&gt;町&lt;/b&gt;の&lt;a href=&quot;/{n}?utm_source=feed&quot;&gt;話&lt;/a&gt;です。&lt;/div&gt;"
ENTRY = (
    "<entry><id>tag:feed-{feed}.example,2012:{n}</id><title>浜のたより {n}</title><link rel='alternate' href='http://feed-{feed}.example/{n}'/>"
    "<published>2012-{month:02d}-{day:02d}T10:00:00+09:00</published><updated>2012-03-11T10:00:00+09:00</updated><content type='html'>{body}</content></entry>"
)


def feed_body(feed: int, entries: int) -> bytes:
    """Return one Atom feed."""
    items = (ENTRY.format(feed=feed, n=n, month=n % 12 + 1, day=n % 28 + 1, body=PARAGRAPH.format(n=n) * 6) for n in range(entries))
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom'><title>t</title>{''.join(items)}</feed>".encode()
    )


class LoopbackResolver(AbstractResolver):
    """Every name leads to this machine."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:  # noqa: ARG002 - aiohttp's signature
        """Return 127.0.0.1."""
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing to close."""


def serve(connection: Any, entries: int) -> None:
    """Serve all feeds from a process of its own; answer "?" with the counts of statuses since the last one."""
    counts: Counter[int] = Counter()

    async def answer(request: web.Request) -> web.Response:
        number = int(request.match_info["feed"])
        tag = f'"{number}"'
        response = (
            web.Response(status=304) if request.headers.get("If-None-Match") == tag else web.Response(body=feed_body(number, entries))
        )
        response.headers.update({"ETag": tag, "Content-Type": "application/atom+xml"})
        counts[response.status] += 1
        return response

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/feed/{feed}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        connection.send(runner.addresses[0][1])
        while await asyncio.to_thread(connection.recv):
            connection.send(dict(counts))
            counts.clear()

    asyncio.run(run())


@dataclass(frozen=True)
class Round:
    """One import: seconds of wall clock, of processor in the importer's process and in those that read the feeds; answers by status, files that changed."""

    wall: float
    own_cpu: float
    reader_cpu: float
    requests_by_code: dict[int, int]
    changed: int
    report: UpdateReport

    @property
    def cpu(self) -> float:
        """Processor seconds of all processes."""
        return self.own_cpu + self.reader_cpu


def cpu(who: int) -> float:
    """Processor seconds of this process (``RUSAGE_SELF``) or of the children that have ended."""
    return sum(resource.getrusage(who)[:2])


def stamps(folder: Path) -> dict[str, int]:
    """Return when each file was written."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*.md")}


def import_all(folder: Path, feeds: list[FeedConfig], now: datetime, connection: Any) -> Round:
    """Import once."""
    options = Options(folder / "content", folder / "feeds.json", now, rules=WITH_LOOPBACK, gap=0, resolver=LoopbackResolver())
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    before, wall, spent = stamps(folder), time.perf_counter(), [cpu(who) for who in whose]
    report = asyncio.run(update(feeds, Settings((), frozenset(), "+bench"), options))
    wall, (own, readers) = time.perf_counter() - wall, (cpu(who) - began for who, began in zip(whose, spent, strict=True))
    after = stamps(folder)
    connection.send("?")
    return Round(wall, own, readers, connection.recv(), sum(before.get(path) != stamp for path, stamp in after.items()), report)


def floor(feeds: int, entries: int) -> float:
    """Return the processor seconds of feedparser alone on the same bytes."""
    bodies: Iterator[bytes] = (feed_body(number, entries) for number in range(feeds))
    spent = 0.0
    for body in bodies:
        start = time.process_time()
        feedparser.parse(io.BytesIO(body))
        spent += time.process_time() - start
    return spent


def main(feeds: int = 1000, entries: int = 50) -> None:
    """Run and print."""
    here, there = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, entries), daemon=True)
    server.start()
    port = here.recv()
    settings = [
        FeedConfig(f"feed-{n}", f"{n}", f"http://feed-{n}.example:{port}/feed/{n}", f"http://feed-{n}.example/", "x", "x", "publish")
        for n in range(feeds)
    ]
    with tempfile.TemporaryDirectory() as folder:
        first = import_all(Path(folder), settings, NOW, here)
        second = import_all(Path(folder), settings, NOW + timedelta(hours=2), here)
        peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    show(feeds, entries, first, second, floor(feeds, entries), peak)
    here.send("")
    server.terminate()


def show(feeds: int, entries: int, first: Round, second: Round, lone: float, peak: float) -> None:
    """Print the table and the last line."""
    imported = sum(report.new for report in first.report.feeds)
    share = second.requests_by_code.get(304, 0) / max(sum(second.requests_by_code.values()), 1)
    print(f"{feeds:,} feeds x {entries} entries, {os.cpu_count()} processors, Python {sys.version.split()[0]}")
    print(f"{'':24}{'first':>10}{'second':>10}{'feedparser':>12}")
    print(f"{'wall, s':24}{first.wall:10.1f}{second.wall:10.1f}{'':>12}")
    print(f"{'processor, s':24}{first.cpu:10.1f}{second.cpu:10.1f}{lone:12.1f}")
    print(f"{'  own process, s':24}{first.own_cpu:10.1f}{second.own_cpu:10.1f}{'':>12}")
    print(f"{'  readers, s':24}{first.reader_cpu:10.1f}{second.reader_cpu:10.1f}{'':>12}")
    print(f"{'feed requests':24}{sum(first.requests_by_code.values()):10,}{sum(second.requests_by_code.values()):10,}")
    print(f"{'files written':24}{first.changed:10,}{second.changed:10,}")
    print(f"entries imported {imported:,}; peak memory {peak:.0f} MB (importer and its largest reader)")
    result = {
        "cpu_vs_feedparser": round(first.cpu / lone, 2),
        "own_cpu_s": round(first.own_cpu, 1),
        "reader_cpu_s": round(first.reader_cpu, 1),
        "second_round_changed": second.changed,
        "share_304": round(share, 4),
        "entries": imported,
        "wall_s": round(first.wall, 1),
        "second_wall_s": round(second.wall, 1),
        "peak_mb": round(peak),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
