"""Tell people what an import did: a table, or JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from .config import FeedConfig
    from .update import FeedReport


def show_feeds(feeds: Iterable[FeedConfig]) -> None:
    """Print the feeds of ``publications.toml``."""
    table = Table("名前 / key", "ブログ / title", "アドレス / address", "許し / licence", "公開 / mode")
    for feed in feeds:
        table.add_row(*(Text(each) for each in (feed.key, feed.title, feed.url, feed.licence, feed.mode)))
    Console().print(table)


def show_reports(reports: Iterable[FeedReport], as_json: bool, dry_run: bool) -> None:
    """Print what happened to each feed. What a server wrote is shown as it is, never as Rich's markup."""
    if as_json:
        typer.echo(json.dumps([asdict(report) for report in reports], ensure_ascii=False, indent=2, sort_keys=True))
        return
    title = "試しです。何も書いていません / dry run, nothing written" if dry_run else None
    table = Table("ブログ / feed", "新しい / new", "直した / changed", "同じ / unchanged", title=title)
    found = list(reports)
    for report in found:
        table.add_row(report.key, str(report.new), str(report.changed), str(report.unchanged))
    Console().print(table)
    for report in found:
        for line in notes(report):
            typer.echo(f"{report.key}: {line}")


def notes(report: FeedReport) -> list[str]:
    """Return what the editor has to know about a feed, a line each."""
    lines = [
        f"取り込めません / failed: {report.failed}" if report.failed else "",
        "変わりありません / not modified" if report.not_modified else "",
        f"{report.left_out}件は多すぎて読みません / {report.left_out} entries past the limit" if report.left_out else "",
        f"引っ越しました。url を直してください / moved, change url: {report.moved_to}" if report.moved_to else "",
    ]
    return [line for line in lines if line]
