"""An intruder alters a page on one mirror; the verifier, a process of its own, finds that and mends it.

The verifier runs as it does in daily work (`todoke verify`), only faster: it looks every two seconds, not every thirty.
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from rich.text import Text

from demo.mirrors import NAMES, Mirrors
from demo.servers import DEADLINE
from demo.steps import StepFailed, out, show_command, step

PAGE = "emergency/2021/03/earthquake-housing-advice/index.html"
"""A notice of the sample that is in force on the day of the demonstration."""

FORGED = "避難指示は解除されました。すぐに家へ戻ってください"

SECONDS = 60.0
"""In which the verifier must have found and mended it."""

STEP = 0.1
"""Seconds between two looks at the page: another process mends it, and there is nothing else to wait on."""

_TITLE = re.compile(r"(<h1\b[^>]*>)(.*?)(?=</h1>)", re.DOTALL)

_SETTINGS = """# 実演のための設定。ふだんは30秒ごとに見る。 Settings of the demonstration; usually it looks every 30 seconds.
folder = "verifier"
critical = ["index.html", "emergency/index.html", "{page}"]
families = ["ipv4"]
interval = 2
again = 1
"""

_MIRROR = """
[[mirrors]]
name = "{name}"
url = "{url}"
"""


@dataclass(frozen=True)
class Verifier:
    """``mirrors`` is what it watches, ``port`` where it shows its status page."""

    mirrors: Mirrors
    port: int

    @property
    def settings(self) -> Path:
        """`verify.toml` of the demonstration."""
        return self.mirrors.folder / "verify.toml"

    @property
    def folder(self) -> Path:
        """State, evidence and status page."""
        return self.mirrors.folder / "verifier"

    @property
    def url(self) -> str:
        """The address of its status page."""
        return f"http://127.0.0.1:{self.port}/"

    @contextmanager
    def watching(self) -> Iterator[threading.Event]:
        """Let it watch for the length of the block, from the moment at which it has seen both mirrors. It says on the terminal what it finds.

        Yield what is set as soon as it says that a finding is over. Raises `StepFailed`.
        """
        step("見張りを始める The verifier begins to watch from outside")
        blocks = [_MIRROR.format(name=name, url=self.mirrors.url(name)) for name in NAMES]
        self.settings.write_text(_SETTINGS.format(page=PAGE) + "".join(blocks), encoding="utf-8")
        arguments = ["verify", "--settings", str(self.settings), *self.mirrors.options, "--restore", "--serve", str(self.port)]
        show_command(*arguments)
        process = subprocess.Popen([sys.executable, "-m", "todoke", *arguments], stdout=subprocess.PIPE, encoding="utf-8")  # noqa: S603 - our own command
        over = threading.Event()
        reader = threading.Thread(target=_print_lines, args=(process, over), daemon=True)
        reader.start()
        try:
            self._wait_for_first_look(process)
            yield over
        finally:
            process.terminate()
            process.wait(timeout=DEADLINE)
            reader.join(timeout=DEADLINE)

    def _wait_for_first_look(self, process: subprocess.Popen[str]) -> None:
        end = time.monotonic() + SECONDS
        while not (self.folder / "status" / "index.html").exists():
            if process.poll() is not None or time.monotonic() > end:
                raise StepFailed("todoke verify did not begin to watch")
            time.sleep(STEP)
        out.print(f"状態のページ Its status page: {self.url}", markup=False)


def _print_lines(process: subprocess.Popen[str], over: threading.Event) -> None:
    """Print what the verifier says: what is wrong in red, what was mended or is over in green."""
    assert process.stdout is not None
    for line in process.stdout:
        style = "green" if line.startswith(("RESTORED", "OVER")) else "dim" if line.startswith("evidence") else "bold red"
        out.print(Text(f"  見張り Verifier │ {line.rstrip()}", style=style))
        if line.startswith("OVER"):
            over.set()


def deface(mirrors: Mirrors, over: threading.Event) -> float:
    """Alter the page on the first mirror; wait until readers get it as it was released, and until the verifier has seen that (``over``).

    Return the seconds until readers got it. Raises `StepFailed`.
    """
    name = NAMES[0]
    step("侵入者が一つの公開先の知らせを書き換える An intruder rewrites a notice on one mirror")
    file, address = mirrors.tree(name) / PAGE, f"{mirrors.url(name)}/{PAGE.removesuffix('index.html')}"
    if not file.is_file():
        raise StepFailed(f"the sample has no page {PAGE}: the demonstration needs content/ as it came")
    released = file.read_bytes()
    _show_title("公開した知らせ Released", address, released, "green")
    file.write_text(_TITLE.sub(rf"\g<1>{FORGED}", released.decode(), count=1), encoding="utf-8")
    start = time.monotonic()
    _show_title("書き換えられた知らせ Defaced", address, _fetch(address), "bold red")
    while (shown := _fetch(address)) != released:
        if time.monotonic() - start > SECONDS:
            raise StepFailed(f"{address} was not mended within {SECONDS:.0f} s")
        time.sleep(STEP)
    seconds = time.monotonic() - start
    if not over.wait(SECONDS):
        raise StepFailed("the verifier did not say that the finding is over")
    _show_title("元に戻った知らせ Whole again", address, shown, "green")
    out.print(f"{seconds:.1f}秒で、見つけて直しました Found and mended in {seconds:.1f} s", style="bold green")
    return seconds


def _show_title(words: str, address: str, page: bytes, style: str) -> None:
    """Print what a reader of the page sees first."""
    match = _TITLE.search(page.decode())
    title = unescape(re.sub("<[^>]+>", "", match[2])).strip() if match else ""
    out.print(Text.assemble((f"{words}: ", "bold"), (f"「{title}」", style), (f"  {address}", "dim")))


def _fetch(address: str) -> bytes:
    """Return a page as a reader gets it; empty for the moment of an exchange or an error."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own server's address
            return bytes(answer.read())
    except OSError:
        return b""
