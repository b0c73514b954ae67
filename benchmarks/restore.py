"""`make bench-restore`: seconds from a snapshot's file to a site that is served, and to an issue that goes on where it was, on SQLite and on PostgreSQL.

A site of ``--articles`` articles is built and released; ``--readers`` readers are to get an issue of 40 kB. While it is being sent, a snapshot is made, and
sending goes on; then the sender is killed: the building is lost. The clock starts at `todoke restore` on an empty folder:

- ``serving_s``: a web server on the restored folder answers with the right front page, and the readers are in the database;
- ``sending_s``: `todoke take-over` and `todoke send` there have brought the first message to a receiver.

After ``--more`` messages the second site is stopped, and the ledger is compared with what was received: ``doubles`` are readers who got two messages, or got
one and stand as still to be sent one; ``lost`` are readers who stand as sent and got nothing. ``unknown`` are listed by `todoke who-missed`, and are neither.

Beside it, in the same run: the database by `pg_restore` or a copy of the file, and a copy of the site's files, from files that are neither encrypted nor
compared (``plain_s``). The figures without a database's name are the slower database's. The last line is JSON.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import sqlalchemy as sa

from benchmarks.build import fill_cache, measure, temporary_folder
from benchmarks.builders import python_environment, todoke
from benchmarks.corpus import write_corpus
from benchmarks.mailing import engine
from benchmarks.mailing.recorder import Recorder
from continuity.restoring import site_files
from mailer.config.file import load_config
from mailer.database.deliveries import issues
from mailer.database.engine import create_database, open_database
from publisher.release.keys import new_key
from publisher.release.make import draft, make
from publisher.release.store import ReleaseStore
from publisher.release.tuf_metadata import ROOT, SigningKeys, new_root
from tests.samples.continuity.two_buildings import new_key as new_age_key
from tests.samples.continuity.two_buildings import write_content
from tests.samples.mail.databases import make_on_server
from tests.samples.mail.mail_bundles import SEAL, SECRET
from tests.servers.postgres import cluster

MOMENT = dt.datetime(2026, 11, 28, 9, 0, tzinfo=dt.UTC)
REF = str(engine.REF)
DATABASES = ("sqlite", "postgresql")
SECONDS = 2.0
"""Between two looks whether a sender lives."""


class Quiet(SimpleHTTPRequestHandler):
    """Writes no log."""

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@dataclass
class Site:
    """An installation and its commands. ``peak`` is the most memory of any of them, in megabytes."""

    home: Path
    url: str = ""
    peak: float = field(default=0.0)

    def run(self, *words: str) -> None:
        """Run a command. Ends the program if it failed."""
        process = self.start(*words)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.peak = max(self.peak, used.ru_maxrss / 1024)
        if process.returncode:
            raise SystemExit(f"todoke {' '.join(words)}: status {process.returncode}")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command."""
        environ = python_environment() | {"TODOKE_SECRET": SECRET, "TODOKE_DATABASE": self.url}
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "todoke", *words], cwd=self.home, env=environ, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )

    def send_until(self, recorder: Recorder, number: int, process: subprocess.Popen[bytes]) -> None:
        """Wait until so many messages were taken. Ends the program if the sender has ended before."""
        while not recorder.wait_for(number, SECONDS):
            if process.poll() is not None:
                raise SystemExit(f"todoke send ended with status {process.returncode} after {recorder.total:,} messages")

    def stop(self, process: subprocess.Popen[bytes], number: int) -> None:
        """Stop a command by a signal, and wait."""
        process.send_signal(number)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.peak = max(self.peak, used.ru_maxrss / 1024)


def release(root: Path, articles: int) -> Path:
    """Build a site and release it. Return the store."""
    with temporary_folder() as cache:
        fill_cache(cache)
        write_corpus(root, articles)
        builder = todoke(root, cache)
        measure(builder)
    keys = SigningKeys(new_key(root / "keys/release.pem"), new_key(root / "keys/timestamp.pem"))
    store = ReleaseStore(root / "store")
    store.keep_metadata({ROOT: new_root([new_key(root / "keys/root.pem")], 1, keys, MOMENT)})
    make(store, builder.output.parent, draft(store, builder.output.parent, MOMENT), keys)
    return root / "store"


def open_first(home: Path, store: Path, port: int, url: str, readers: int) -> Site:
    """Make the first site: it holds the right, and an issue is ready for its readers."""
    home.mkdir()
    (home / "right").mkdir()
    database = f'database = "{url}"\n' if url else ""
    (home / "mailer.toml").write_text(
        'service_url = "https://mail.example.jp"\nmessage_id_domain = "todoke.example.jp"\nreturn_path = "bounce@example.jp"\n'
        f'{database}[relay]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nconnections = 4\ntimeout = 600\n',
        "utf-8",
    )
    (home / "publish.toml").write_text(f'store = "{store}"\n', "utf-8")
    recipient = new_age_key(home.parent / f"{home.name}.key")
    right = f'[[right]]\nname = "disk"\nkind = "local"\nfolder = "{home}/right"\n'
    (home / "continuity.toml").write_text(f'recipients = ["{recipient}"]\n{right}', "utf-8")
    write_content(home, "記事")
    opened = create_database(load_config(home / "mailer.toml").database, SEAL)
    engine.fill(opened, readers)
    issues.freeze(opened, *engine.issue(), dt.datetime.now(dt.UTC))
    opened.close()
    site = Site(home)
    site.run("take-over", "--fence", "1")
    return site


