"""`todoke audit-pack`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.runtime import CONFIG, ConfigPath, errors_on_one_line, load
from publisher.model.errors import PublisherError
from publisher.proof.archive import SUMS, write_zip
from publisher.proof.index_page import index_page, readme
from publisher.proof.pack import Pack, collect, contents
from publisher.release.scan import digest

MADE = ("README.txt", "contents.json", "index.html", SUMS)
"""What is made from the other parts."""


def audit_pack(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="The first day, as 2026-04-01. 始めの日")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="The last day; it belongs to it. 終わりの日（その日を含む）")],
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="The zip that is written. 作るzipファイル")] = None,
    mail_export: Annotated[
        Path | None,
        typer.Option(
            "--mail-export", metavar="FILE", help="Output of `todoke audit-export` of another machine. 配信の機械で書き出した記録"
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be in it. 中身の一覧だけを示す")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a zip that is there. すでにあるzipを置きかえる")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Put everything for an auditor into one zip, without subscribers' addresses. 監査の材料を一つのzipにまとめる

    What is missing in these days is named, in the zip too. The same input gives the same bytes. Exit status 1: nothing was made.
    """
    with errors_on_one_line():
        first, last = _day(since, "--from"), _day(until, "--to")
        if last < first:
            raise PublisherError(f"--to {last} is before --from {first} / 終わりの日が始めの日より前です")
        if not dry_run:
            output = _target(output, overwrite=overwrite)
        settings, store = load(config)
        pack = collect(settings, store, config.resolve().parent, first, last, mail_export)
        for line in pack.missing:
            typer.echo(f"missing ないもの: {line}", err=True)
        for line in pack.notes:
            typer.echo(f"note 注意: {line}", err=True)
        if dry_run or output is None:
            for path in sorted((*pack.parts, *MADE)):
                typer.echo(path)
            typer.echo(f"{len(pack.parts) + len(MADE)} files would be in it. 試しです。何も作っていません")
            return
        length = write_zip(output, _complete(pack), last)
        typer.echo(f"{output}: {len(pack.parts) + 1} files, {length:,} bytes, {len(pack.missing)} kinds missing. 監査の一式を作りました")
        typer.echo(f"SHA-256 {digest(output)}")


def _complete(pack: Pack) -> dict[str, bytes | Path]:
    """Return the parts with what is made from them."""
    pack.parts["contents.json"] = contents(pack)
    return {**pack.parts, "index.html": index_page(pack), "README.txt": readme(pack)}


def _target(output: Path | None, *, overwrite: bool) -> Path:
    if output is None:
        raise PublisherError("--output FILE is needed, or --dry-run / 作るファイルを --output で指定してください")
    if output.is_dir() or (output.exists() and not overwrite):
        raise PublisherError(f"{output}: is there already; --overwrite replaces it / すでにあります")
    if not output.parent.is_dir():
        raise PublisherError(f"{output.parent}: there is no such folder / フォルダーがありません")
    return output


def _day(text: str, option: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise PublisherError(f"{option} {text}: not a day; write it as 2026-04-01 / 日付は 2026-04-01 の形で書いてください") from None
