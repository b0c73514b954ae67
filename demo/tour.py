"""The tour: every step of the product, in order, each with its command; it stops at the first that does not hold.

Build the site and the issues → import a partner's feed → build again → start a receiver → import 1,000 subscribers → send an issue →
one reader unsubscribes by one click → send the next issue to 999 → count.
"""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from demo.inbox import Inbox
from demo.sample import SUBSCRIBERS, write_settings, write_subscribers

NOW = "2021-03-31T12:00"
"""The sample content ends in the spring of 2021; the demonstration is set on that day."""

LEAVER = "reader0007@example.jp"
FIRST, SECOND = "fukko-press/45", "fukko-press/46"

out = Console(highlight=False, soft_wrap=True)


class StepFailed(Exception):
    """A step of the tour did not do what it must."""


@dataclass(frozen=True)
class Tour:
    """Where the tour happens. Everything it writes lies in ``var`` and ``output``."""

    port: int
    var: Path = Path("var/demo")
    output: Path = Path("output")

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.var / "inbox" / "new")

    @property
    def mail_options(self) -> list[str]:
        return ["--config", str(self.var / "mailer.toml"), "--mail", str(self.output / "mail")]


def run(*, serve: bool, port: int) -> int:
    """Take the tour; return the exit status. With ``serve`` and a terminal, show site and inbox until Ctrl-C."""
    tour = Tour(port)
    try:
        with ExitStack() as stack:
            summary = _take(tour, stack)
            out.print(summary)
            _signpost(tour)
            if serve and sys.stdout.isatty():
                _wait_for_interrupt()
    except StepFailed as failure:
        out.print(f"止まりました Stopped: {failure}", style="bold red", markup=False)
        return 1
    return 0


def _take(tour: Tour, stack: ExitStack) -> Table:
    _refuse_busy_port(tour.port)
    _clean(tour.var)
    _step("協力ブログを取り込む Import a partner's feed")
    content = tour.var / "content"
    shutil.copytree("content", content)
    _import_feed(content, tour)
    _step("サイトとメールを作る Build site and mail")
    seconds = _timed("build", "--now", NOW, "--content", str(content), "--output", str(tour.output), "--site-url", tour.site)
    smtp = stack.enter_context(_receiver(tour.var / "inbox"))
    settings = write_settings(tour.var, f"{tour.site}/service", smtp)
    stack.enter_context(_stage(settings, tour))
    _step("購読者1,000人を登録する Import 1,000 subscribers")
    write_subscribers(tour.var / "subscribers.csv")
    _todoke("subscribers", "import", str(tour.var / "subscribers.csv"), *tour.mail_options)
    _step(f"号を送る Send {FIRST}")
    sending = _timed("send", FIRST, *tour.mail_options)
    _step(f"{LEAVER} が一度の操作で配信を止める One reader leaves by one click (RFC 8058)")
    _unsubscribe(tour)
    _step(f"次の号を送る Send {SECOND}")
    sending += _timed("send", SECOND, *tour.mail_options)
    _todoke("who-missed", SECOND, "--config", str(tour.var / "mailer.toml"))
    return _summary(tour, seconds, sending)


def _import_feed(content: Path, tour: Tour) -> None:
    """Import from a server on loopback: eight entries are there already, two are new."""
    with _feed_server(Path(__file__).parent / "data") as port:
        url = f"kokoropress=http://127.0.0.1:{port}/kokoropress-new.xml"
        state = str(tour.var / "feeds.json")
        _todoke("feeds", "update", "--content", str(content), "--state", state, "--allow-loopback", "--url", url, "--now", NOW)


def _unsubscribe(tour: Tour) -> None:
    """Do what a mail program does on the reader's click: POST to the address in the header."""
    letter = tour.inbox.find(to=LEAVER)
    link = re.search(r"<(https?://[^>]+)>", letter.header("List-Unsubscribe")) if letter else None
    if link is None:
        raise StepFailed(f"no mail with an unsubscribe link reached {LEAVER}")
    request = urllib.request.Request(link[1], data=b"List-Unsubscribe=One-Click", method="POST")  # noqa: S310 - our own server's address
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        out.print(f"POST {link[1][:60]}… → {answer.status}", markup=False)


def _summary(tour: Tour, building: float, sending: float) -> Table:
    expected = SUBSCRIBERS + SUBSCRIBERS - 1
    delivered = len(tour.inbox.names())
    if delivered != expected:
        raise StepFailed(f"{delivered} messages arrived, {expected} were due")
    if (late := tour.inbox.find(to=LEAVER)) is None or "46" in late.header("Archived-At"):
        raise StepFailed(f"{LEAVER} did not get the first issue alone")
    pages = sum(1 for _ in (tour.output / "site").rglob("*.html"))
    table = Table(title="まとめ Summary", show_header=False)
    table.add_row("ページ Pages", f"{pages:,}（{building:.1f} s）")
    table.add_row("届いたメール Messages accepted", f"{delivered:,} = {SUBSCRIBERS:,} + {SUBSCRIBERS - 1:,}")
    table.add_row("速さ Messages per second", f"{delivered / sending:,.0f}")
    table.add_row("送らなかった人 Left out", f"{LEAVER}: 本人が配信を止めたため unsubscribed by one click")
    return table


def _signpost(tour: Tour) -> None:
    out.print(f"サイト Site:   {tour.output / 'site' / 'index.html'}   {tour.site}/")
    out.print(f"受信箱 Inbox:  {tour.var / 'inbox'}   {tour.site}/inbox/")


def _wait_for_interrupt() -> None:
    out.print("表示しています。止めるには Ctrl-C Serving; Ctrl-C ends it.", style="bold")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        out.print("")


def _clean(var: Path) -> None:
    """Remove what the last tour left. Only our own folder, known by its settings, is ever removed."""
    if var.exists():
        shutil.rmtree(var)
    var.mkdir(parents=True)


def _step(title: str) -> None:
    out.print(f"\n{title}", style="bold")


def _todoke(*arguments: str) -> None:
    out.print(f"$ todoke {' '.join(arguments)}", style="dim", markup=False)
    done = subprocess.run([sys.executable, "-m", "todoke", *arguments], check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise StepFailed(f"todoke {arguments[0]} ended with {done.returncode}")


def _timed(*arguments: str) -> float:
    start = time.perf_counter()
    _todoke(*arguments)
    return time.perf_counter() - start


@contextmanager
def _receiver(maildir: Path) -> Iterator[int]:
    """Run aiosmtpd, which files what it accepts as a Maildir; yield its port."""
    port = _free_port()
    arguments = ["-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Mailbox", str(maildir)]
    with _process(arguments, port):
        yield port


@contextmanager
def _stage(settings: Path, tour: Tour) -> Iterator[None]:
    with _process(["-m", "demo.stage", str(settings), str(tour.output), str(tour.port)], tour.port):
        yield


@contextmanager
def _process(arguments: list[str], port: int) -> Iterator[None]:
    """Run a Python process for as long as it is needed; begin when it listens."""
    process = subprocess.Popen([sys.executable, *arguments])  # noqa: S603 - our own module
    try:
        _wait_until_listening(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise StepFailed(f"nothing listens on port {port}: {' '.join(map(str, process.args if isinstance(process.args, list) else []))}")


@contextmanager
def _feed_server(folder: Path) -> Iterator[int]:
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _refuse_busy_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StepFailed(f"port {port} is taken. Choose another: make demo PORT=8010") from error
