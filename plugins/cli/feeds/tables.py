"""The results of ``todoke feeds`` for people (text) and for programs (JSON)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from plugins.cli.console import safe_text
from plugins.partners.feed_import import FeedReport
from plugins.partners.model.dates import JAPAN, moment, read_moment

if TYPE_CHECKING:
    from plugins.partners.entries.review import WaitingEntry
    from plugins.partners.model.config import FeedConfig
    from plugins.partners.model.parsed import ParsedEntry
    from plugins.partners.subscriptions import DiscoveredFeed
    from plugins.partners.update import UpdateReport

PREVIEWED = 5
"""Entries that ``feeds add`` shows."""

NO_FEEDS = "協力ブログの登録がありません。todoke feeds add アドレス で加えます / no partner blogs yet: todoke feeds add ADDRESS"

WAITING_REASONS = {
    "new": "",
    "edit": "{} の新しい版 / a new version of it",
    "conflict": "{} の新しい版。公開すると職員の直しは消えます / a new version; to publish it undoes an editor's change",
}

_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that a terminal may obey and that ``json.dumps`` leaves as they are. It escapes C0 itself (RFC 8259, section 7)."""


def local_time(when: datetime, utc: bool) -> str:
    """Return ``2016-02-10 10:00 JST``: the importer's zone is Japan's (`plugins.partners.model.dates`), or UTC."""
    return f"{when.astimezone(UTC if utc else JAPAN):%Y-%m-%d %H:%M %Z}"


def print_feeds(feeds: Iterable[FeedConfig], as_json: bool = False) -> None:
    rows = [asdict(feed) for feed in feeds]
    if as_json:
        _print_json(rows)
        return
    if not rows:
        typer.echo(NO_FEEDS)
        return
    table = _table("名前 / key", "ブログ / title", "アドレス / address", "許し / licence", "公開 / mode", keys=[row["key"] for row in rows])
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in ("key", "title", "url", "licence", "mode")))
    Console().print(table)


def print_update(report: UpdateReport, as_json: bool, *, dry_run: bool = False, utc: bool = False, quiet: bool = False) -> None:
    """Print the report of a run. ``quiet`` leaves out the table of counts, not what an editor has to know."""
    if as_json:
        _print_json([asdict(feed) for feed in report.feeds])
        return
    if not report.feeds:
        typer.echo(NO_FEEDS)
    elif not quiet:
        _print_counts(report, dry_run)
    for feed in report.feeds:
        for note in notes(feed, utc):
            typer.echo(f"{feed.key}: {safe_text(note)}")
    for path in report.removal.files:
        typer.echo(f"取り下げました / taken down: {safe_text(path)}")
    for name in report.published:
        typer.echo(
            f"draft の行が消してあったので、新しい版を公開しました / new version published, since its draft line was deleted: {safe_text(name)}"
        )
    for name in report.removal.shared:
        typer.echo(f"いくつもの記事に共通なので、取り下げません / several entries share it, none is taken down: {safe_text(name)}")


def _print_counts(report: UpdateReport, dry_run: bool) -> None:
    columns = ("ブログ / feed", "新しい / new", "直した / changed", "同じ / unchanged", "画像 / pictures")
    table = _table(*columns, keys=[feed.key for feed in report.feeds])
    table.title = "試しです。何も書いていません / dry run, nothing written" if dry_run else None
    for feed in report.feeds:
        table.add_row(feed.key, str(feed.new), str(feed.changed), str(feed.unchanged), str(feed.pictures))
    Console().print(table)


