"""Mirrors on loopback for the tests of the verifier: releases of `tests.samples.publishing.releases` in folders, which a real nginx serves over IPv4 and IPv6.

``www.example.test`` and ``second.example.test`` are names that only the verifier's resolver here knows; so a name can be made to point elsewhere.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import shutil
import socket
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alarm.settings import Settings, check
from demo.servers import free_port
from publisher.release.store import SignedRelease
from publisher.release.tuf_metadata import FOLDER, TIMESTAMP, renew_timestamp
from publisher.targets import delivery
from publisher.targets.local import LocalFiles
from publisher.targets.tree import TreeTarget
from tests.mailer.web.test_proxies import is_listening
from tests.samples.publishing.releases import Publishing
from verifier.fetch import Fetcher
from verifier.model import Finding, Mirror
from verifier.watch import Watch

WWW, SECOND, ELSEWHERE = "127.0.0.1", "127.0.0.2", "127.0.0.9"
"""The addresses of the two mirrors, and of a server that belongs to somebody else."""


Answer = TypeVar("Answer")


@contextmanager
def nginx(folder: Path, servers: dict[str, Path], port: int, *more: str, tls: bool = False) -> Iterator[None]:
    """Serve one folder for each address on one port. ``more`` are lines for each server."""
    blocks = "".join(
        f"server {{ listen {each}:{port}{' ssl' if tls else ''}; root {root}; {' '.join(more)} }}\n" for each, root in servers.items()
    )
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nuser root;\nevents {{}}\nhttp {{\naccess_log off;\ninclude /etc/nginx/mime.types;\n"
        f"charset utf-8;\n{paths}{blocks}}}\n",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [shutil.which("nginx") or "/usr/sbin/nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    ) as process:
        try:
            while not is_listening(port):
                assert process.poll() is None, (folder / "error.log").read_text()
            yield
        finally:
            process.terminate()


def _wait_for(delivery: Coroutine[Any, Any, Answer]) -> Answer:
    """Run it in a thread: Playwright's own event loop runs in that of the tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, delivery).result()


class Mirrors:
    """A publishing machine, two mirrors of it, and a verifier on a clock that tests move."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self.publishing = Publishing(root)
        self.now = self.publishing.now.timestamp()
        self.names = {"www.example.test": (WWW, "::1"), "second.example.test": (SECOND, "")}
        self.publish()

    def target(self, name: str) -> TreeTarget:
        return TreeTarget(name, LocalFiles(self.root / name))

    def publish(self, *names: str) -> SignedRelease:
        """Make a release of what is there and bring it to the mirrors."""
        self.publishing.now = dt.datetime.fromtimestamp(self.now, dt.UTC) - dt.timedelta(hours=1)  # its own clock moves by an hour
        signed = self.publishing.release()
        targets = {name: (self.target(name), 60.0) for name in names or ("www", "second")}
        for result in _wait_for(delivery.publish(targets, signed, self.publishing.store.object)):
            assert not result.failure
        return signed

    def renew(self, *names: str) -> None:
        """Sign a new timestamp, as the timer does each hour."""
        store = self.publishing.store
        files = store.metadata()
        moment = dt.datetime.fromtimestamp(self.now, dt.UTC)
        files[TIMESTAMP] = renew_timestamp(files, self.publishing.keys.timestamp, moment)
        store.keep_metadata(files)
        for name in names or ("www", "second"):
            _wait_for(self.target(name).renew({FOLDER + TIMESTAMP: files[TIMESTAMP]}))

    def file(self, path: str, name: str = "www") -> Path:
        """The file that readers see."""
        return self.root / name / "current" / path

    def replace(self, path: str, data: bytes, name: str = "www") -> None:
        """Alter a file as an intruder does: in its place, or as a new one."""
        self.file(path, name).parent.mkdir(parents=True, exist_ok=True)
        self.file(path, name).write_bytes(data)

    def resolve(self, host: str, port: int, family: int, kind: int) -> list[Any]:
        """`socket.getaddrinfo` for our names."""
        address = self.names[host][family == socket.AF_INET6]
        return socket.getaddrinfo(address or "no.invalid.", port, family, kind, flags=socket.AI_NUMERICHOST)

    def config(self, *names: str, **settings: Any) -> Settings:
        """Return settings of a verifier that trusts the first root file."""
        mirrors = tuple(Mirror(f"http://{name}.example.test:{self.port}", name) for name in names or ("www",))
        known = {"folder": str(self.root / "verifier"), "root": str(self.root / "store" / "metadata" / "1.root.json"), "timeout": 5.0}
        return check(Settings(**{"mirrors": mirrors, **known, **settings}))

    def watch(self, config: Settings, *, is_once: bool = False) -> Watch:
        """Return a verifier with a real fetcher on our clock."""
        fetcher = Fetcher(config.timeout, config.agents, self.resolve)
        return Watch(config, fetcher, lambda: self.now, random.Random(0), is_once=is_once)

    def run(self, watch: Watch, seconds: float, until: Callable[[list[Finding]], bool] = lambda _: False) -> list[Finding]:
        """Let the clock run for so long, or until something happens; return the events."""
        end, events = self.now + seconds, list[Finding]()
        while self.now <= end:
            events += watch.tick()
            if until(events):
                break
            self.now += watch.wait()
        return events

    def find(self, watch: Watch, seconds: float = 60.0) -> tuple[set[tuple[str, str]], float]:
        """Return the first findings as subject and kind, and after how many seconds they came."""
        started = self.now
        self.run(watch, seconds, until=bool)
        return {(key.subject, key.kind) for key in watch.findings()}, self.now - started


@contextmanager
def mirrors_on_loopback(root: Path, *more: str) -> Iterator[Mirrors]:
    """Serve two mirrors, and a folder ``elsewhere``, until the block ends."""
    port = free_port()
    mirrors = Mirrors(root, port)
    (root / "elsewhere").mkdir()
    served = {
        WWW: root / "www" / "current",
        "[::1]": root / "www" / "current",
        SECOND: root / "second" / "current",
        ELSEWHERE: root / "elsewhere",
    }
    with nginx(root, served, port, *more):
        yield mirrors


def kinds(events: list[Finding]) -> set[str]:
    """Return the kinds of findings that began."""
    return {each.kind for each in events if not each.is_over}
