"""Time stamps at the end of a release, and again at each renewal. Whatever goes wrong with them is told, and holds up nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from publisher.cli.runtime import JAPAN
from publisher.config import PublishConfig
from publisher.model.errors import PublisherError
from publisher.release.store import ReleaseStore


@contextmanager
def stamped_afterwards(settings: PublishConfig, store: ReleaseStore) -> Iterator[None]:
    """Ask for time stamps after the block, also when a mirror failed in it."""
    try:
        yield
    except typer.Exit:
        stamp_missing(settings, store)
        raise
    stamp_missing(settings, store)


def stamp_missing(settings: PublishConfig, store: ReleaseStore) -> None:
    """Ask for the time stamps of the newest releases that have none. Nothing without ``[timestamp]``."""
    if settings.timestamp is None:
        return
    from publisher.release import time_stamp  # an HTTP client, which takes a while to load: only for those who have an authority

    try:
        asked = settings.timestamp
        for number, moment in time_stamp.stamp_missing(store, asked.certificates, asked.url, asked.deadline):
            typer.echo(f"release {number}: time stamp of {moment.astimezone(JAPAN):%Y-%m-%d %H:%M:%S %Z}. 時刻印を受けました")
    except PublisherError as error:
        typer.echo(
            f"{' '.join(str(error).split())}. It is asked for again by: todoke release-keys renew. 次の更新でもう一度試します", err=True
        )
