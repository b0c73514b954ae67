"""Watches until it is interrupted, or looks once at every file."""

from __future__ import annotations

import functools
import http.server
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from verifier.alarm import Alarm, Restore
from verifier.config import Config
from verifier.fetch import Fetcher
from verifier.status import write_status
from verifier.watch import Watch

EX_FINDINGS, EX_BLIND = 1, 2
AT_ONCE = 8
"""Requests to one mirror that are on their way at once."""


def run(
    config: Config,
    say: Callable[[str], None],
    *,
    is_once: bool,
    restore: Restore | None = None,
    approved: Callable[[str], bytes | None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Watch until it is interrupted, or look once at every file. Return the exit status: 0 as released, 1 findings, 2 nothing could be judged."""
    fetch = Fetcher(config.timeout, config.agents, config.ca_file)
    with ThreadPoolExecutor(16) as views, ThreadPoolExecutor(AT_ONCE) as files:
        watch = Watch(config, fetch, time.time, random.SystemRandom(), files.map, views.map, is_patient=not is_once)
        alarm = Alarm(config, watch, restore, approved)
        while True:
            for words in alarm.handle(watch.tick()):
                say(words)
            try:
                write_status(watch, Path(config.folder, "status"))
            except OSError as error:
                say(f"{error.filename}: {error.strerror} / 状態のページを書けません")
            if is_once and not watch.doubts() and not alarm.has_mended:
                break
            sleep(config.again if is_once else watch.wait())
    if watch.findings():
        return EX_FINDINGS
    return 0 if any(view.trust.release for view in watch.views) else EX_BLIND


def serve(folder: Path, port: int) -> None:
    """Show the status page and the metrics on this machine alone."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    threading.Thread(target=http.server.ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever, daemon=True).start()
