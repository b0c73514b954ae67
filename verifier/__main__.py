"""``python -m verifier --root FILE URL…``: say what differs; status 1 for findings, 2 if nothing could be judged."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import SystemRandom
from urllib.parse import urlsplit

from verifier.fetch import Fetcher
from verifier.model import Config, Finding, Mirror, plain
from verifier.watch import Watch

EX_FINDINGS, EX_BLIND, EX_USAGE = 1, 2, 64


def watch_mirrors(config: Config, begin: Callable[[Watch], Callable[[list[Finding]], bool | None]], *, is_once: bool) -> int:
    """Look until it is interrupted, or once at every file; return the exit status.

    ``begin`` returns what is called with the events of each look; while that returns True there is one more.
    """
    with ThreadPoolExecutor(8) as files, ThreadPoolExecutor(16) as views:
        watch = Watch(config, Fetcher(config.timeout, config.agents), time.time, SystemRandom(), (files.map, views.map), is_once=is_once)
        tell = begin(watch)
        while tell(watch.tick()) or not is_once or watch.doubts():
            time.sleep(config.again if is_once else watch.wait())
    return EX_FINDINGS if watch.findings() else 0 if any(view.release.number for view in watch.views) else EX_BLIND


def show(events: list[Finding]) -> None:
    """Print what was found."""
    for event in events:
        words = f"{'OVER' if event.is_over else 'FOUND'} [{event.kind}] {event.mirror} {event.family} {event.subject}: {event.words}"
        print(plain(words), flush=True)


def main(words: list[str] | None = None) -> int:
    """Read the command line, and look."""
    parser = argparse.ArgumentParser("verifier", description="Compares published mirrors with what was signed. 公開先を外から確かめます")
    parser.add_argument("urls", nargs="+", help="mirrors 公開先の番地")
    parser.add_argument("--root", default="", help="TUF root file that is trusted 信頼する親の鍵のファイル")
    parser.add_argument("--public-key", default="", help="public key of minisign that is trusted 信頼する公開鍵")
    parser.add_argument("--folder", default="var/verifier", help="keeps what was seen 見たものの記録")
    parser.add_argument("--once", action="store_true", help="look at every file once, and end 一度だけすべて確かめる")
    given = parser.parse_args(words)
    mirrors = tuple(Mirror(url.rstrip("/"), urlsplit(url).netloc) for url in dict.fromkeys(given.urls))
    try:
        config = Config(mirrors, given.root, given.public_key, given.folder)
        return watch_mirrors(config, lambda _: show, is_once=given.once)
    except (OSError, ValueError) as error:
        print(f"--root, --public-key, --folder: {error}", file=sys.stderr)
        return EX_USAGE
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
