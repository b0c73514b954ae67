"""`todoke portable`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.runtime import CONFIG, ConfigPath, bring, errors_on_one_line, load
from publisher.model.errors import PublisherError
from publisher.targets.mirrors import portable as portable_target

DEADLINE = 3600.0
"""Seconds. A stick may be slow, and somebody stands beside it."""


def portable(
    folder: Annotated[Path, typer.Argument(help="A folder that is there already, for example of a USB stick. 媒体のフォルダー")],
    config: ConfigPath = CONFIG,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written. 何を書くかだけを示す")] = False,
) -> None:
    """Write the newest release into a folder to carry away: pages open without a web server. 持ち運び用の写しを作る

    Emergency pages are written first. A copy that was cut goes on where it was. Exit status 3: the copy is not complete.
    """
    with errors_on_one_line():
        settings, store = load(config)
        newest = store.newest()
        if newest is None:
            raise PublisherError("nothing has been released so far: todoke release / まだ公開版がありません")
        signed = replace(newest, proof=store.proof(newest))
        target = portable_target(settings, folder)
        if dry_run:
            needed = target.require_names_and_space(signed)
            typer.echo(
                f"release {signed.release.number}: {len(signed.release.files)} files, {needed:,} bytes to {folder}. 試しです。何も書いていません"
            )
            return
        bring({"portable": (target, DEADLINE)}, store, signed)
