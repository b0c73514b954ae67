"""What a query costs on 10,000 pages: bytes over the wire, in real Chromium, without any compression by the server.

Run: ``python -m benchmarks.search [PAGES]``. The pages are made of the sample's own sentences, shuffled with a fixed seed. The last line is JSON.
"""

from __future__ import annotations

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
from plugins.builder.options import BuildOptions
from plugins.builder.run import build
from plugins.frontmatter.library import read_library
from plugins.frontmatter.model.registry import read_registry
from plugins.search.entries import Entry, entry
from plugins.search.plugin import write_index
from tests.tiny import NOW

QUERIES = "港 住宅 災害公営住宅 しました ました。 南三陸町 復興まちづくり した 見本です 宮城県震災復興本部の知らせ 仙台空港アクセス鉄道 していたのです 石巻の 新幹線".split()
LARGEST = 200_000


@dataclass(frozen=True)
class Cost:
    """Bytes of the answers' bodies: of the index and the entries, and with the search page itself; requests for the former."""

    query: str
    told: str
    index: int
    whole: int
    requests: int


def corpus(pages: int) -> list[Entry]:
    """Return ``pages`` entries of 30 to 60 sentences each."""
    content = Path("content")
    registry = read_registry(Path("publications.toml"), content / "data" / "municipalities.csv")
    known = [entry(document) for document in read_library(content, registry, NOW).live()]
    sentences = [sentence for found in known for sentence in re.findall(r"[^。\n]+。", found.words)]
    sentences.append("東北新幹線で仙台駅に着きました。")  # a word of which both halves are common
    chance = random.Random(311)
    texts = ("".join(chance.choices(sentences, k=chance.randint(30, 60))) for _ in range(pages))
    return [
        Entry(f"/press/{number}/", chance.choice(known).title, "2015年3月21日", "みやぎ復興プレス", text)
        for number, text in enumerate(texts)
    ]


def measure(browser: Browser, address: str, query: str) -> Cost:
    """Ask one query in a new profile and count what was transferred."""
    context = browser.new_context()
    page = context.new_page()
    done: list[Request] = []

    def keep(request: Request) -> None:
        done.append(request)

    page.on("requestfinished", keep)
    page.goto(f"{address}/search/")
    told = _ask(page, query)
    sizes = [(request.url, int(request.sizes()["responseBodySize"])) for request in done]
    context.close()
    index = [size for url, size in sizes if url.endswith(".json")]
    return Cost(query, told, sum(index), sum(size for _, size in sizes), len(index))


def _ask(page: Page, query: str) -> str:
    page.get_by_label("さがすことば").fill(query)
    page.keyboard.press("Enter")
    status = page.get_by_role("status")
    expect(status).to_contain_text("「", timeout=60_000)
    return status.inner_text()


def site_with(entries: list[Entry], folder: Path) -> tuple[Path, float, int]:
    """Build the sample, put the index of ``entries`` in the place of its own; return the site, seconds and bytes of the index."""
    site = build(BuildOptions(NOW, output=folder / "output")).output / "site"
    shutil.rmtree(site / "search" / "s")
    shutil.rmtree(site / "search" / "d")
    start = time.perf_counter()
    shards = write_index(site / "search", entries)
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
    """Print the table; the exit code is 1 when a query costs more than it may."""
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    entries = corpus(pages)
    with tempfile.TemporaryDirectory() as folder:
        site, seconds, weight = site_with(entries, Path(folder))
        print(
            f"{pages} pages, {sum(len(e.words) for e in entries) // pages} characters each; index {weight / 1e6:.1f} MB in {seconds:.1f} s"
        )
        with serving(site) as address, chromium() as browser:
            costs = [measure(browser, address, query) for query in QUERIES]
    print(f"{'index kB':>9} {'with page':>9} {'requests':>8}  query")
    for cost in costs:
        print(f"{cost.index / 1000:9.1f} {cost.whole / 1000:9.1f} {cost.requests:8}  {cost.query}: {cost.told}")
    worst = max(cost.whole for cost in costs)
    print(
        json.dumps(
            {"pages": pages, "queries": len(costs), "largest_bytes": worst, "index_bytes": weight, "index_seconds": round(seconds, 1)}
        )
    )
    return 0 if worst <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
