"""`todoke restore`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from continuity.cli.runtime import Identity, errors_on_one_line, now
from continuity.model import ContinuityError
from continuity.restoring import Restored, read_identities
from continuity.restoring import restore as restore_newest


def restore(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Snapshots, or folders with some: the newest whole one is taken. 控え")
    ],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="A new folder, or an empty one. 戻す場所")],
    identity: Identity = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Unpack and compare, and leave nothing. 確かめるだけ")] = False,
) -> None:
    """Put an installation together from a snapshot, on a machine that has only this program. 控えから戻す

    For a snapshot of PostgreSQL the environment's TODOKE_DATABASE names an empty database. The restored site is silent: it sends nothing until
    `todoke take-over`.
    """
    with errors_on_one_line():
        if identity is None:
            raise ContinuityError("--identity FILE is needed: the private key that opens the snapshot / 秘密鍵のファイルを指定してください")
        keys = read_identities(identity)
        restored = restore_newest(files, into, keys, url=os.environ.get("TODOKE_DATABASE", ""), dry_run=dry_run)
        for words in restored.damaged:
            typer.echo(f"not whole, left aside: {' '.join(words.split())} 使えない控え", err=True)
        _print(restored, dry_run=dry_run)


def _print(restored: Restored, *, dry_run: bool) -> None:
    index = restored.index
    hours = (now() - index.name.time).total_seconds() / 3600
    typer.echo(f"{index.name}: of {index.name.time:%Y-%m-%d %H:%M} UTC, {hours:.1f} hours old; {len(index.files):,} files are as they were")
    if dry_run:
        typer.echo("Nothing was written: this was a dry run. 試しです。何も書いていません")
        return
    typer.echo(f"restored into {restored.folder}. 戻しました")
    if restored.serving is not None:
        typer.echo(f"1. Let a web server serve {restored.serving}. このフォルダーを公開します")
    typer.echo("2. Bring what is not in a snapshot 控えにないもの:")
    for words in index.left_out:
        typer.echo(f"   - {words}")
    typer.echo("3. todoke take-over, there: this site sends nothing before. 引き継ぐまで何も送りません")
