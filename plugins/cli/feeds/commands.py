"""``todoke feeds``: parses, calls, prints. The clock is read here and nowhere else in the importer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli.console import require
from plugins.cli.feeds import arguments

if TYPE_CHECKING:
    from plugins.partners.model.config import FeedConfig, Settings
    from plugins.partners.update import Options, UpdateReport

Publications = Annotated[Path, typer.Option(help="出版物の設定 / the publications file")]
Content = Annotated[Path, typer.Option(help="記事のフォルダー / the content folder")]
Format = Annotated[arguments.Format, typer.Option("--format", help="表示の形 / how to print: text or json")]
Json = Annotated[bool, typer.Option("--json", help="--format json と同じ / the same as --format json")]
Utc = Annotated[bool, typer.Option("--utc", help="日時を日本時間でなく協定世界時で / show times in UTC instead of JST")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="たずねない / do not ask")]
Loopback = Annotated[bool, typer.Option("--allow-loopback", help="見本と試験だけ / for the demonstration and tests only")]
Proxy = Annotated[str | None, typer.Option(metavar="URL", help="通る代理サーバー / go through this proxy, http://host:port")]


State = Annotated[Path, typer.Option(help="前の返事の控え。消えても困らない / what servers said last, may be lost")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="何も書かない / write nothing")]
Keys = Annotated[list[str] | None, typer.Argument(metavar="[KEY]…", help="取り込むブログ。書かなければすべて / feeds, all by default")]
OtherAddresses = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=URL", help="見本と試験のアドレス。ほかには聞かない / another address, for the same; no other host is asked"),
]


def list_feeds(
    publications: Publications = Path("publications.toml"),
    output_format: Format = arguments.Format.TEXT,
    json_output: Json = False,
) -> None:
    """登録してある協力ブログを並べる / list the partner blogs."""
    from plugins.cli.feeds.tables import print_feeds

    print_feeds(arguments.read_settings_or_exit(publications).feeds, arguments.is_json(output_format, json_output))


def update_feeds(
    context: typer.Context,
    keys: Keys = None,
    content: Content = Path("content"),
    publications: Publications = Path("publications.toml"),
    state: State = Path("var/feeds.json"),
    allow_loopback: Loopback = False,
    url: OtherAddresses = None,
    now: Annotated[str | None, typer.Option(metavar="ISO", help="いまの日時 / the present, 2016-02-10T10:00")] = None,
    output_format: Format = arguments.Format.TEXT,
    json_output: Json = False,
    utc: Utc = False,
    dry_run: DryRun = False,
    force: Annotated[bool, typer.Option("--force", help="一時間たたなくても取りに行く / ask feeds that are not due")] = False,
    gap: Annotated[float, typer.Option(min=0, help="同じ相手への間（秒） / seconds between requests to a host")] = 1.0,
    proxy: Proxy = None,
) -> None:
    """協力ブログを取り込む / import partner blogs as Markdown files. Ends with 1 if every feed failed."""
    from plugins.cli.feeds.tables import print_update
    from plugins.partners.update import Options

    settings = arguments.read_settings_or_exit(publications)
    if state.exists() and not state.is_file():  # a pipe or a device may have no end
        raise arguments.usage_error(f"--state {state} はファイルではありません / is no file")
    servers = arguments.override_servers(url or [])
    feeds = arguments.with_overrides(arguments.choose_feeds(settings, keys or []), servers)
    options = Options(
        content,
        state,
        arguments.parse_time(now),
        dry_run,
        force,
        arguments.address_rules(allow_loopback),
        gap=gap,
        proxy=arguments.check_proxy(proxy),
        override_servers=servers,
    )
    report = _update_or_exit(feeds, settings, options)
    print_update(report, arguments.is_json(output_format, json_output), dry_run=dry_run, utc=utc, quiet=arguments.is_quiet(context))
    if report.all_failed:
        raise typer.Exit(1)


def review_entries(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]…", help="見るブログ / feeds, all by default")] = None,
    publish: Annotated[list[str] | None, typer.Option(metavar="FILE", help="公開する記事 / publish this entry")] = None,
    refuse: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="載せない記事。二度と取り込まない / never import it again")
    ] = None,
    content: Content = Path("content"),
    output_format: Format = arguments.Format.TEXT,
    json_output: Json = False,
    utc: Utc = False,
) -> None:
    """確認を待つ記事を並べ、公開か不採用を決める / list the entries of partner blogs (協力ブログ) that wait, publish or refuse them."""
    from plugins.cli.feeds.tables import print_waiting
    from plugins.partners.entries import review

    def decide() -> None:
        for name in publish or []:
            review.publish(content, name)
        for name in refuse or []:
            review.refuse(content, name)
        print_waiting(review.waiting(content, keys or []), arguments.is_json(output_format, json_output), utc=utc)

    require(folder=content)
    arguments.exit_on_error(decide)


def remove_feed(
    key_or_address: Annotated[
        str,
        typer.Argument(
            metavar="KEY|ADDRESS|FILE",
            help="外すブログの名前か、取り下げる記事のアドレスかファイル / a feed's key, or an entry to take down by its address or file",
        ),
    ],
    content: Content = Path("content"),
    publications: Publications = Path("publications.toml"),
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """協力ブログの登録を外す（記事は残る）か、一つの記事を取り下げる / unsubscribe from partner blogs (entries stay), or take an entry down."""
    if key_or_address.startswith(("http://", "https://", "tag:", "urn:")) or key_or_address.endswith(".md"):
        _take_down(key_or_address, content, yes, dry_run)
    else:
        _unsubscribe(key_or_address, content, publications, yes, dry_run)


def _take_down(address: str, content: Path, yes: bool, dry_run: bool) -> None:
    from plugins.partners.entries import review, takedown

    require(folder=content)
    if not (yes or dry_run):
        typer.confirm(f"{address} を取り下げますか。二度と取り込みません / take it down for good?", abort=True)
    removed: list[str] = []
    if address.endswith(".md") and "//" not in address:
        arguments.exit_on_error(lambda: removed.extend(takedown.take_down_file(content, review.file_of(content, address), dry_run=dry_run)))
    else:
        arguments.exit_on_error(lambda: removed.extend(takedown.take_down(content, address, dry_run=dry_run)))
    for path in removed:
        arguments.echo(f"消すもの（試し） / would be removed: {path}" if dry_run else f"消しました / removed: {path}")


def _unsubscribe(key: str, content: Path, publications: Path, yes: bool, dry_run: bool) -> None:
    from plugins.partners.subscriptions import remove

    arguments.choose_feeds(arguments.read_settings_or_exit(publications), [key])
    entries = content / "partners" / key
    if dry_run:
        arguments.echo(f"[feeds.{key}] を外します。取り込んだ記事は残ります（試し） / would be removed, its entries stay: {entries}")
        return
    if not yes:
        typer.confirm(f"[feeds.{key}] を外しますか / remove [feeds.{key}]?", abort=True)
    arguments.exit_on_error(lambda: remove(publications, key))
    arguments.echo(f"外しました。取り込んだ記事は残っています / removed, its entries stay: {entries}")


def _update_or_exit(feeds: tuple[FeedConfig, ...], settings: Settings, options: Options) -> UpdateReport:
    import asyncio

    from plugins.partners.model.errors import PartnersError
    from plugins.partners.update import update

    try:
        return asyncio.run(update(feeds, settings, options))
    except PartnersError as error:
        raise arguments.failure(str(error)) from error
    except OSError as error:
        raise arguments.failure(f"{options.state}: 書けません / cannot be written: {error.strerror}") from error
