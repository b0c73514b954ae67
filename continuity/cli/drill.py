"""`todoke drill`."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from continuity import drill_exchange
from continuity.cli.runtime import CONFIG, ConfigPath, errors_on_one_line, now
from continuity.drill import Drill
from continuity.drill_report import write_report
from continuity.restoring import read_identities
from continuity.settings import load_settings

EX_FAILED = 1


def drill(
    identity: Annotated[
        Path, typer.Option("--identity", metavar="FILE", help="The private key (of age-keygen) that opens snapshots. 控えを開く秘密鍵")
    ],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE…]", help="Snapshots; otherwise the newest of a storage. 控え")
    ] = None,
    reports: Annotated[
        Path | None,
        typer.Option("--reports", metavar="DIR", help="Where the report is written; otherwise `drills` of the settings. 報告書の場所"),
    ] = None,
    config: ConfigPath = CONFIG,
) -> None:
    """Restore the newest snapshot elsewhere, serve it, send to a sink, compare, measure, take it down, and write a report. 復旧訓練

    Nothing leaves this machine. Exit status 1: a check of the list was not passed.
    """
    with errors_on_one_line():
        settings, keys = load_settings(config), read_identities(identity)
        with tempfile.TemporaryDirectory(prefix="todoke-drill-") as folder:
            report = Drill(Path(folder), keys, os.environ.get("TODOKE_DATABASE", ""), now).run(settings, files or ())
        file = write_report(report, reports or settings.drills)
        for name, failure in drill_exchange.send(settings, file).items():
            if failure:
                typer.echo(f"{name} does not have the report: {failure} 報告書が届いていません", err=True)
    typer.echo(report.markdown())
    typer.echo(f"{file} and .json. 報告書を書きました")
    typer.echo(json.dumps(report.record(), ensure_ascii=False))
    if not report.is_passed:
        raise typer.Exit(EX_FAILED)
