"""What people typed → values, or a word about what to write instead (exit status 2). Light: heavy libraries are imported when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from plugins.partners.http.addresses import AddressRules
    from plugins.partners.model.config import FeedConfig, Settings
    from plugins.partners.subscriptions import DiscoveredFeed


def wrong(message: str) -> typer.Exit:
    """Say what is wrong with the call and return the exit (status 2) to raise."""
    typer.echo(message, err=True)
    return typer.Exit(2)


def exit_on_error(action: Callable[[], None]) -> None:
    """Do something to files that people write; what stands against it is said."""
    from plugins.partners.model.errors import PartnersError

    try:
        action()
    except (PartnersError, OSError) as error:
        raise wrong(str(error)) from error


def settings_of(publications: Path) -> Settings:
    """Return what ``publications.toml`` says of feeds."""
    from plugins.partners.model.config import read_settings
    from plugins.partners.model.errors import ConfigError

    try:
        return read_settings(publications)
    except ConfigError as error:
        raise wrong(str(error)) from error


def chosen(settings: Settings, keys: list[str]) -> tuple[FeedConfig, ...]:
    """Return the feeds named by ``keys``, or all."""
    known = {feed.key: feed for feed in settings.feeds}
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise wrong(f"知らないブログです / unknown feed: {', '.join(unknown)}（{', '.join(known)}）")
    return tuple(known[key] for key in dict.fromkeys(keys)) if keys else settings.feeds


def places(urls: list[str]) -> dict[str, str]:
    """Read ``KEY=URL``."""
    return dict(each.partition("=")[::2] for each in urls)


def url_overrides(feeds: tuple[FeedConfig, ...], other: Mapping[str, str]) -> tuple[FeedConfig, ...]:
    """Return ``feeds`` with the addresses of ``KEY=URL`` put in."""
    from dataclasses import replace

    strange = [key for key, address in other.items() if key not in {feed.key for feed in feeds} or not address]
    if strange:
        raise wrong(f"--url は KEY=URL と書きます / write --url KEY=URL: {', '.join(strange)}")
    return tuple(replace(feed, url=other.get(feed.key, feed.url)) for feed in feeds)


def parse_time(written: str | None) -> datetime:
    """Return ``--now``, or the clock's time: the only place of this package that looks at a clock."""
    from plugins.partners.model.dates import read_moment

    try:
        return read_moment(written) if written else datetime.now(UTC)
    except ValueError as error:
        raise wrong(f"--now は 2016-02-10T10:00 の形で書きます / write --now as 2016-02-10T10:00: {written}") from error


def rules(allow_loopback: bool) -> AddressRules:
    """Return which addresses may be connected to."""
    from plugins.partners.http.addresses import GLOBAL_ONLY, WITH_LOOPBACK

    return WITH_LOOPBACK if allow_loopback else GLOBAL_ONLY


def proxy_of(written: str | None) -> str | None:
    """Return the proxy's address."""
    if written and not written.startswith(("http://", "https://")):
        raise wrong(f"--proxy は http://host:port と書きます / write --proxy http://host:port: {written}")
    return written


def find_feed_or_exit(url: str, settings: Settings, rules: AddressRules, proxy: str | None) -> DiscoveredFeed:
    """Return the feed at ``url``, or the one that the page at ``url`` names."""
    import asyncio

    from plugins.partners.http.client import Limits
    from plugins.partners.model.errors import PartnersError
    from plugins.partners.subscriptions import find_feed

    try:
        return asyncio.run(find_feed(url, settings.contact, rules, Limits(), proxy))
    except (PartnersError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def subscription(
    found: DiscoveredFeed, settings: Settings, *, key: str, title: str, author: str, licence: str, mode: str, ask: bool
) -> FeedConfig:
    """Put a new feed together out of what was typed and what the feed says of itself. The licence only people know."""
    from plugins.partners.model.config import FeedConfig
    from plugins.partners.model.text import plain, shorten
    from plugins.partners.subscriptions import suggest_key

    name = key or suggest_key(found.url, (feed.key for feed in settings.feeds))
    taken = [feed.key for feed in settings.feeds if feed.key == name or feed.url == found.url]
    if taken:
        raise wrong(f"もう登録してあります / already subscribed: {taken[0]}")
    if mode not in ("publish", "review"):
        raise wrong(f"--mode は publish か review です / --mode is publish or review: {mode}")
    if not licence and not ask:
        raise wrong("--licence に、書き手に確かめた利用条件を書いてください / say in --licence what the writer allows")
    called = shorten(plain(title or found.feed.title), 200) or name
    writer = shorten(plain(author or found.feed.author), 200) or called
    allowed = licence or typer.prompt("利用条件（書き手に確かめたもの） / licence, as agreed with the writer")
    return FeedConfig(name, called, found.url, found.site, writer, allowed, "publish" if mode == "publish" else "review")
