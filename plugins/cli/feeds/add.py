"""``todoke feeds add``: one blog by its address, or all of an OPML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plugins.cli.feeds import arguments
from plugins.cli.feeds.commands import DryRun, Loopback, Proxy, Publications, Yes

if TYPE_CHECKING:
    from plugins.partners.http.addresses import AddressRules


def add_feed(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL|FILE",
            help="ブログかフィードのアドレス、または OPML のファイル / address of the blog or of its feed, or an OPML file",
        ),
    ],
    licence: Annotated[str, typer.Option(help="利用条件。書き手に確かめます / what the writer allows, such as CC BY 4.0")] = "",
    key: Annotated[str, typer.Option(help="短い名前 / short name, a-z 0-9 -")] = "",
    title: Annotated[str, typer.Option(help="ブログの題 / the blog's title")] = "",
    author: Annotated[str, typer.Option(help="書き手 / who writes it")] = "",
    mode: Annotated[str, typer.Option(help="publish か review / publish or review")] = "review",
    publications: Publications = Path("publications.toml"),
    yes: Yes = False,
    dry_run: DryRun = False,
    allow_loopback: Loopback = False,
    proxy: Proxy = None,
) -> None:
    """協力ブログを加える / add one to the partner blogs: its feed is found, its last entries are shown, then you are asked."""
    arguments.check_mode(mode)
    if yes and not licence and not dry_run:
        raise arguments.usage_error("--licence に、書き手に確かめた利用条件を書いてください / say in --licence what the writer allows")
    rules = arguments.address_rules(allow_loopback)
    addition = _Addition(publications, rules, arguments.check_proxy(proxy), key, title, author, licence, mode, not yes, dry_run)
    if not _is_opml(url):
        addition.add(url)
    elif key or title or author:
        raise arguments.usage_error("OPML では --key、--title、--author を使えません / not with OPML: --key, --title, --author")
    else:
        addition.add_each(arguments.read_opml_or_exit(Path(url)))


def _is_opml(url: str) -> bool:
    """Tell whether a file is meant: it is there, or its name says so."""
    return "//" not in url and (Path(url).suffix.lower() in (".opml", ".xml") or Path(url).is_file())


@dataclass(frozen=True)
class _Addition:
    """What was asked for, for each feed that is added."""

    publications: Path
    rules: AddressRules
    proxy: str | None
    key: str
    title: str
    author: str
    licence: str
    mode: str
    asks: bool
    dry_run: bool

    def add(self, address: str) -> None:
        """Find the feed at ``address``, show it, ask, and write it."""
        from plugins.cli.feeds.tables import print_discovered, print_subscription
        from plugins.partners.subscriptions import add as write

        settings = arguments.read_settings_or_exit(self.publications)
        feed = arguments.find_feed_or_exit(address, settings, self.rules, self.proxy)
        print_discovered(feed)
        licence = self.licence or ("（書き手に確かめます / ask the writer）" if self.dry_run else "")
        new = arguments.subscription(
            feed, settings, key=self.key, title=self.title, author=self.author, licence=licence, mode=self.mode, ask=self.asks
        )
        if self.dry_run:
            print_subscription(new)
            return
        if self.asks:
            typer.confirm(f"[feeds.{new.key}] として publications.toml に書きますか / write it as [feeds.{new.key}]?", abort=True)
        arguments.exit_on_error(lambda: write(self.publications, new))
        arguments.echo(f"加えました。次は / added, next: todoke feeds update {new.key}")

    def add_each(self, addresses: list[str]) -> None:
        """Add the feeds of an OPML file. One that cannot be added is told, and the others go on. Ends with 1 if there were new ones and none was added."""
        subscribed = {feed.url: feed.key for feed in arguments.read_settings_or_exit(self.publications).feeds}
        new = [address for address in addresses if address not in subscribed]
        for address in addresses:
            if address in subscribed:
                arguments.echo(f"もう登録してあります / already subscribed: {subscribed[address]} {address}")
        added = 0
        for number, address in enumerate(new, 1):
            arguments.echo(f"{number}/{len(new)} {address}")
            try:
                self.add(address)
                added += 1
            except (typer.Exit, typer.Abort):
                arguments.echo(f"加えませんでした / not added: {address}", err=True)
        words = "加えられます（試し） / could be added" if self.dry_run else "加えました / added"
        arguments.echo(f"{words}: {added} of {len(new)}")
        if new and not added:
            raise typer.Exit(1)
