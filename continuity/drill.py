"""A drill: the newest snapshot is restored elsewhere, the site served and compared, an issue sent to a sink, everything measured and taken down again.

Nothing leaves this machine: the relay of the restored settings is a sink on loopback, and the right to send is taken in a folder of the drill.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import tomlkit
from aiosmtpd.controller import Controller

from continuity import database
from continuity.archive import digest, remove_folder
from continuity.drill_report import CHECKS, Check, DrillReport
from continuity.model import ContinuityError, SnapshotName
from continuity.restoring import Restored, restore, site_files
from continuity.settings import ContinuitySettings
from continuity.snapshots import FOLDER
from storage.connect import connect
from storage.model import StorageError
from storage.settings import LocalStorage, S3Storage, SshStorage

OLDEST = dt.timedelta(days=1)
LONGEST = 300.0
"""Seconds for everything."""
READERS = 1000
"""At most so many readers of an issue that was sent to its end are sent it again, to the sink."""
COMMAND_SECONDS = 900.0
NEWEST_FEW = 3


class Drill:
    """One drill in ``folder``, which is removed by whoever made it."""

    def __init__(self, folder: Path, identities: Sequence[str], url: str, clock: Callable[[], dt.datetime]) -> None:
        self._folder, self._identities, self._url, self._clock = folder, identities, url, clock
        self._checks: list[Check] = []
        self._seconds: dict[str, float] = {}
        self._moment = clock()

    def run(self, settings: ContinuitySettings, files: Sequence[Path]) -> DrillReport:
        """Go through the checklist as far as it goes. What cannot be tried any more is in the report, too."""
        restored: Restored | None = None
        try:
            with self._timed("fetch"):
                fetched = list(files) or self._fetch(settings)
            with self._timed("restore"):
                restored = restore(fetched, self._folder / "restored", self._identities, url=self._url)
            self._judge(restored)
            with self._timed("site"):
                self._serve(restored)
            with self._timed("sending"):
                self._send(restored)
        except (ContinuityError, OSError, subprocess.TimeoutExpired) as error:
            self._add(next(key for key in CHECKS if key not in {check.key for check in self._checks}), False, " ".join(str(error).split()))
        total = sum(self._seconds.values())
        tried = {check.key for check in self._checks}
        self._checks += [Check(key, None, "not tried 試せませんでした") for key in CHECKS if key not in tried and key != "time"]
        self._add("time", total <= LONGEST, f"{total:.1f} s")
        name = str(restored.index.name) if restored is not None else ""
        return DrillReport(self._moment, name, tuple(self._checks), self._seconds)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._seconds[step] = time.monotonic() - began

    def _add(self, key: str, passed: bool, words: str) -> None:
        self._checks.append(Check(key, passed, words.replace("|", "/")))

    def _fetch(self, settings: ContinuitySettings) -> list[Path]:
        """Fetch the newest few snapshots, and what they build on, from the first storage that has some."""
        troubles: list[str] = []
        for each in settings.targets:
            try:
                if paths := asyncio.run(_download(each, self._folder)):
                    self._add("outside", True, f"{each.name}: {len(paths)} fetched")
                    return paths
                troubles.append(f"{each.name}: there is none / 控えがありません")
            except StorageError as error:
                troubles.append(str(error))
        raise ContinuityError("; ".join(troubles) or "continuity.toml names no target / 建物の外に控えがありません")

    def _judge(self, restored: Restored) -> None:
        index = restored.index
        if not any(check.key == "outside" for check in self._checks):
            self._add("outside", True, "files were given ファイルを指定")
        damaged = "; ".join(restored.damaged)
        self._add("whole", not restored.damaged, damaged or f"{len(index.files):,} files are as they were")
        age = self._moment - index.name.time
        self._add("young", age <= OLDEST, f"{age.total_seconds() / 3600:.1f} h")

    def _serve(self, restored: Restored) -> None:
        if restored.serving is None:
            self._add("site", False, "no release is in the snapshot 公開版が入っていません")
            return
        wrong, number = [], 0
        with _served(restored.serving) as address:
            for path, source in site_files(restored.folder / "var" / "releases"):
                number += 1
                with urllib.request.urlopen(f"{address}/{urllib.parse.quote(path)}", timeout=30) as answer:  # noqa: S310 - our own server
                    if hashlib.sha256(answer.read()).hexdigest() != digest(source):
                        wrong.append(path)
        self._add("site", not wrong, f"{number:,} files fetched" + (f"; other than released: {', '.join(wrong[:5])}" if wrong else ""))

    def _send(self, restored: Restored) -> None:
        place = self._url or restored.folder / "var" / "todoke.db"
        rows = database.count(place)
        same = all(rows.get(table) == number for table, number in restored.index.rows.items()) or bool(self._url)
        self._add("readers", same, ", ".join(f"{table} {number:,}" for table, number in rows.items()))
        with _sink() as (port, received):
            _redirect(restored.folder, port, self._folder / "right")
            issue = _choose_issue(place, restored.folder / "var")
            if issue is None:
                self._add("silent", True, "no issue in it: nothing to be sent 号がありません")
                self._add("sending", True, "no issue in it 号がありません")
                return
            before = _todoke(restored.folder, "send", issue)
            self._add("silent", before.returncode != 0 and not received, f"`todoke send` ended with status {before.returncode}")
            taken = _todoke(restored.folder, "take-over", "--fence", "1")
            sent = _todoke(restored.folder, "send", issue)
            twice = sum(count > 1 for count in received.values())
            words = f"{issue}: {sum(received.values()):,} messages, {twice} readers with two"
            failure = "" if taken.returncode == 0 and received else f"; {' '.join((taken.stderr + sent.stderr).split())[:400]}"
            self._add("sending", not failure and not twice, words + failure)


async def _download(settings: LocalStorage | SshStorage | S3Storage, folder: Path) -> list[Path]:
    storage = connect(settings)
    try:
        there = {name: text for text in await storage.names(FOLDER) if (name := SnapshotName.parse(text)) is not None}
        newest = sorted(there)[-NEWEST_FEW:]
        wanted = {*newest, *(SnapshotName(name.base) for name in newest if name.base)}
        for name in sorted(wanted & there.keys()):
            await storage.download(f"{FOLDER}/{name}", folder / str(name))
        return [folder / str(name) for name in sorted(wanted & there.keys())]
    finally:
        await storage.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Sink:
    """Takes every message, and counts them by recipient. None is kept."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Count a message."""
        self.received.update(envelope.rcpt_tos)
        return "250 drilled"


