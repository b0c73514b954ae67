"""What the commands share: options, one line for an error, a bar for each mirror."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from publisher.config import PublishConfig, load_config
from publisher.model.errors import PublisherError
from publisher.release.keys import read_key
from publisher.release.root import warnings
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import SigningKeys
from publisher.targets import delivery
from publisher.targets.delivery import Result
from publisher.targets.target import Target

ConfigPath = Annotated[Path, typer.Option("--config", help="Where releases go. 公開先の設定")]
OutputPath = Annotated[Path, typer.Option("--output", help="The folder that `todoke build` wrote. できあがりのフォルダー")]
MirrorNames = Annotated[list[str] | None, typer.Option("--mirror", help="Only this mirror; may be repeated. この公開先だけ")]
CONFIG, OUTPUT = Path("publish.toml"), Path("output")
JAPAN = ZoneInfo("Asia/Tokyo")

EX_MIRRORS = 3
"""Exit status when the release is made, and at least one mirror does not show it."""

err = Console(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)


@contextmanager
def errors_on_one_line() -> Iterator[None]:
    """End the command with status 1 and one line for what the operator has to mend."""
    try:
        yield
    except PublisherError as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(1) from None


def load(config: Path) -> tuple[PublishConfig, ReleaseStore]:
    """Read the settings and open the store. Raises `PublisherError`."""
    settings = load_config(config)
    return settings, ReleaseStore(settings.store)


def signing_keys(settings: PublishConfig) -> SigningKeys:
    """Read the two keys of the publishing machine. Raises `PublisherError`."""
    return SigningKeys(read_key(settings.keys / "release.pem"), read_key(settings.keys / "timestamp.pem"))


def warn_of_ends(store: ReleaseStore) -> None:
    """Print on the error stream what ends soon, and what to do."""
    for words in warnings(store.metadata(), now()):
        typer.echo(words, err=True)


def now() -> dt.datetime:
    """The wall clock, in Japan's zone."""
    return dt.datetime.now(JAPAN)


def bring(targets: Mapping[str, tuple[Target, float]], store: ReleaseStore, signed: SignedRelease) -> None:
    """Publish on ``targets`` with a bar for each, and print the result. Ends with `EX_MIRRORS` if a mirror failed."""
    if not targets:
        typer.echo("publish.toml names no mirror: the release is kept, and nobody sees it. 公開先がないため、公開はしていません")
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        tasks = {name: bar.add_task(name, total=None) for name in targets}
        watch = lambda name, done, total: bar.update(tasks[name], completed=done, total=total)  # noqa: E731
        results = asyncio.run(delivery.publish(targets, signed, store.object, watch, precedence=store.precedence))
        store.precedence.give_back()
    for result in results:
        print_result(result)
    if any(result.failure for result in results):
        raise typer.Exit(EX_MIRRORS)


def print_result(result: Result) -> None:
    """Print one line for a mirror; a failure goes to the error stream."""
    if result.published is None:
        typer.echo(f"{result.name}: FAILED after {result.seconds:.1f} s. {result.failure}", err=True)
        return
    done = result.published
    typer.echo(
        f"{result.name}: release {done.number} in {result.seconds:.1f} s; {done.written} files written ({done.length:,} bytes sent), "
        f"{done.removed} removed. 公開しました"
        + (
            f" {done.mended} were not as they had been written, and are mended. 書き換えられていた{done.mended}件を直しました"
            if done.mended
            else ""
        )
    )
