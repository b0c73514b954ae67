"""`todoke emergency list`: which notices are in force."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

from emergency.cli.options import CONFIG, CONTENT, Config, Content, Format, Mailer, Output
from emergency.places import read_places


def list_notices(
    chosen: Format = "text", config: Config = CONFIG, mailer: Mailer = None, content: Content = CONTENT, output: Output = None
) -> None:
    """List the notices and drills that are in force, as the built site has them. いま出ている知らせの一覧

    To see where readers get one, ask todoke emergency status.
    """
    listed = list(notices(read_places(config, content, output, mailer).output / "site"))
    if chosen == "json":
        typer.echo(json.dumps(listed, ensure_ascii=False))
        return
    for notice in listed:
        typer.echo(_line(notice))
    if not listed:
        typer.echo("No notice is in force. いま出ている知らせはありません")


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