@contextmanager
def _sink() -> Iterator[tuple[int, Counter[str]]]:
    sink = _Sink()
    with socket.socket() as probe:  # the library wants to know its port before it begins
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(sink, hostname="127.0.0.1", port=port, data_size_limit=50_000_000)
    controller.start()
    try:
        yield port, sink.received
    finally:
        controller.stop()


def _redirect(home: Path, port: int, right: Path) -> None:
    """Let the restored settings send to the sink, whatever they say, and keep the right in a folder of the drill."""
    document = tomlkit.parse((home / "mailer.toml").read_text("utf-8"))
    for name in ("relay", "relays", "queues", "lanes", "dkim", "approval", "authentication", "max_age", "operator"):
        document.pop(name, None)
    document["relay"] = {"host": "127.0.0.1", "port": port, "tls": "none", "connections": 4, "timeout": 30}
    document["authentication"] = {"sending": "off"}
    document["max_age"] = {"newsletter": 8760, "emergency": 8760}
    (home / "mailer.toml").write_text(tomlkit.dumps(document), "utf-8")
    right.mkdir()
    table = {"right": [{"name": "drill", "kind": "local", "folder": str(right)}]}
    (home / "continuity.toml").write_text(tomlkit.dumps(table), "utf-8")


def _choose_issue(place: Path | str, var: Path) -> str | None:
    """Return an issue that is under way; without one, the newest is made so, for the first readers, in the restored copy."""
    pending = "EXISTS (SELECT 1 FROM delivery WHERE issue_id = issue.id AND state IN ('pending', 'deferred', 'claimed'))"
    newest = f"SELECT id, list || '/' || number FROM issue WHERE status = 'sending' ORDER BY {pending} DESC, frozen_at DESC LIMIT 1"  # noqa: S608 - words of our own
    lines = database.ask(place, newest)
    if not lines:
        return None
    number, issue = lines[0]
    under_way = f"SELECT 1 FROM delivery WHERE issue_id = {int(number)} AND state IN ('pending', 'deferred', 'claimed') LIMIT 1"  # noqa: S608 - a number
    if not database.ask(place, under_way):
        _begin_again(place, int(number))
        for state in var.glob("*.state"):  # its journals know that the readers have got the issue, and a take-over would say so
            remove_folder(state)
    return issue


def _begin_again(place: Path | str, issue: int) -> None:
    """Put the first readers of an issue that was sent to its end before it again. Deliveries never step back, so they are new ones."""
    first = f"issue_id = {issue} AND state = 'sent' ORDER BY subscriber_id LIMIT {READERS}"
    again = "issue_id, subscriber_id, address, state, attempts, text, changed_at, queue"
    for statement in (
        f"CREATE TABLE drilled AS SELECT subscriber_id, address, changed_at, queue FROM delivery WHERE {first}",  # noqa: S608 - numbers
        f"DELETE FROM delivery WHERE issue_id = {issue} AND subscriber_id IN (SELECT subscriber_id FROM drilled)",  # noqa: S608
        f"INSERT INTO delivery ({again}) SELECT {issue}, subscriber_id, address, 'pending', 0, '', changed_at, queue FROM drilled",  # noqa: S608
        "DROP TABLE drilled",
    ):
        database.ask(place, statement)


def _todoke(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of this program in the restored installation. Without the real key the links in the messages open nothing, which nobody sees."""
    code = str(Path(__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": code, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    environment.setdefault("TODOKE_SECRET", secrets.token_urlsafe(48))
    command = [sys.executable, "-P", "-m", "todoke", *words]
    return subprocess.run(  # noqa: S603 - fixed words
        command, cwd=home, capture_output=True, text=True, check=False, env=environment, timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL
    )
