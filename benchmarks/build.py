"""`make bench-build`: how long until a change is on the page, beside Hugo and stock Pelican, in the same run.

Each step is a fresh process on a corpus of its own in a RAM disk where there is one: cold, nothing changed, one article edited, one added,
the base template changed. Prints medians and ratios; the last line is JSON. Machines are shared and noisy: read the ratios.
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
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.corpus import START, write_article, write_corpus

STEPS = ("cold", "nochange", "edit", "add", "template")
NOW = "2021-03-31T12:00"


@dataclass(frozen=True)
class Run:
    """One process: wall and CPU seconds, peak memory in MB, files whose bytes or time differ afterwards."""

    wall: float
    cpu: float
    memory: float
    written: int


@dataclass
class Builder:
    """A site builder at work in its own folder; ``template`` is the base template it uses."""

    name: str
    root: Path
    command: list[str]
    output: Path
    template: Path
    prepare: Callable[[Path], None] = lambda _content: None
    cwd: Path = field(default_factory=Path.cwd)

    @property
    def content(self) -> Path:
        return self.root / "content"


def todoke(root: Path) -> Builder:
    """Ours, with the real theme, from a copy that may be changed."""
    settings, theme = root / "settings.py", root / "theme"
    shutil.copytree("themes/miyagi", theme)
    settings.write_text(
        f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\nfrom pelicanconf import *\nTHEME = {str(theme)!r}\n", encoding="utf-8"
    )
    code = (
        "import sys; from pathlib import Path; from plugins.build import BuildOrder, build; from plugins.frontmatter.moment import parse_moment;"
        "r = Path(sys.argv[1]); build(BuildOrder(parse_moment(sys.argv[2]), r/'content', r/'publications.toml', r/'output', r/'settings.py'))"
    )
    command = [sys.executable, "-c", code, str(root), NOW]
    return Builder("todoke", root, command, root / "output" / "site", theme / "templates" / "base.html")


def stock(root: Path) -> Builder:
    """Pelican as it comes."""
    theme, settings = root / "theme", root / "pelicanconf.py"
    shutil.copytree("benchmarks/stock/templates", theme / "templates")
    shutil.copytree("themes/miyagi/static", theme / "static")
    settings.write_text(
        Path("benchmarks/stock/pelicanconf.py").read_text(encoding="utf-8").replace("benchmarks/stock", str(theme)), encoding="utf-8"
    )
    command = [sys.executable, "-m", "pelican", "-q", str(root / "content"), "-s", str(settings), "-o", str(root / "site")]
    return Builder("pelican", root, command, root / "site", theme / "templates" / "base.html", _for_stock)


def hugo(root: Path, binary: str) -> Builder:
    """Hugo, with templates of like content."""
    shutil.copytree("benchmarks/hugo", root, dirs_exist_ok=True)
    shutil.copytree("themes/miyagi/static", root / "static" / "theme")
    shutil.move(root / "content" / "images", root / "static" / "images")
    command = [binary, "--quiet", "--source", str(root), "--destination", str(root / "site")]
    return Builder("hugo", root, command, root / "site", root / "layouts" / "_default" / "baseof.html", _for_hugo)


def _for_stock(content: Path) -> None:
    """Stock Pelican reads ``key: value`` lines without YAML lists, and slashes no image paths of ours."""
    for file in content.glob("*/*/a*.md"):
        _rewrite(
            file,
            lambda text: (
                text.replace("---\n", "", 1)
                .replace("\n---\n", "\n\n", 1)
                .replace("topics: [", "tags: ")
                .replace("municipalities: [", "place: ")
                .replace("]\n", "\n")
            ),
        )


def _for_hugo(content: Path) -> None:
    """Hugo wants seconds and a zone in dates."""
    for file in content.glob("*/*/a*.md"):
        _rewrite(file, _dated)


def _dated(text: str) -> str:
    head, _, rest = text.partition("\ndate: ")
    return f"{head}\ndate: {rest[:10]}T{rest[11:16]}:00+09:00{rest[16:]}"


def _rewrite(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


def take_steps(builder: Builder) -> dict[str, Run]:
    """Build cold, then after each change."""
    builder.prepare(builder.content)
    runs = {"cold": measure(builder), "nochange": measure(builder)}
    article = sorted(builder.content.glob("fukko-press/*/a*.md"))[len(list(builder.content.glob("fukko-press/*/a*.md"))) // 2]
    _rewrite(article, lambda text: text + "\n直した一文です。\n")
    runs["edit"] = measure(builder)
    _add(builder)
    runs["add"] = measure(builder)
    _rewrite(builder.template, lambda text: text.replace("</footer>", "<p>直した雛形</p></footer>"))
    runs["template"] = measure(builder)
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
    environment = os.environ | {"PYTHONPATH": os.getcwd()}  # noqa: PTH109
    process = subprocess.Popen(builder.command, env=environment, stdout=subprocess.DEVNULL)
    _, status, rusage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{builder.name} ended with {status}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    stamps = _stamps(builder.output)
    return Run(wall, cpu, rusage.ru_maxrss / 1024, sum(before.get(name) != stamp for name, stamp in stamps.items()))


def _stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@contextmanager
def folder() -> Iterator[Path]:
    """A folder in memory where the machine has one."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def compare(number: int, rounds: int, binary: str) -> dict[str, dict[str, list[Run]]]:
    """Return runs by builder and step. The builders take turns, so that a noisy minute meets all."""
    found: dict[str, dict[str, list[Run]]] = {}
    for _ in range(rounds):
        for make in (todoke, stock, lambda root: hugo(root, binary)):
            with folder() as root:
                write_corpus(root, number)
                builder = make(root)
                for step, run in take_steps(builder).items():
                    found.setdefault(builder.name, {}).setdefault(step, []).append(run)
    return found


def show(number: int, found: dict[str, dict[str, list[Run]]]) -> dict[str, float]:
    """Print the table; return the ratios."""
    table = Table(title=f"{number:,} articles", show_lines=False)
    for column in ("builder", "step", "wall s", "CPU s", "MB", "files written", "× hugo", "× pelican"):
        table.add_column(column, justify="right" if column != "builder" else "left")
    for name, steps in found.items():
        for step in STEPS:
            runs = steps[step]
            wall = _median(runs, "wall")
            ratios = [f"{wall / _median(found[peer][step], 'wall'):.2f}" for peer in ("hugo", "pelican")]
            table.add_row(
                name, step, f"{wall:.2f}", f"{_median(runs, 'cpu'):.2f}", f"{_median(runs, 'memory'):.0f}", str(runs[0].written), *ratios
            )
    Console(width=120).print(table)
    ours = {step: _median(found["todoke"][step], "wall") for step in STEPS}
    against = {f"{step}_vs_hugo": round(ours[step] / _median(found["hugo"][step], "wall"), 3) for step in STEPS}
    return against | {"cold_vs_pelican": round(ours["cold"] / _median(found["pelican"]["cold"], "wall"), 3)}


def _median(runs: list[Run], what: str) -> float:
    return float(statistics.median(getattr(run, what) for run in runs))


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hugo", default=shutil.which("hugo") or "hugo")
    options = parser.parse_args()
    ratios: dict[str, float] = {}
    for number in options.articles:
        ratios = show(number, compare(number, options.rounds, options.hugo))
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
