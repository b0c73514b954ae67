"""Tell people what an import did: a table, or JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plugins.partners.feed_import import FeedReport

if TYPE_CHECKING:
    from plugins.partners.entries.review import Waiting
    from plugins.partners.model.config import FeedConfig
    from plugins.partners.subscriptions import DiscoveredFeed
    from plugins.partners.update import UpdateReport

SHOWN = 5
"""Entries that ``feeds add`` shows."""


def show_feeds(feeds: Iterable[FeedConfig], as_json: bool = False) -> None:
    """Print the feeds of ``publications.toml``."""
    rows = [asdict(feed) for feed in feeds]
    if as_json:
        _json(rows)
        return
    table = Table("名前 / key", "ブログ / title", "アドレス / address", "許し / licence", "公開 / mode")
    for row in rows:
        table.add_row(*(Text(row[key]) for key in ("key", "title", "url", "licence", "mode")))
    Console().print(table)


def show_update(done: UpdateReport, as_json: bool, dry_run: bool) -> None:
    """Print what happened. What a server wrote is shown as it is, never as Rich's markup."""
    if as_json:
        _json([asdict(report) for report in done.feeds])
        return
    title = "試しです。何も書いていません / dry run, nothing written" if dry_run else None
    columns = ("ブログ / feed", "新しい / new", "直した / changed", "同じ / unchanged", "画像 / pictures")
    table = Table(*columns, title=title)
    for report in done.feeds:
        table.add_row(report.key, str(report.new), str(report.changed), str(report.unchanged), str(report.pictures))
    Console().print(table)
    for report in done.feeds:
        for line in notes(report):
            typer.echo(f"{report.key}: {line}")
    for path in done.taken_down:
        typer.echo(f"取り下げました / taken down: {path}")


def notes(report: FeedReport) -> list[str]:
    """Return what the editor has to know about a feed, a line each."""
    waits, since, moved = report.waits_until, report.failing_since, report.moved_to
    lines = [
        f"取り込めません / failed: {report.failed}" if report.failed else "",
        "配信が終わっています。todoke feeds remove で外せます。記事は残ります / ended, remove the feed; its entries stay"
        if report.ended and not report.failed
        else "",
        f"一週間以上取り込めていません。書き手に確かめてください / failing since {since}: ask the writer" if since else "",
        "変わりありません / not modified" if report.not_modified else "",
        f"まだ取りに行きません / not due before {waits}" if waits else "",
        f"{report.left_out}件は多すぎて読みません / {report.left_out} entries past the limit" if report.left_out else "",
        f"{report.taken_down}件は取り下げたものです / {report.taken_down} entries were taken down" if report.taken_down else "",
        f"引っ越しました。url を直してください / moved, change url: {moved}" if moved else "",
    ]
    return [line for line in lines if line]


def show_feed(found: DiscoveredFeed) -> None:
    """Print a feed and its last entries, before it is subscribed to."""
    table = Table("日付 / date", "題名 / title", "アドレス / address", title=Text(f"{found.feed.title} {found.url}"))
    for entry in found.feed.entries[:SHOWN]:
        table.add_row(*(Text(each) for each in (entry.published.text if entry.published else "", entry.title, entry.link)))
    Console().print(table)


def show_waiting(drafts: Sequence[Waiting], as_json: bool) -> None:
    """Print the entries that wait for an editor."""
    if as_json:
        _json([asdict(draft) for draft in drafts])
        return
    for draft in drafts:
        typer.echo(f"{draft.path}\n  {draft.date}  {draft.title}\n  {draft.original}")
    typer.echo(f"{len(drafts)}件が確認を待っています / {len(drafts)} entries wait for review")


def _json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True))
