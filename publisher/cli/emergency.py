"""`todoke emergency release`: the publisher's part of an emergency."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from publisher.cli.runtime import CONFIG, EX_MIRRORS, OUTPUT, ConfigPath, OutputPath, errors_on_one_line, load, now, signing_keys
from publisher.pipeline import urgent


def release(
    config: ConfigPath = CONFIG,
    output: OutputPath = OUTPUT,
    seconds: Annotated[
        float, typer.Option("--for", min=1, help="Seconds after which nothing is tried again. あきらめるまでの秒数")
    ] = 600.0,
) -> None:
    """Sign what changed and bring it to every mirror, each in a process of its own. Part of `emergency publish`. 変わった分だけ署名して公開

    Reads lines of JSON with the paths that changed, and writes one for each result. To do it by hand, run todoke release: it brings everything.
    """
    with errors_on_one_line():
        settings, store = load(config)
        store.newest()  # before the processes of the mirrors are forked: all of them need it
        end = time.monotonic() + seconds
        forks = urgent.Forks(settings, store, now, seconds)
        signer = urgent.UrgentSigner(settings, store, output, lambda: signing_keys(settings), now)
        if not urgent.run(signer, forks, iter(sys.stdin), lambda: time.monotonic() >= end):
            raise typer.Exit(EX_MIRRORS)
