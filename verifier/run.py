"""Watches until it is interrupted, or looks once at every file."""

from __future__ import annotations

import argparse
import functools
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from verifier.alarm import Alarm, Released, Restore, run_command
from verifier.config import Config, check, load_config
from verifier.fetch import Fetcher
from verifier.model import VerifierError
from verifier.status import write_status
from verifier.watch import Watch

EX_FINDINGS, EX_BLIND, EX_USAGE = 1, 2, 64
AT_ONCE = 8
"""Requests to one mirror that are on their way at once."""


def run(
    config: Config, say: Callable[[str], None], *, is_once: bool, restore: Restore | None = None, released: Released = lambda _: None
) -> int:
    """Watch until it is interrupted, or look once at every file. Return the exit status: 0 as released, 1 findings, 2 nothing could be judged."""
    if restore is None and config.restore and config.restore_command:
        restore = functools.partial(run_command, config.restore_command)
    fetch = Fetcher(config.timeout, config.agents)
    with ThreadPoolExecutor(16) as views, ThreadPoolExecutor(AT_ONCE) as files:
        watch = Watch(config, fetch, time.time, random.SystemRandom(), files.map, views.map, is_patient=not is_once)
        alarm = Alarm(config, watch, restore, released)
        while True:
            for words in alarm.handle(watch.tick()):
                say(words)
            try:
                write_status(watch, Path(config.folder, "status"))
            except OSError as error:
                say(f"{error.filename}: {error.strerror} / 状態のページを書けません")
            if is_once and not watch.doubts() and not alarm.has_mended:
                break
            time.sleep(config.again if is_once else watch.wait())
    if watch.findings():
        return EX_FINDINGS
    return 0 if any(view.release.number for view in watch.views) else EX_BLIND


def main(words: list[str] | None = None) -> int:
    """``python -m verifier CONFIG [--once]``: read the command line, and watch."""
    parser = argparse.ArgumentParser("verifier", description="Compares published mirrors with what was signed. 公開先を外から確かめます")
    parser.add_argument("config", type=Path, help="settings in TOML 設定ファイル")
    parser.add_argument("--once", action="store_true", help="look once; status 1: findings, 2: nothing could be judged 一度だけ確かめる")
    given = parser.parse_args(words)
    try:
        return run(check(load_config(given.config)), functools.partial(print, flush=True), is_once=given.once)
    except VerifierError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return EX_USAGE
    except KeyboardInterrupt:
        return 0
