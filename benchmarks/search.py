"""The cost of a query on 10,000 pages: bytes of the response bodies that Chromium receives from a server with gzip.

Run: ``python -m benchmarks.search [PAGES]``. The pages are made of the sample's sentences, drawn with a fixed seed. The last line is JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Request, expect

from audit.browser import chromium
from audit.server import serving
from benchmarks.corpus import START
from plugins.builder.options import BuildOptions
from plugins.builder.run import build
from plugins.frontmatter.library import read_library
from plugins.frontmatter.model.registry import read_registry
from plugins.readings.analyser import analyser_version
from plugins.readings.known import known_readings
from plugins.readings.table import read_table
from plugins.search.entries import Entry, entry
from plugins.search.numbers import numbers_of
from plugins.search.page_readings import PageReadings
from plugins.search.plugin import write_index
from tests.samples.tiny import NOW

QUERIES = "港 住宅 災害公営住宅 しました ました。 南三陸町 復興まちづくり した 見本です 宮城県震災復興本部の知らせ 仙台空港アクセス鉄道 していたのです 石巻の 新幹線 ひなん せんだいし 復興公営住宅の入居 し".split()
"""Single characters, pairs, long words, words that are on nearly every page, and words that are on none."""

LARGEST = 200_000
"""Bytes that one query may cost, the search page with its style sheet and scripts included."""


@dataclass(frozen=True)
class Cost:
    """The cost of one query. ``index_bytes`` are those of shards and entries, which took ``requests``; ``total_bytes`` include the search page."""

    query: str
    status: str
    index_bytes: int
    total_bytes: int
    requests: int


def corpus(pages: int) -> list[Entry]:
    """Return ``pages`` entries of 30 to 60 sentences each."""
    content = Path("content")
    registry = read_registry(Path("publications.toml"), content / "data" / "municipalities.csv")
    sample = [entry(document) for document in read_library(content, registry, NOW).live()]
    sentences = [sentence for article in sample for sentence in re.findall(r"[^。\n]+。", article.text)]
    sentences.append("東北新幹線で仙台駅に着きました。")  # for 新幹線, whose two pairs are common
    generator = random.Random(311)
    texts = ("".join(generator.choices(sentences, k=generator.randint(30, 60))) for _ in range(pages))
    readings = PageReadings(
        known_readings(read_table(content, registry)[0], registry.places.values()), has_analyser=analyser_version() is not None
    )
    return [
        Entry(f"/press/{number}/", generator.choice(sample).title, "2015年3月21日", "みやぎ復興プレス", text, readings.of(text))
        for number, text in enumerate(texts)
    ]


def measure(browser: Browser, address: str, query: str) -> Cost:
    """Run one query in a new browser context, with an empty cache, and add up the response bodies."""
    context = browser.new_context()
    page = context.new_page()
    finished: list[Request] = []

    def record(request: Request) -> None:
        finished.append(request)

    page.on("requestfinished", record)
    page.goto(f"{address}/search/")
    status = _run_query(page, query)
    sizes = [(request.url, int(request.sizes()["responseBodySize"])) for request in finished]
    context.close()
    index_sizes = [size for url, size in sizes if url.endswith(".json")]
    return Cost(query, status, sum(index_sizes), sum(size for _, size in sizes), len(index_sizes))


def _run_query(page: Page, query: str) -> str:
    page.get_by_label("さがすことば").fill(query)
    page.keyboard.press("Enter")
    status = page.get_by_role("status")
    expect(status).to_contain_text("「", timeout=60_000)
    return status.inner_text()


def site_with(entries: list[Entry], folder: Path) -> tuple[Path, float, int]:
    """Build the sample, and replace its index by that of ``entries``; return the site, and seconds and bytes of the index."""
    site = build(BuildOptions(NOW, output=folder / "output")).output / "site"
    shutil.rmtree(site / "search" / "s")
    shutil.rmtree(site / "search" / "d")
    start = time.perf_counter()
    dates = [
        START + dt.timedelta(hours=number * 24 * 3650 / len(entries)) for number in range(len(entries))
    ]  # ten years, as in `benchmarks.corpus`
    shards = write_index(site / "search", dict(zip(numbers_of(dates), entries, strict=True)))
    seconds = time.perf_counter() - start
    page = site / "search" / "index.html"
    html = re.sub(
        r'data-documents="\d+" data-shards="\d+"',
        f'data-documents="{len(entries)}" data-shards="{shards}"',
        page.read_text(encoding="utf-8"),
    )
    page.write_text(html, encoding="utf-8")
    return site, seconds, sum(path.stat().st_size for path in (site / "search" / "s").iterdir())


def main() -> int:
    """Print the table; return 1 if a query costs more than `LARGEST`, else 0."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    entries = corpus(pages)
    characters = sum(len(page.text) for page in entries) // pages
    with tempfile.TemporaryDirectory() as folder:
        site, seconds, index_bytes = site_with(entries, Path(folder))
        print(f"{pages} pages, {characters} characters each; index {index_bytes / 1e6:.1f} MB in {seconds:.1f} s")
        with serving(site) as address, chromium() as browser:
            costs = [measure(browser, address, query) for query in QUERIES]
    print(f"{'index kB':>9} {'with page':>9} {'requests':>8}  query")
    for cost in costs:
        print(f"{cost.index_bytes / 1000:9.1f} {cost.total_bytes / 1000:9.1f} {cost.requests:8}  {cost.query}: {cost.status}")
    largest = max(cost.total_bytes for cost in costs)
    print(
        json.dumps(
            {
                "pages": pages,
                "queries": len(costs),
                "largest_bytes": largest,
                "index_bytes": index_bytes,
                "index_seconds": round(seconds, 1),
            }
        )
    )
    return 0 if largest <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
