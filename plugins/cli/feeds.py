"""The command line's ``feeds``: the edge, where the clock is read and people are spoken to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli import feeds_arguments

if TYPE_CHECKING:
    from plugins.partners.model.config import FeedConfig, Settings
    from plugins.partners.update import Options, UpdateReport

Publications = Annotated[Path, typer.Option(help="出版物の設定 / the publications file")]


Content = Annotated[Path, typer.Option(help="記事のフォルダー / the content folder")]


Json = Annotated[bool, typer.Option("--json", help="JSON で書く / write JSON")]


Yes = Annotated[bool, typer.Option("--yes", "-y", help="たずねない / do not ask")]


Loopback = Annotated[bool, typer.Option("--allow-loopback", help="見本と試験だけ / for the demonstration and tests only")]


Proxy = Annotated[str | None, typer.Option(metavar="URL", help="通る代理サーバー / go through this proxy, http://host:port")]


def list_feeds(publications: Publications = Path("publications.toml"), json_output: Json = False) -> None:
    """登録してある協力ブログを並べる / list the partner blogs."""
    from plugins.cli.feeds_tables import show_feeds

    show_feeds(feeds_arguments.settings_of(publications).feeds, json_output)


def update_feeds(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]…", help="取り込むブログ。書かなければすべて / feeds, all by default")
    ] = None,
    content: Content = Path("content"),
    publications: Publications = Path("publications.toml"),
    state: Annotated[Path, typer.Option(help="前の返事の控え。消えても困らない / what servers said last, may be lost")] = Path(
        "var/feeds.json"
    ),
    allow_loopback: Loopback = False,
    url: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=URL", help="見本と試験のアドレス。ほかには聞かない / another address, for the same; no other host is asked"
        ),
    ] = None,
    now: Annotated[str | None, typer.Option(metavar="ISO", help="いまの日時 / the present, 2016-02-10T10:00")] = None,
    json_output: Json = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="何も書かない / write nothing")] = False,
    force: Annotated[bool, typer.Option("--force", help="一時間たたなくても取りに行く / ask feeds that are not due")] = False,
    gap: Annotated[float, typer.Option(min=0, help="同じ相手への間（秒） / seconds between requests to a host")] = 1.0,
    proxy: Proxy = None,
) -> None:
    """協力ブログを取り込む / import partner blogs as Markdown files."""
    from plugins.cli.feeds_tables import show_update
    from plugins.partners.update import Options

    settings = feeds_arguments.settings_of(publications)
    places = feeds_arguments.places(url or [])
    feeds = feeds_arguments.url_overrides(feeds_arguments.chosen(settings, keys or []), places)
    options = Options(
        content,
        state,
        feeds_arguments.parse_time(now),
        dry_run,
        force,
        feeds_arguments.rules(allow_loopback),
        gap=gap,
        proxy=feeds_arguments.proxy_of(proxy),
        stand_ins=places,
    )
    done = _run(feeds, settings, options)
    show_update(done, json_output, dry_run)
    if done.in_vain:
        raise typer.Exit(1)


def add_feed(
    url: Annotated[str, typer.Argument(help="ブログかフィードのアドレス / address of the blog or of its feed")],
    licence: Annotated[str, typer.Option(help="利用条件。書き手に確かめます / what the writer allows, such as CC BY 4.0")] = "",
    key: Annotated[str, typer.Option(help="短い名前 / short name, a-z 0-9 -")] = "",
    title: Annotated[str, typer.Option(help="ブログの題 / the blog's title")] = "",
    author: Annotated[str, typer.Option(help="書き手 / who writes it")] = "",
    mode: Annotated[str, typer.Option(help="publish か review / publish or review")] = "review",
    publications: Publications = Path("publications.toml"),
    yes: Yes = False,
    allow_loopback: Loopback = False,
    proxy: Proxy = None,
) -> None:
    """協力ブログを加える / add one to the partner blogs: its feed is found, its last entries are shown, then you are asked."""
    from plugins.cli.feeds_tables import show_feed
    from plugins.partners.subscriptions import add

    settings = feeds_arguments.settings_of(publications)
    found = feeds_arguments.find_feed_or_exit(url, settings, feeds_arguments.rules(allow_loopback), feeds_arguments.proxy_of(proxy))
    show_feed(found)
    feed = feeds_arguments.subscription(found, settings, key=key, title=title, author=author, licence=licence, mode=mode, ask=not yes)
    if not yes:
        typer.confirm(f"[feeds.{feed.key}] として publications.toml に書きますか / write it as [feeds.{feed.key}]?", abort=True)
    feeds_arguments.exit_on_error(lambda: add(publications, feed))
    typer.echo(f"加えました / added: {feed.key}. 次は / next: todoke feeds update {feed.key}")


def review_entries(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]…", help="見るブログ / feeds, all by default")] = None,
    publish: Annotated[list[str] | None, typer.Option(metavar="FILE", help="公開する記事 / publish this entry")] = None,
    refuse: Annotated[
        list[str] | None, typer.Option(metavar="FILE", help="載せない記事。二度と取り込まない / never import it again")
    ] = None,
    content: Content = Path("content"),
    json_output: Json = False,
) -> None:
    """確認を待つ記事を並べ、公開か不採用を決める / list the entries of partner blogs (協力ブログ) that wait, publish or refuse them."""
    from plugins.cli.feeds_tables import show_waiting
    from plugins.partners.entries import review

    def decide() -> None:
        for name in publish or []:
            review.publish(content, name)
        for name in refuse or []:
            review.refuse(content, name)
        show_waiting(review.waiting(content, keys or []), json_output)

    feeds_arguments.exit_on_error(decide)


def remove_feed(
    what: Annotated[
        str,
        typer.Argument(metavar="KEY|ADDRESS", help="外すブログの名前か、取り下げる記事のアドレス / a feed's key, or an entry to take down"),
    ],
    content: Content = Path("content"),
    publications: Publications = Path("publications.toml"),
    yes: Yes = False,
) -> None:
    """協力ブログの登録を外す（記事は残る）か、一つの記事を取り下げる / unsubscribe from partner blogs (entries stay), or take an entry down."""
    from plugins.partners.entries import takedown
    from plugins.partners.subscriptions import drop

    if what.startswith(("http://", "https://", "tag:")):
        if not yes:
            typer.confirm(f"{what} を取り下げますか。二度と取り込みません / take it down for good?", abort=True)
        feeds_arguments.exit_on_error(lambda: takedown.note(content, [what]))
        removed: list[str] = []
        feeds_arguments.exit_on_error(lambda: removed.extend(takedown.apply(content)))
        typer.echo("\n".join(f"消しました / removed: {path}" for path in removed) or "まだ取り込んでいない記事です / was never imported")
        return
    feeds_arguments.chosen(feeds_arguments.settings_of(publications), [what])
    if not yes:
        typer.confirm(f"[feeds.{what}] を外しますか / remove [feeds.{what}]?", abort=True)
    feeds_arguments.exit_on_error(lambda: drop(publications, what))
    typer.echo(f"外しました。取り込んだ記事は残っています / removed, its entries stay: {content / 'partners' / what}")


def _run(feeds: tuple[FeedConfig, ...], settings: Settings, options: Options) -> UpdateReport:
    import asyncio

    from plugins.partners.model.errors import BusyError, PartnersError
    from plugins.partners.update import update

    try:
        return asyncio.run(update(feeds, settings, options))
    except BusyError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except PartnersError as error:
        raise feeds_arguments.wrong(str(error)) from error
    except OSError as error:
        raise feeds_arguments.wrong(f"{options.state}: 書けません / cannot be written: {error.strerror}") from error
