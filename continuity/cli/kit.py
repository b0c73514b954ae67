"""What `todoke snapshot --kit` prints, and its bar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from continuity.installation import find_installation
from continuity.kit import folder as kit_folder
from continuity.settings import ContinuitySettings

WHAT = {"packages": "packages パッケージ", "site": "site サイト", "sync": "waiting for the disk ディスクの書き込み待ち"}


def write(
    config: Path, settings: ContinuitySettings, target: Path, snapshots: Sequence[Path], moment: dt.datetime, *, dry_run: bool
) -> None:
    """Write a kit, or say what it would take. Raises `ContinuityError`."""
    installation = find_installation(config, settings)
    with kit_folder.locked(settings), _bar() as step:
        step("packages", 0, 0)
        planned = kit_folder.plan(settings, installation, snapshots, moment)
        if dry_run:
            needed = kit_folder.require_place(target, planned)
            typer.echo(f"{target}: a kit would take {needed:,} bytes at most. 試しです。何も書いていません")
            return
        kit = kit_folder.write(target, planned, installation, settings, step)
    typer.echo(f"{kit}: {len(planned.files) + len(planned.texts):,} files and the site. 持ち出し用を書きました")
    typer.echo(f"Print {kit / kit_folder.SHEET}, and keep it with the private key. 印刷して、秘密鍵と一緒に保管してください")
    if planned.site is None:
        typer.echo("Nothing has been released so far: no site is in it. 公開版がないため、サイトは入っていません", err=True)
    if not settings.people:
        typer.echo("continuity.toml names nobody to call ([[people]]): the page has empty lines. 電話する人が設定にありません", err=True)


@contextmanager
def _bar() -> Iterator[kit_folder.Step]:
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("kit", total=None)

        def step(what: str, done: int, total: int) -> None:
            bar.update(task, description=WHAT.get(what, what), completed=done, total=total or None)

        yield step
