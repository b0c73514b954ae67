"""What people typed → values. A usage error is exit status 2, with the words to write instead; a refusal of the world (network, disk) is 1.

Light: heavy libraries are imported when they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plugins.cli.console import safe_text

if TYPE_CHECKING:
    from plugins.partners.http.addresses import AddressRules
    from plugins.partners.model.config import FeedConfig, Settings
    from plugins.partners.subscriptions import DiscoveredFeed

MODES = ("publish", "review")

_LARGEST_OPML = 5_000_000
"""Bytes. A list of a thousand feeds has some two hundred kilobytes; what is cut here is no XML any more, and is refused as such."""


class Format(Enum):
    """``--format``."""

    TEXT = "text"
    JSON = "json"


def is_json(output_format: Format, json_output: bool) -> bool:
    """Tell whether JSON is wanted. ``--json`` is the older form of ``--format json`` and stays for scripts."""
    return json_output or output_format is Format.JSON


def is_quiet(context: typer.Context) -> bool:
    """Tell whether ``--quiet`` was given. The root command puts -1 into the context's ``meta``."""
    return int(context.meta.get("todoke.verbosity", 0)) < 0


def echo(message: str, *, err: bool = False) -> None:
    """Print one message. It may quote a stranger, so it is made safe for a terminal."""
    typer.echo(safe_text(message), err=err)


def usage_error(message: str) -> typer.Exit:
    """Print what is wrong with the call and return the exit (status 2) to raise."""
    _print_error(message)
    return typer.Exit(2)


def failure(message: str) -> typer.Exit:
    """Print what failed and return the exit (status 1) to raise."""
    _print_error(message)
    return typer.Exit(1)


def _print_error(message: str) -> None:
    for line in message.splitlines():  # ConfigError has one line for each fault
        echo(line, err=True)


def exit_on_error(action: Callable[[], None]) -> None:
    """Run ``action`` on files that people write. Wrong content or a wrong name is a usage error; a disk that refuses is a failure."""
    from plugins.partners.model.errors import PartnersError

    try:
        action()
    except PartnersError as error:
        raise usage_error(str(error)) from error
    except OSError as error:
        raise failure(str(error)) from error


def read_settings_or_exit(publications: Path) -> Settings:
    from plugins.inputs import kind_of
    from plugins.partners.model.config import read_settings
    from plugins.partners.model.errors import ConfigError

    if kind := kind_of(publications):  # a pipe or a device may have no end
        raise usage_error(f"{publications}: ファイルではなく{kind[0]}です / is {kind[1]}, not a file")
    try:
        return read_settings(publications)
    except ConfigError as error:
        raise usage_error(str(error)) from error


def choose_feeds(settings: Settings, keys: list[str]) -> tuple[FeedConfig, ...]:
    """Return the feeds of ``keys``, each once, or all."""
    by_key = {feed.key: feed for feed in settings.feeds}
    unknown = [key for key in keys if key not in by_key]
    if unknown:
        raise usage_error(f"知らないブログです / unknown feed: {', '.join(unknown)}（{', '.join(by_key)}）")
    return tuple(by_key[key] for key in dict.fromkeys(keys)) if keys else settings.feeds


def override_servers(urls: list[str]) -> dict[str, str]:
    """Read ``KEY=URL``: feed key → address."""
    return dict(url.partition("=")[::2] for url in urls)


def with_overrides(feeds: tuple[FeedConfig, ...], servers: Mapping[str, str]) -> tuple[FeedConfig, ...]:
    """Return ``feeds`` with the addresses of ``servers``."""
    from dataclasses import replace

    invalid = [key for key, address in servers.items() if key not in {feed.key for feed in feeds} or not address]
    if invalid:
        raise usage_error(f"--url は KEY=URL と書きます / write --url KEY=URL: {', '.join(invalid)}")
    return tuple(replace(feed, url=servers.get(feed.key, feed.url)) for feed in feeds)


def parse_time(text: str | None) -> datetime:
    """Return ``--now``, or the clock's time."""
    from plugins.partners.model.dates import read_moment

    try:
        return read_moment(text) if text else datetime.now(UTC)
    except ValueError as error:
        raise usage_error(f"--now は 2016-02-10T10:00 の形で書きます / write --now as 2016-02-10T10:00: {text}") from error


def address_rules(allow_loopback: bool) -> AddressRules:
    from plugins.partners.http.addresses import GLOBAL_ONLY, WITH_LOOPBACK

    return WITH_LOOPBACK if allow_loopback else GLOBAL_ONLY


def check_proxy(address: str | None) -> str | None:
    """Return ``--proxy`` if it is an address."""
    if address and not address.startswith(("http://", "https://")):
        raise usage_error(f"--proxy は http://host:port と書きます / write --proxy http://host:port: {address}")
    return address


def check_mode(mode: str) -> None:
    if mode not in MODES:
        raise usage_error(f"--mode は publish か review です / --mode is publish or review: {mode}")


def find_feed_or_exit(url: str, settings: Settings, rules: AddressRules, proxy: str | None) -> DiscoveredFeed:
    """Return the feed at ``url``, or the one that the page at ``url`` names."""
    import asyncio

    from plugins.partners.http.client import Limits
    from plugins.partners.model.errors import PartnersError
    from plugins.partners.subscriptions import find_feed

    try:
        return asyncio.run(find_feed(url, settings.contact, rules, Limits(), proxy))
    except (PartnersError, OSError) as error:
        raise failure(str(error)) from error


def read_opml_or_exit(path: Path) -> list[str]:
    """Return the addresses of the feeds in an OPML file."""
    import asyncio

    from plugins.inputs import UnreadableInput, read_named
    from plugins.partners.model.errors import PartnersError
    from plugins.partners.subscriptions import read_opml

    if not path.exists():
        raise usage_error(f"{path}: ファイルがありません / no such file")
    try:
        feeds = asyncio.run(read_opml(read_named(path, _LARGEST_OPML)))
    except UnreadableInput as error:  # a pipe or a device
        raise usage_error(f"{path}: 読めるファイルではありません / no file that can be read") from error
    except PartnersError as error:
        raise usage_error(f"{path}: OPML として読めません / cannot be read as OPML: {error}") from error
    return [address for address, _ in feeds]


def subscription(
    discovered: DiscoveredFeed, settings: Settings, *, key: str, title: str, author: str, licence: str, mode: str, ask: bool
) -> FeedConfig:
    """Return a new feed, made of the options and of the feed's own title and author. Only people know the licence."""
    from plugins.partners.model.config import FeedConfig
    from plugins.partners.model.text import plain_text, shorten
    from plugins.partners.subscriptions import suggest_key

    new_key = key or suggest_key(discovered.url, (feed.key for feed in settings.feeds))
    subscribed = [feed.key for feed in settings.feeds if feed.key == new_key or feed.url == discovered.url]
    if subscribed:
        raise usage_error(f"もう登録してあります / already subscribed: {subscribed[0]}")
    if not licence and not ask:
        raise usage_error("--licence に、書き手に確かめた利用条件を書いてください / say in --licence what the writer allows")
    new_title = shorten(plain_text(title or discovered.feed.title), 200) or new_key
    new_author = shorten(plain_text(author or discovered.feed.author), 200) or new_title
    new_licence = licence or typer.prompt("利用条件（書き手に確かめたもの） / licence, as agreed with the writer")
    return FeedConfig(
        new_key, new_title, discovered.url, discovered.site, new_author, new_licence, "publish" if mode == "publish" else "review"
    )
