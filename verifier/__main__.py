"""``python -m verifier CONFIG [--once] [--serve PORT]``."""

from __future__ import annotations

import argparse
import functools
import sys
from pathlib import Path

from verifier.alarm import run_command
from verifier.config import check, load_config
from verifier.model import VerifierError
from verifier.run import run, serve


def main(words: list[str] | None = None) -> int:
    """Read the command line, and watch."""
    parser = argparse.ArgumentParser(
        "verifier", description="Compares published mirrors with what was signed. 公開先が署名どおりかを外から確かめます"
    )
    parser.add_argument("config", type=Path, help="settings in TOML 設定ファイル")
    parser.add_argument(
        "--once", action="store_true", help="look at every file once; status 1: findings, 2: nothing could be judged 一度だけ確かめる"
    )
    parser.add_argument("--serve", type=int, metavar="PORT", help="show the status page on 127.0.0.1 状態のページを見せる")
    given = parser.parse_args(words)
    try:
        config = check(load_config(given.config))
        if given.serve:
            serve(Path(config.folder, "status"), given.serve)
        command = run_command(config.restore_command) if config.restore and config.restore_command else None
        return run(config, functools.partial(print, flush=True), is_once=given.once, restore=command)
    except VerifierError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 64
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    raise SystemExit(main())
