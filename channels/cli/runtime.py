"""What the commands share."""

from __future__ import annotations

import datetime as dt
import getpass
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import SecretStr

from channels.announcement import Announcement, Drill, Live
from channels.dispatch.worker import Opener
from channels.model import Adapter
from channels.outbox.outbox import Outbox
from channels.settings import FILE, AnyChannel, ChannelsError, Settings, load_settings

CONFIG = Path(FILE)
ConfigPath = Annotated[Path, typer.Option("--config", help="The settings of the channels. 告知先の設定")]
Channels = Annotated[list[str], typer.Option("--channel", metavar="NAME", help="Only this channel; may be repeated. この告知先だけ")]
Format = Annotated[Literal["text", "json"], typer.Option("--format", help="Text, or lines of JSON for other programs. 出力の形")]
Person = Annotated[str, typer.Option("--as", metavar="NAME", help="Who orders it, for the audit log. 指示する人")]
EX_LATE = 3
"""Exit status when something has not been posted: it is late, refused, or nobody knows."""
AnyAnnouncement = Announcement[Live] | Announcement[Drill]


@contextmanager
def errors_on_one_line() -> Iterator[None]:
    """End the command with status 1 and one line for what the operator has to mend."""
    try:
        yield
    except ChannelsError as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(1) from None


def settings_of(config: Path) -> Settings:
    """Read the settings. Raises `ChannelsError`."""
    settings = load_settings(config)
    if not settings.channel:
        raise ChannelsError(f"{config}: there is no [[channel]] in it / 告知先がひとつもありません")
    return settings


def adapter_opener(outbox: Outbox) -> Opener:
    """Return what opens the adapter of a channel. The networks' code is imported when the first of them is opened: other commands do not wait for it."""

    def open_adapter(channel: AnyChannel, secret: SecretStr) -> Adapter:
        adapters = import_module("channels.adapters")
        opened: Adapter = adapters.open_adapter(channel, secret, adapters.Outside(now, outbox.push_subscriptions(now)))
        return opened

    return open_adapter


def now() -> dt.datetime:
    """The wall clock."""
    return dt.datetime.now(dt.UTC)


def actor(person: str = "") -> str:
    """Who is to stand in the audit log: the name that was given, and the account on this machine."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # no such account, as in some containers
        account = "unknown"
    return f"{person} ({account})" if person else f"channels ({account})"


def log_to_stderr() -> None:
    """Let what happens to posts be seen, line by line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("channels")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)


def local(moment: dt.datetime) -> str:
    """A moment for people, in the zone of the machine."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def environ() -> dict[str, str]:
    """The environment, in which secrets may be."""
    return dict(os.environ)
