"""`todoke mirrors`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import typer

from publisher.cli.runtime import CONFIG, EX_MIRRORS, ConfigPath, MirrorNames, errors_on_one_line, load, now, warn_of_ends
from publisher.model.errors import PublisherError
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.targets import delivery
from publisher.targets.mirrors import targets_of
from publisher.targets.target import Inspection, Target

SHOWN = 20
"""Paths that are listed of each kind."""

Targets = Mapping[str, tuple[Target, float]]


def mirrors(
    config: ConfigPath = CONFIG,
    mirror: MirrorNames = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare every file there with the release, by length and time. すべてのファイルを調べる")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Compare every byte: a whole copy is read. 中身をすべて読んで比べる")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Write anew what differs, and remove what no release has. 違うものを書き直す")
    ] = False,
) -> None:
    """Ask every mirror which release it shows. 公開先が見せている版を尋ねる

    Exit status 3: a mirror does not answer, does not show the newest release, or holds a file that is not as it was released (also if it is mended now).
    """
    with errors_on_one_line():
        settings, store = load(config)
        warn_of_ends(store)
        targets = targets_of(settings, store, now, tuple(mirror or ()))
        if check or full or repair:
            is_well = _check(targets, store, reads_all=full, mends=repair)
        else:
            is_well = _ask(targets, max(store.numbers(), default=None))
        if not is_well:
            raise typer.Exit(EX_MIRRORS)


def _ask(targets: Targets, newest: int | None) -> bool:
    answers = asyncio.run(delivery.current(targets))
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
    return all(answer == newest for answer in answers.values())


def _check(targets: Targets, store: ReleaseStore, *, reads_all: bool, mends: bool) -> bool:
    """Compare, and mend if that is wanted. The store is locked: no release comes in between."""
    with store.locked():
        newest = store.newest()
        if newest is None:
            raise PublisherError("nothing has been released so far / まだ公開版がありません")
        signed = replace(newest, proof=store.proof(newest))
        inspections = asyncio.run(delivery.inspect(targets, signed, store.object, reads_all=reads_all, precedence=store.precedence))
        for name, answer in inspections.items():
            _print(name, answer)
            if mends and isinstance(answer, Inspection) and (answer.altered or answer.strange):
                _mend(name, targets[name][0], signed, answer, store)
    return all(isinstance(answer, Inspection) and answer.is_sound for answer in inspections.values())


def _mend(name: str, target: Target, signed: SignedRelease, inspection: Inspection, store: ReleaseStore) -> None:
    try:
        done = asyncio.run(delivery.repair(target, signed, (*inspection.altered, *inspection.strange), store.object))
    except PublisherError as error:
        typer.echo(f"{name}: FAILED. {error}", err=True)
        return
    typer.echo(f"{name}: {done.written} files written anew, {done.removed} removed. 直しました")


def _print(name: str, inspection: Inspection | str) -> None:
    if isinstance(inspection, str):
        typer.echo(f"{name}: {inspection}", err=True)
        return
    if inspection.is_sound:
        typer.echo(f"{name}: release {inspection.number}, every file as released. すべて公開版のとおりです")
    for words, paths in (
        ("altered or missing 書き換えまたは欠落", inspection.altered),
        ("of no release 公開版にないファイル", inspection.strange),
        ("out of sight; the next release writes it anew 見えていない側で違うもの", inspection.hidden),
    ):
        for path in paths[:SHOWN]:
            typer.echo(f"{name}: {words}: {ascii(path) if not path.isprintable() else path}", err=True)
        if len(paths) > SHOWN:
            typer.echo(f"{name}: {words}: … {len(paths) - SHOWN} more ほか{len(paths) - SHOWN}件", err=True)
