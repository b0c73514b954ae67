"""The time from saving a file to seeing its page: `todoke preview` beside `hugo server`, requested over HTTP until the new words come."""

from __future__ import annotations

import re
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.builders import NOW, Builder, python_environment, rewrite
from benchmarks.corpus import write_corpus

_EDITS = 5
_MERGED = 200
"""Files that one merge changes: the server builds all of them in one go, for some seconds."""
_FIRST_BUILD = 900.0
"""Seconds until a server has built its first site."""

_PAUSE, _BUSY_PAUSE = 3.0, 25.0
"""Seconds until the next save: the whole build that follows the page should end first. An editor does not save five times a second."""

_PORTS = {"todoke": 8731, "hugo": 8732}


def compare(
    number: int, todoke: Callable[[Path], Builder], hugo: Callable[[Path], Builder], folder: Callable[[], AbstractContextManager[Path]]
) -> dict[str, float]:
    """Return the medians in seconds, and their ratio."""
    seconds: dict[str, float] = {}
    for make in (todoke, hugo):
        with folder() as root:
            write_corpus(root, number)
            builder = make(root)
            builder.prepare(builder.content)
            seconds[builder.name] = statistics.median(measure(builder))
            if builder.name == "todoke":
                seconds["busy"] = statistics.median(measure(builder, busy=True))
    print(
        f"save to page, {number:,} articles: todoke preview {seconds['todoke']:.3f} s, {seconds['busy']:.3f} s while a merge is built, hugo server {seconds['hugo']:.3f} s"
    )
    return {
        "save_s": round(seconds["todoke"], 3),
        "save_busy_s": round(seconds["busy"], 3),
        "hugo_server_s": round(seconds["hugo"], 3),
        "save_vs_hugo": round(seconds["todoke"] / seconds["hugo"], 3),
    }


def measure(builder: Builder, *, busy: bool = False) -> Iterator[float]:
    """Yield the seconds from each save to the page that shows it; if ``busy``, while the server brings a merge of many files in."""
    port = _PORTS[builder.name]
    article, *others = sorted(builder.content.glob("fukko-press/*/a*.md"))
    date = re.search(r"^date: (\d{4})-(\d{2})", article.read_text(encoding="utf-8"), re.MULTILINE)
    assert date
    address = f"http://127.0.0.1:{port}/fukko-press/{date[1]}/{date[2]}/{article.stem}/"
    with _server(builder, port):
        _wait(address, "", _FIRST_BUILD)
        for number in range(_EDITS):
            time.sleep(_BUSY_PAUSE if busy else _PAUSE)
            if busy:
                for other in others[:_MERGED]:
                    rewrite(other, lambda text: f"{text}\n合わせた一文です。\n")
                time.sleep(0.5)
            words = f"{number}番目に{'その間も' if busy else ''}直した一文"
            rewrite(article, lambda text, words=words: f"{text}\n{words}です。\n")  # type: ignore[misc]
            start = time.perf_counter()
            _wait(address, words, 120)
            yield time.perf_counter() - start


@contextmanager
def _server(builder: Builder, port: int) -> Iterator[None]:
    if builder.name == "todoke":
        command = [*builder.command[:3], "preview", "--now", NOW, "--port", str(port), "--output", str(builder.root / "preview")]
    else:
        command = [builder.command[0], "server", "--source", str(builder.root), "--port", str(port), "--renderToMemory", "--quiet"]
    process = subprocess.Popen(command, env=python_environment(), cwd=builder.cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(address: str, words: str, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                if words in answer.read().decode("utf-8"):
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        time.sleep(0.005)
    raise TimeoutError(f"{address} never showed {words!r}")