def lose(first: Site, recorder: Recorder, sent: int) -> Path:
    """Send until the building is lost, and return the snapshot that was made meanwhile."""
    before = recorder.total
    recorder.most = before + sent
    process = first.start("send", REF)
    first.send_until(recorder, before + sent // 2, process)
    first.run("snapshot")
    first.send_until(recorder, before + sent, process)
    first.stop(process, signal.SIGKILL)
    recorder.most = None
    (snapshot,) = (first.home / "var" / "snapshots").glob("*.age")
    return snapshot


def plain(first: Site, store: Path, folder: Path, empty: str) -> float:
    """Return the seconds of a restore that compares nothing: `pg_restore` or a copy of the file, and a copy of the site's files."""
    folder.mkdir()
    if first.url:
        host = str(sa.make_url(first.url).query["host"])
        name, target = (str(sa.make_url(url).database) for url in (first.url, empty))
        words = ["-h", host, "-U", "todoke"]
        subprocess.run(["pg_dump", "-Fc", *words, "-f", str(folder / "dump"), name], check=True)
        began = time.perf_counter()
        subprocess.run(["pg_restore", *words, "-d", target, str(folder / "dump")], check=True)
    else:
        began = time.perf_counter()
        shutil.copyfile(first.home / "var" / "todoke.db", folder / "todoke.db")
    for path, source in site_files(store):
        (folder / "site" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / "site" / path)
    return time.perf_counter() - began


def restore(first: Site, snapshot: Path, recorder: Recorder, store: Path, empty: str, more: int) -> dict[str, float]:
    """Restore, serve, take over, go on; return the figures of one database."""
    there = first.home.with_name(f"{first.home.name}-there")
    second = Site(first.home.parent, empty)
    began = time.perf_counter()
    second.run("restore", str(snapshot), "--into", str(there), "--identity", str(first.home.with_suffix(".key")))
    require_served(there / "site", store)
    serving = time.perf_counter() - began
    second.home = there
    second.run("take-over", "--fence", "2")
    before = recorder.total
    process = second.start("send", REF)
    second.send_until(recorder, before + 1, process)
    sending = time.perf_counter() - began
    second.send_until(recorder, before + more, process)
    second.stop(process, signal.SIGTERM)
    return {"serving_s": round(serving, 1), "sending_s": round(sending, 1), "mb": round(second.peak), **compare(there, recorder)}


def require_served(folder: Path, store: Path) -> None:
    """Serve the folder, and ask for the front page. Ends the program if it is not the released one."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/") as answer:
        data = answer.read()
    server.shutdown()
    server.server_close()
    if hashlib.sha256(data).digest() != hashlib.sha256(dict(site_files(store))["index.html"].read_bytes()).digest():
        raise SystemExit("the front page is not the released one")


def compare(home: Path, recorder: Recorder) -> dict[str, int]:
    """Compare the ledger of the second site with what was received."""
    figures = {"lost": 0, "doubles": 0, "unknown": 0, "sent": 0}
    opened = open_database(load_config(home / "mailer.toml").database)
    with opened.reading() as connection:
        for address, state in connection.execute(sa.text("SELECT address, state FROM delivery")):
            number = recorder.received[address]
            figures["lost"] += state == "sent" and not number
            figures["unknown"] += state == "unknown"
            figures["sent"] += state == "sent"
            figures["doubles"] += number > 1 or (number == 1 and state not in ("sent", "unknown"))
    opened.close()
    return figures


def run(options: argparse.Namespace) -> dict[str, float]:
    """Measure both databases, and return the figures."""
    figures: dict[str, Mapping[str, float]] = {}
    with ExitStack() as stack:
        root = stack.enter_context(temporary_folder())
        store = release(root / "publishing", options.articles)
        server = stack.enter_context(cluster())
        for name in options.databases:
            recorder = stack.enter_context(Recorder())
            url, empty, second = (make_on_server(server, each) if name == "postgresql" else "" for each in ("first", "plain", "there"))
            first = open_first(root / name, store, recorder.port, url, options.readers)
            first.url = url
            snapshot = lose(first, recorder, options.sent)
            plain_s = plain(first, store, root / f"{name}-plain", empty)
            figures[name] = restore(first, snapshot, recorder, store, second, options.more) | {
                "plain_s": round(plain_s, 1), "snapshot_bytes": snapshot.stat().st_size,
            }  # fmt: skip
            print(f"{name}: " + ", ".join(f"{key} {value:,}" for key, value in figures[name].items()), flush=True)
    worst = {key: max(each[key] for each in figures.values()) for key in ("serving_s", "sending_s", "lost", "doubles", "unknown", "mb")}
    return worst | {f"{key}_{name}": each[key] for name, each in figures.items() for key in ("serving_s", "sending_s", "plain_s", "mb")}


def main() -> None:
    """Measure, and print the figures as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument(
        "--sent", type=int, default=40_000, help="messages before the building is lost; the snapshot is begun after half of them"
    )
    parser.add_argument("--more", type=int, default=20_000, help="messages of the second site")
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    print(json.dumps(run(parser.parse_args())))


if __name__ == "__main__":
    main()
