"""Watches until it is interrupted, or looks once at every file, and does all that follows."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable
from pathlib import Path

from alarm.alarm import Alarm, Released, Restore, run_command
from alarm.domains import Domains
from alarm.memory import Memory
from alarm.settings import Settings, check, load_settings
from alarm.status import write_status
from alarm.words import VerifierError
from verifier.__main__ import EX_USAGE, watch_mirrors
from verifier.fetch import Fetcher
from verifier.model import Finding
from verifier.watch import Watch


def run(
    settings: Settings, say: Callable[[str], None], *, is_once: bool, restore: Restore | None = None, released: Released = lambda _: None
) -> int:
    """Watch and tell. Return the exit status: 0 as released, 1 findings, 2 nothing could be judged."""
    if restore is None and settings.restore and settings.restore_command:
        restore = functools.partial(run_command, settings.restore_command)
    domains = Domains(settings, Fetcher(settings.timeout, settings.agents))

    def begin(watch: Watch) -> Callable[[list[Finding]], bool]:
        alarm, memory = Alarm(settings, watch, restore, released), Memory(settings.folder, watch)

        def notify(events: list[Finding]) -> bool:
            events += domains.tick(watch)
            if events:
                memory.keep(events)
            for words in alarm.handle(events):
                say(words)
            try:
                write_status(watch, memory.history, Path(settings.folder, "status"))
            except OSError as error:
                say(f"{error.filename}: {error.strerror} / 状態のページを書けません")
            return alarm.has_mended

        return notify

    return watch_mirrors(settings, begin, is_once=is_once)


def main(words: list[str] | None = None) -> int:
    """``python -m alarm SETTINGS [--once]``: read the command line, and watch."""
    parser = argparse.ArgumentParser("alarm", description="Watches published mirrors and tells what is wrong. 公開先を見張って知らせます")
    parser.add_argument("settings", type=Path, help="settings in TOML 設定ファイル")
    parser.add_argument("--once", action="store_true", help="look once; status 1: findings, 2: nothing could be judged 一度だけ確かめる")
    given = parser.parse_args(words)
    try:
        return run(check(load_settings(given.settings)), functools.partial(print, flush=True), is_once=given.once)
    except (VerifierError, OSError, ValueError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return EX_USAGE
    except KeyboardInterrupt:
        return 0
