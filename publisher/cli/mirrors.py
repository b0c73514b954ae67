"""`todoke mirrors`."""

from __future__ import annotations

import asyncio

import typer

from publisher.cli.runtime import CONFIG, EX_MIRRORS, ConfigPath, errors_on_one_line, load, now
from publisher.targets import delivery
from publisher.targets.mirrors import targets_of


def mirrors(config: ConfigPath = CONFIG) -> None:
    """Ask every mirror which release it shows. 公開先が見せている版を尋ねる

    Exit status 3: a mirror does not answer, or does not show the newest release.
    """
    with errors_on_one_line():
        settings, store = load(config)
        newest = max(store.numbers(), default=None)
        answers = asyncio.run(delivery.current(targets_of(settings, now)))
        for name, answer in answers.items():
            match answer:
                case int():
                    typer.echo(
                        f"{name}: release {answer}" + ("" if answer == newest else f"; the newest is {newest}. todoke release 古い版です")
                    )
                case None:
                    typer.echo(f"{name}: nothing was published there so far. まだ公開していません")
                case str():
                    typer.echo(f"{name}: {answer}", err=True)
        if any(answer != newest for answer in answers.values()):
            raise typer.Exit(EX_MIRRORS)