def notes(report: FeedReport, utc: bool = False) -> list[str]:
    """Return what the editor has to know about a feed, one line each."""
    since, moved_to = report.failing_since, report.moved_to
    waits_until = local_time(read_moment(report.waits_until), utc) if report.waits_until else ""
    lines = [
        f"取り込めません / failed: {report.failed}" if report.failed else "",
        "配信が終わっています。todoke feeds remove で外せます。記事は残ります / ended, remove the feed; its entries stay"
        if report.ended and not report.failed
        else "",
        f"一週間以上取り込めていません。書き手に確かめてください / failing since {since}: ask the writer" if since else "",
        "変わりありません / not modified" if report.not_modified else "",
        f"まだ取りに行きません / not due before {waits_until}" if waits_until else "",
        f"{report.left_out}件は多すぎて読みません / {report.left_out} entries past the limit" if report.left_out else "",
        f"{report.broken}件は壊れていて読めません / {report.broken} entries could not be read" if report.broken else "",
        f"{report.attachments}件の音声・PDFを写しました / {report.attachments} sound and PDF files copied" if report.attachments else "",
        f"{report.taken_down}件は取り下げたものです / {report.taken_down} entries were taken down" if report.taken_down else "",
        *(
            f"takedown.txt の「{name}」は、どのブログの記事か分からないので止めました。ほかのブログの記事なら、その行を feed:名前:{name} に直してください"
            f" / barred by the line {name!r} in takedown.txt, which names no feed: if it is of another feed, write feed:KEY:{name} there"
            for name in report.barred_without_feed
        ),
        f"{report.waiting}件の直しが確認を待っています。todoke feeds review / {report.waiting} new versions wait for review"
        if report.waiting
        else "",
        f"{report.doubtful}件は、取り下げた記事と同じアドレスの別の記事のようです。確認を待っています。todoke feeds review"
        f" / {report.doubtful} entries at the address of one that was taken down wait for review"
        if report.doubtful
        else "",
        f"{report.kept}件は前より短いので、前の本文を残しました / {report.kept} longer texts were kept" if report.kept else "",
        f"引っ越しました。url を直してください / moved, change url: {moved_to}" if moved_to else "",
    ]
    return [line for line in lines if line]


def print_discovered(discovered: DiscoveredFeed, utc: bool = False) -> None:
    """Print a feed and its newest entries, before it is subscribed to."""
    Console().print(_cell(f"{discovered.feed.title} {discovered.url}"))
    table = _table("日付 / date", "題名 / title", "アドレス / address")
    for entry in discovered.feed.entries[:PREVIEWED]:
        table.add_row(_published(entry, utc), _cell(entry.title), _cell(entry.link))
    Console().print(table)
    if discovered.feed.hub:
        typer.echo("WebSub で知らせを受けられます。todoke feeds receive / offers WebSub: todoke feeds receive")


def print_subscription(feed: FeedConfig) -> None:
    """Print what would be written into ``publications.toml``."""
    typer.echo(f"書くもの（試し） / would be written: [feeds.{feed.key}]")
    for name in ("title", "url", "site", "author", "licence", "mode"):
        typer.echo(f"  {name} = {safe_text(getattr(feed, name))}")


def _published(entry: ParsedEntry, utc: bool) -> str:
    published = moment(entry.published)
    return local_time(published, utc) if published else ""


def print_waiting(drafts: Sequence[WaitingEntry], as_json: bool, utc: bool = False) -> None:
    if as_json:
        _print_json([asdict(draft) for draft in drafts])
        return
    for draft in drafts:
        reason = WAITING_REASONS[draft.kind].format(draft.edit_of)
        for indent, line in (
            ("", draft.path),
            ("  ", f"{_front_matter_time(draft.date, utc)}  {draft.title}"),
            ("  ", draft.original),
            ("  ", reason),
        ):
            if line:
                typer.echo(f"{indent}{safe_text(line)}")
    typer.echo(f"{len(drafts)}件が確認を待っています / {len(drafts)} entries wait for review")
    if drafts:
        typer.echo("公開 / publish: todoke feeds review --publish FILE   載せない / refuse: todoke feeds review --refuse FILE")


def _front_matter_time(text: str, utc: bool) -> str:
    """Return the ``date`` of a file, which an editor may have changed, as a time; or as it is."""
    try:
        return local_time(read_moment(text), utc)
    except ValueError:
        return text


def _table(*columns: str, keys: Sequence[str] = ()) -> Table:
    """Return an empty table whose first column identifies the rows ``keys``.

    No cell is ever cut: a long one goes on in the next line. The first column keeps its width as long as half of the screen is left for the others.
    """
    table = Table()
    widest = max((len(key) for key in keys), default=0)
    for number, column in enumerate(columns):
        table.add_column(column, overflow="fold", min_width=min(widest, Console().width // 2) if number == 0 else None)
    return table


def _cell(text: str) -> Text:
    """Return a stranger's text for a table: safe, and never taken for Rich's markup."""
    return Text(safe_text(text))


def _print_json(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    typer.echo(_UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", text))
