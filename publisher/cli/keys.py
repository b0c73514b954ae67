"""`todoke release-keys`: the keys that sign releases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.proof.time_stamps import stamp_missing
from publisher.cli.runtime import CONFIG, EX_MIRRORS, ConfigPath, errors_on_one_line, load, now, signing_keys
from publisher.model.errors import PublisherError
from publisher.release import make
from publisher.release.files import write_atomically
from publisher.release.keys import new_key
from publisher.release.minisign import public_key
from publisher.release.tuf_metadata import FOLDER, ROOT, TIMESTAMP, SigningKeys, check_threshold, new_root
from publisher.targets import delivery
from publisher.targets.mirrors import targets_of

PUBLIC = "release.pub"

RENEWAL_WAIT = 600.0
"""Seconds that the timer's command waits for a release that is on its way: otherwise the next try would be an hour later."""


def new(
    root: Annotated[
        Path, typer.Option(help="Where the root keys go: a stick that is kept in a safe. 親の鍵の置き場所（金庫に入れる媒体）")
    ],
    number: Annotated[int, typer.Option(min=1, max=9, help="How many root keys. 親の鍵の数")] = 3,
    threshold: Annotated[int, typer.Option(min=1, max=9, help="How many of them must agree to new keys. 必要な数")] = 2,
    without_passphrase: Annotated[
        bool, typer.Option("--without-passphrase", help="Root keys without a passphrase. 親の鍵に合言葉を付けない")
    ] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Make the keys: root keys for the safe, two for this machine. 鍵を作る

    Root keys say which other keys count, and are needed once in two years or after a theft. Keep them apart, with different people.
    """
    with errors_on_one_line():
        settings, store = load(config)
        if ROOT in store.metadata():
            raise PublisherError(f"{settings.store} has keys already; they are never overwritten / すでに鍵があります")
        check_threshold(threshold, number)  # before the first key: one that is made is never overwritten
        passphrase = None if without_passphrase else typer.prompt("passphrase 合言葉", hide_input=True, confirmation_prompt=True).encode()
        roots = [new_key(root / f"root-{index}.pem", passphrase) for index in range(1, number + 1)]
        online = SigningKeys(new_key(settings.keys / "release.pem"), new_key(settings.keys / "timestamp.pem"))
        store.keep_metadata({ROOT: new_root(roots, threshold, online, now())})
        public = public_key(online.targets)
        text = f"untrusted comment: public key of the releases\n{public.text}\n"
        write_atomically(settings.keys / PUBLIC, text.encode())
        typer.echo(
            f"{number} root keys in {root}: keep them apart, and away from this machine. 親の鍵は別々に、この機械から離して保管してください"
        )
        typer.echo(f"Public key 公開鍵: {public.text}")
        typer.echo(
            "Anybody can check a release: minisign -Vm manifest.txt -P PUBLIC_KEY; sha256sum --check manifest.txt. だれでも確かめられます"
        )


def show(config: ConfigPath = CONFIG) -> None:
    """Show the public key. 公開鍵を示す"""
    with errors_on_one_line():
        settings, _ = load(config)
        typer.echo(public_key(signing_keys(settings).targets).text)


def renew(config: ConfigPath = CONFIG) -> None:
    """Sign a new timestamp and bring it to every mirror; for a timer, each hour. 時刻の署名を新しくする（1時間ごとのタイマー用）"""
    with errors_on_one_line():
        settings, store = load(config)
        with store.locked(RENEWAL_WAIT):
            signed = make.renew(store, signing_keys(settings).timestamp, now())
            proof = {FOLDER + TIMESTAMP: signed.proof[FOLDER + TIMESTAMP]}
            failures = asyncio.run(delivery.renew(targets_of(settings, store, now), proof, store.precedence))
            store.precedence.give_back()
        stamp_missing(settings, store)
        for name, words in failures.items():
            typer.echo(f"{name}: FAILED. {words}", err=True)
        if failures:
            raise typer.Exit(EX_MIRRORS)
