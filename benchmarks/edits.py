"""Seconds from a saved file to the staged and exchanged site in a process that stays: an edited body, a title, an article that is added, one that ends (made ahead, and unforeseen), and memory.

`python -m benchmarks.build` runs this in a process of its own for each number of articles. By itself: python -m benchmarks.edits FOLDER EDITS
measures a folder that `benchmarks.builders.todoke` has set up, and looks at the memory before and after so many edits.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.builders import NOW, Builder, python_environment, rewrite
from benchmarks.corpus import START, write_article, write_corpus

if TYPE_CHECKING:
    from plugins.builder.resident.engine import ResidentBuild

_TIMES = 5
_EDITS = 100
"""Edits between the two looks at the memory."""


def compare(root: Path, number: int, todoke: Callable[[Path], Builder]) -> dict[str, float]:
    """Return the medians in seconds and the memory in MB, measured in a process of its own."""
    write_corpus(root, number)
    todoke(root)
    command = [sys.executable, "-m", "benchmarks.edits", str(root), str(_EDITS)]
    done = subprocess.run(command, env=python_environment(), capture_output=True, text=True, check=True)
    results: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"resident build, {number:,} articles: " + ", ".join(f"{name} {value:g}" for name, value in results.items()))
    return results


def measure(root: Path, edits: int) -> dict[str, float]:
    """Build the site in ``root`` once, then each change several times, each of a new article."""
    from plugins.builder.options import BuildOptions
    from plugins.builder.resident.engine import ResidentBuild
    from plugins.clock import parse_moment

    os.chdir(root)
    options, engine = BuildOptions(parse_moment(NOW), validate_mail=False), ResidentBuild()
    engine.build(options)
    articles = sorted((root / "content").glob("fukko-press/*/a*.md"))
    chosen = random.Random(7).sample(articles, _TIMES + 1)

    def staged(change: Callable[[Path], Path | None], days: int = 0, *, ahead: bool = False) -> dict[str, float]:
        walls, cpus = list[float](), list[float]()
        for number, article in enumerate(chosen, 1):
            file, now = change(article), options.now + dt.timedelta(days=number * days)
            if ahead:
                _look_ahead(engine)
            wall, cpu = time.perf_counter(), time.process_time()
            engine.build(replace(options, now=now), [file] if file else [])
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
            engine.save()  # as when nobody saves for a while
        return {"s": statistics.median(walls[1:]), "cpu_s": statistics.median(cpus[1:])}  # the first one makes what the others have

    results = {"edit": staged(_edit_body), "title": staged(_edit_title)}
    before = _memory()
    for count in range(edits):
        engine.build(options, [_edit_body(articles[count % len(articles)])])
    after = _memory()
    engine.save()
    results["add"] = staged(lambda article: _add(root / "content", article.stem))
    for day, article in enumerate(chosen, 1):
        _let_end(article, day)
    engine.build(options, chosen)
    results["expiry"] = staged(lambda _article: None, days=1, ahead=True)
    results["expiry_unforeseen"] = staged(lambda _article: None, days=-1)
    named = {f"resident_{step}_{name}": round(value, 4) for step, values in results.items() for name, value in values.items()}
    return {
        **named,
        "resident_memory_mb": round(_memory()),
        "resident_growth_kb_per_edit": round((after - before) * 1000 / max(1, edits), 1),
    }


def _look_ahead(engine: ResidentBuild) -> None:
    """Let what the clock brings next be made ahead, as when nobody saves for a while."""
    engine.save()
    assert engine.holds_until
    engine.look_ahead(engine.holds_until - dt.timedelta(minutes=1))
    while not list(Path("output").glob("next-*/provenance.json")):  # the last thing that is made
        time.sleep(0.1)


def _edit_body(article: Path) -> Path:
    rewrite(article, lambda text: f"{text}\n直した一文です。\n")
    return article


def _edit_title(article: Path) -> Path:
    rewrite(article, lambda text: re.sub("(?m)^title: (.*)$", r"title: \1（直した）", text, count=1))
    return article


def _let_end(article: Path, day: int) -> None:
    rewrite(article, lambda text: text.replace("\n---\n", f"\nexpires: 2021-04-{day:02}\n---\n", 1))


def _add(content: Path, name: str) -> Path:
    number = 900_000 + int(name.removeprefix("a"))
    return write_article(content, number, START.replace(year=2021, month=3), random.Random(number), ["press-airport.png"], ["石巻市"])


def _memory() -> float:
    """Return the resident set of this process in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    size = re.search(r"VmRSS:\s+(\d+)", status)
    return int(size[1]) / 1000 if size else 0.0


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
