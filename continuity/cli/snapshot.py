"""`todoke snapshot`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from continuity import database, snapshots
from continuity.cli import kit as kit_command
from continuity.cli.runtime import CONFIG, EX_STORAGES, ConfigPath, Identity, errors_on_one_line, now
from continuity.gather import gather
from continuity.installation import find_installation
from continuity.model import ContinuityError, SnapshotName
from continuity.restoring import candidates, read_identities, restore
from continuity.settings import ContinuitySettings, load_settings


def snapshot(
    config: ConfigPath = CONFIG,
    full: Annotated[bool, typer.Option("--full", help="Write everything, also what an earlier snapshot has. すべてを書く")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Restore the newest snapshot elsewhere and compare. 戻して確かめる")] = False,
    identity: Identity = None,
    kit: Annotated[
        Path | None,
        typer.Option(
            "--kit",
            metavar="FOLDER",
            help="Make one, and write it into a folder of an external disk, with the site, the program and a page to print. 持ち出し用のディスク",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be in it; write nothing. 何が入るかだけを示す")] = False,
) -> None:
    """Write everything that is needed to go on elsewhere into one encrypted file, and bring it to every storage. 控えを取る

    With --verify none is made: the newest one here is restored into a temporary place, and every file and the database are compared; for PostgreSQL in
    the empty database that TODOKE_DATABASE names, which is empty again afterwards. Exit status 3: a
    storage does not have the snapshot.
    """
    with errors_on_one_line():
        settings = load_settings(config)
        if verify:
            _verify(settings, identity)
        elif dry_run and kit is not None:
            held = _newest(settings) if snapshots.local_snapshots(settings.snapshot.folder) else []
            kit_command.write(config, settings, kit, held, now(), dry_run=True)
        elif dry_run:
            _show(config, settings)
        else:
            _make(config, settings, full=full, kit=kit)


def _make(config: Path, settings: ContinuitySettings, *, full: bool, kit: Path | None) -> None:
    if kit is not None and not kit.is_dir():  # before minutes of work
        raise ContinuityError(f"{kit}: there is no such folder; is the disk in? / ディスクがつながっていますか")
    made = snapshots.make(config, settings, now(), full=full)
    here = sum(file.is_here for file in made.index.files.values())
    typer.echo(f"{made.file}: {made.length:,} bytes, {len(made.index.files):,} files, {here:,} of them new. 控えを取りました")
    for name, failure in made.failures.items():
        typer.echo(f"{name}: {f'FAILED. {failure}' if failure else 'has it. 届きました'}", err=bool(failure))
    if kit is not None:
        kit_command.write(config, settings, kit, _newest(settings), now(), dry_run=False)
    elif not made.failures:
        typer.echo("continuity.toml names no target: the snapshot is in this building only. 建物の外に控えがありません", err=True)
    if any(made.failures.values()):
        raise typer.Exit(EX_STORAGES)


def _show(config: Path, settings: ContinuitySettings) -> None:
    with tempfile.TemporaryDirectory(prefix="todoke-") as folder:
        gathered = gather(find_installation(config, settings), Path(folder))
        for path, file in sorted(gathered.files.items()):
            if not path.startswith("release/objects/"):
                typer.echo(f"{file.length:>14,}  {path}")
        length = sum(file.length for file in gathered.files.values())
    typer.echo(f"{length:>14,}  in {len(gathered.files):,} files. 試しです。何も書いていません")


def _newest(settings: ContinuitySettings) -> list[Path]:
    """Return the newest snapshot here, and the one that it builds on."""
    name, file = candidates([settings.snapshot.folder])[0]
    return [file, *([file.with_name(str(SnapshotName(name.base)))] if name.base else [])]


def _verify(settings: ContinuitySettings, identity: Path | None) -> None:
    if identity is None:
        raise ContinuityError("--verify needs --identity FILE: this machine has no private key / 秘密鍵のファイルを指定してください")
    folder = settings.snapshot.folder
    file, *base = _newest(settings)
    folder.mkdir(parents=True, exist_ok=True)
    url = os.environ.get("TODOKE_DATABASE", "")
    with tempfile.TemporaryDirectory(prefix=".verify-", dir=folder) as place:
        restored = restore([file, *base], Path(place) / "restored", read_identities(identity), url=url, dry_run=not url)
    rows = ", ".join(f"{table} {number:,}" for table, number in restored.index.rows.items())
    if restored.index.database == database.DUMP:
        if url:
            database.empty_postgres(url)
        else:
            rows = "were not compared: TODOKE_DATABASE names no empty database to restore them into 行は確かめていません"
    typer.echo(f"{file.name}: whole; {len(restored.index.files):,} files are as they were; rows: {rows}. 元どおりに戻せます")
