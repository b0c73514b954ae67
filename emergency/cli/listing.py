"""`todoke emergency list`: which notices are in force."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from emergency.cli.options import CONFIG, CONTENT, FOLDER, Config, Content, Format, Mailer, Output
from emergency.model import Places
from emergency.places import read_places
from emergency.readiness import problems


def list_notices(
    chosen: Format = "text", config: Config = CONFIG, mailer: Mailer = None, content: Content = CONTENT, output: Output = None
) -> None:
    """List the notices and drills that are in force, and say whether another could go out now. いま出ている知らせの一覧

    To see where readers get one, ask todoke emergency status. What would hold the next notice up, such as an upgrade without a build since, is said on
    standard error. Exit status 0 either way.
    """
    places = read_places(config, content, output, mailer)
    found = list(notices(places.output / "site"))
    if chosen == "json":
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        for notice in found:
            typer.echo(_line(notice))
        if not found:
            typer.echo("No notice is in force. いま出ている知らせはありません")
    asyncio.run(_tell_problems(places, config.parent / FOLDER))


async def _tell_problems(places: Places, folder: Path) -> None:
    async for words in problems(places, folder):
        typer.echo(f"NOT READY 用意ができていません: {words}", err=True)


def notices(site: Path) -> Iterator[dict[str, Any]]:
    """Yield the records in force of every section of ``site`` that has such a list (docs/how-to/emergency.ja.md). What cannot be read is left out."""
    for file in sorted(site.glob("*/notices.json")):
        with suppress(OSError, ValueError):
            record = json.loads(file.read_bytes())
            yield from (each for each in (record if isinstance(record, list) else record.get("notices", ())) if isinstance(each, dict))


def _line(notice: dict[str, Any]) -> str:
    words = notice.get("messages", {}).get("ja", {})
    level = f"警戒レベル{notice['level']}" if notice.get("level") else notice.get("severity", "")
    drill = "DRILL 訓練  " if notice.get("drill") else ""
    return f"{drill}{level}  {words.get('title', '')}  {words.get('where', '')}  until まで {notice.get('expires', '')}  {notice.get('url', '')}"
