"""The command line's ``feeds``: the edge, where the clock is read and people are spoken to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .config import FeedConfig, Settings
    from .update import FeedReport, Options

Publications = Annotated[Path, typer.Option(help="出版物の設定 / the publications file")]

app = typer.Typer(no_args_is_help=True, help="協力ブログを取り込む / import partner blogs")


def register(parent: typer.Typer) -> None:
    """Add ``feeds`` to the command line ``parent``."""
    parent.add_typer(app, name="feeds")


@app.command("list")
def list_feeds(publications: Publications = Path("publications.toml")) -> None:
    """登録してある協力ブログを並べる / list the partner blogs."""
    from .summary import show_feeds

    show_feeds(_settings(publications).feeds)


@app.command("update")
def update_feeds(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]…", help="取り込むブログ。書かなければすべて / feeds, all by default")
    ] = None,
    content: Annotated[Path, typer.Option(help="記事のフォルダー / the content folder")] = Path("content"),
    publications: Publications = Path("publications.toml"),
    state: Annotated[Path, typer.Option(help="前の返事の控え。消えても困らない / what servers said last, may be lost")] = Path(
        "var/feeds.json"
    ),
    allow_loopback: Annotated[bool, typer.Option("--allow-loopback", help="見本と試験だけ / for the demonstration and tests only")] = False,
    url: Annotated[list[str] | None, typer.Option(metavar="KEY=URL", help="見本と試験のアドレス / another address, for the same")] = None,
    now: Annotated[str | None, typer.Option(metavar="ISO", help="いまの日時 / the present, 2016-02-10T10:00")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="JSON で書く / write JSON")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="何も書かない / write nothing")] = False,
) -> None:
    """協力ブログを取り込む / import partner blogs as Markdown files."""
    from .address import GLOBAL_ONLY, WITH_LOOPBACK
    from .summary import show_reports
    from .update import Options

    settings = _settings(publications)
    feeds = _moved(_chosen(settings, keys or []), url or [])
    rules = WITH_LOOPBACK if allow_loopback else GLOBAL_ONLY
    reports = _run(feeds, settings, Options(content, state, _moment(now), dry_run, rules))
    show_reports(reports, json_output, dry_run)
    if reports and all(report.failed for report in reports):
        raise typer.Exit(1)


def _run(feeds: tuple[FeedConfig, ...], settings: Settings, options: Options) -> tuple[FeedReport, ...]:
    import asyncio

    from .update import update

    try:
        return asyncio.run(update(feeds, settings, options))
    except OSError as error:
        raise _wrong(f"{options.state}: 書けません / cannot be written: {error.strerror}") from error


def _settings(publications: Path) -> Settings:
    from .config import read_settings
    from .errors import ConfigError

    try:
        return read_settings(publications)
    except ConfigError as error:
        raise _wrong(str(error)) from error


def _chosen(settings: Settings, keys: list[str]) -> tuple[FeedConfig, ...]:
    """Return the feeds named by ``keys``, or all."""
    known = {feed.key: feed for feed in settings.feeds}
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise _wrong(f"知らないブログです / unknown feed: {', '.join(unknown)}（{', '.join(known)}）")
    return tuple(known[key] for key in dict.fromkeys(keys)) if keys else settings.feeds


def _moved(feeds: tuple[FeedConfig, ...], urls: list[str]) -> tuple[FeedConfig, ...]:
    """Return ``feeds`` with the addresses of ``KEY=URL`` put in."""
    from dataclasses import replace

    other = dict(each.partition("=")[::2] for each in urls)
    strange = [key for key, address in other.items() if key not in {feed.key for feed in feeds} or not address]
    if strange:
        raise _wrong(f"--url は KEY=URL と書きます / write --url KEY=URL: {', '.join(strange)}")
    return tuple(replace(feed, url=other.get(feed.key, feed.url)) for feed in feeds)


def _moment(written: str | None) -> datetime:
    """Return ``--now``, or the clock's time: the only place of this package that looks at a clock."""
    from .times import read_moment

    try:
        return read_moment(written) if written else datetime.now(UTC)
    except ValueError as error:
        raise _wrong(f"--now は 2016-02-10T10:00 の形で書きます / write --now as 2016-02-10T10:00: {written}") from error


def _wrong(message: str) -> typer.Exit:
    """Say what is wrong with the call and return the exit (status 2) to raise."""
    typer.echo(message, err=True)
    return typer.Exit(2)
