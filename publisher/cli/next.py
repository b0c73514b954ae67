"""`todoke next`: what begins or ends next."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.runtime import CONFIG, JAPAN, ConfigPath, errors_on_one_line, load, now
from publisher.config import PublishConfig
from publisher.model.errors import PublisherError
from publisher.pipeline.commands import Commands
from publisher.pipeline.handover import scheduled_mail
from publisher.pipeline.moments import FILE, DueMoment, read_moments

WORDS = {
    "begins": "begins 公開",
    "ends": "ends 終了",
    "over": "is over 催しの終わり",
    "unknown": "becomes unknown 不明に変わる",
    "day": "the date changes 日付が変わる",
    "sent": "goes out 配信",
}


def next_moments(
    config: ConfigPath = CONFIG,
    output: Annotated[
        Path | None, typer.Option("--output", help="The built site; default: that of publish, or output. できあがりのフォルダー")
    ] = None,
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="How many moments. 件数")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs. 機械向け")] = False,
) -> None:
    """Tell what begins or ends next, when, and which document it is. 次に始まるもの・終わるもの"""
    with errors_on_one_line():
        current = now()
        settings = load(config)[0] if config.is_file() else None
        folder = output or (
            settings.publish.folder / "output" if settings and (settings.publish.folder / "output").is_dir() else Path("output")
        )
        if not (folder / FILE).is_file():
            raise PublisherError(f"{folder}: no built site here. Run todoke build / サイトがありません。todoke build を先に")
        moments = read_moments(folder, current)
        moments = sorted([*moments, *(_scheduled(settings) if settings else [])])
        chosen = [moment for moment in moments if moment.at > current][:number]
    if as_json:
        typer.echo(json.dumps([asdict(moment) | {"at": moment.at.isoformat()} for moment in chosen], ensure_ascii=False, indent=1))
        return
    for moment in chosen:
        typer.echo(_line(moment, current))
    if not chosen:
        typer.echo("Nothing begins or ends by itself. 始まるもの・終わるものはありません")


def _scheduled(settings: PublishConfig) -> list[DueMoment]:
    """Return the mail that is scheduled. A mailer that does not answer is told, and hides nothing else."""
    if settings.publish.mail == "off" or not settings.publish.mailer.is_file():
        return []
    try:
        return scheduled_mail(settings, Commands())
    except PublisherError as error:
        typer.echo(f"without scheduled mail 予約した配信を除く: {error}", err=True)
        return []


def _line(moment: DueMoment, current: dt.datetime) -> str:
    local, left = moment.at.astimezone(JAPAN), int((moment.at - current).total_seconds()) // 60
    days, minutes = divmod(left, 1440)
    name = f" {moment.document}「{moment.title}」" if moment.title else (f" {moment.document}" if moment.document else "")
    return f"{local:%Y-%m-%d %H:%M %Z} (in {f'{days} d ' if days else ''}{minutes // 60}:{minutes % 60:02}): {WORDS[moment.what]}{name}"
