"""`todoke release-keys root`: a new version of the root, signed by the offline keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from publisher.cli.keys import PUBLIC
from publisher.cli.runtime import CONFIG, ConfigPath, bring, errors_on_one_line, load, now, signing_keys
from publisher.config import PublishConfig
from publisher.model.errors import PublisherError
from publisher.release import make
from publisher.release.files import write_atomically
from publisher.release.keys import new_key, read_key
from publisher.release.minisign import public_key
from publisher.release.root import RootChange, next_root
from publisher.release.store import ReleaseStore
from publisher.release.tuf_metadata import ROOT_LIFE
from publisher.targets.mirrors import targets_of

RELEASE, TIMESTAMP = "release.pem", "timestamp.pem"


def root(
    sign: Annotated[list[Path], typer.Option("--sign", help="A root key that agrees; repeat it for each. 同意する親の鍵")],
    new_release_key: Annotated[
        bool, typer.Option("--new-release-key", help="Replace the key that signs releases. 公開版の鍵を替える")
    ] = False,
    new_time_key: Annotated[bool, typer.Option("--new-time-key", help="Replace the key that signs the time. 時刻の鍵を替える")] = False,
    new_root_keys: Annotated[
        Path | None, typer.Option("--new-root-keys", help="Make new root keys in this folder. 親の鍵を替える（置き場所）")
    ] = None,
    number: Annotated[int, typer.Option(min=1, max=9, help="How many new root keys. 新しい親の鍵の数")] = 3,
    threshold: Annotated[int, typer.Option(min=1, max=9, help="How many of them must agree. 必要な数")] = 2,
    without_passphrase: Annotated[
        bool, typer.Option("--without-passphrase", help="New root keys without a passphrase. 新しい親の鍵に合言葉を付けない")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change. 何が変わるかだけを示す")] = False,
    config: ConfigPath = CONFIG,
) -> None:
    """Sign a new root: it lives two years more, and names new keys if that is wanted. 親の鍵で新しい署名をする

    After a theft or a loss, replace that key. Old root keys are needed each time, as many as must agree. The mirrors get it at once.
    """
    with errors_on_one_line():
        settings, store = load(config)
        signers = [_open(path) for path in sign]
        wanted = {"a new release key": new_release_key, "a new time key": new_time_key, "new root keys": new_root_keys}
        with store.locked():
            next_root(store.metadata(), signers, RootChange(), now())  # raises before any key is made
            changed = ", ".join(words for words, is_wanted in wanted.items() if is_wanted)
            typer.echo(f"A new root until {now() + ROOT_LIFE:%Y-%m-%d}; {changed or 'the same keys'}. 新しい親の署名")
            if dry_run:
                typer.echo("Nothing was changed. 試しです。何も変えていません")
                return
            roots = _new_roots(new_root_keys, number, threshold, without_passphrase)
            _sign(settings, store, signers, _new_keys(settings, new_release_key, new_time_key), roots, threshold)
            _deliver(settings, store, new_release_key)


def _new_keys(settings: PublishConfig, is_release: bool, is_time: bool) -> Mapping[str, Ed25519PrivateKey]:
    """Make the keys of the publishing machine that are wanted, by file name. Each lies beside its place until the root that names it is signed."""
    return {name: new_key(settings.keys / f"{name}.new") for name, is_wanted in ((RELEASE, is_release), (TIMESTAMP, is_time)) if is_wanted}


def _sign(
    settings: PublishConfig,
    store: ReleaseStore,
    signers: list[Ed25519PrivateKey],
    new_keys: Mapping[str, Ed25519PrivateKey],
    roots: list[Ed25519PrivateKey],
    threshold: int,
) -> None:
    """Sign the root that names the new keys, and put them in place of the old ones."""
    change = RootChange(new_keys.get(RELEASE), new_keys.get(TIMESTAMP), roots, threshold)
    store.keep_metadata(store.metadata() | next_root(store.metadata(), signers, change, now()))
    for name in new_keys:
        _put_in_place(settings.keys / name, now())
    _announce(settings, RELEASE in new_keys)


def _deliver(settings: PublishConfig, store: ReleaseStore, is_signed_anew: bool) -> None:
    """Bring the root to every mirror: with the newest release signed by the new key, or with its time signed anew."""
    if newest := store.newest():
        keys = signing_keys(settings)
        again = is_signed_anew and make.republish(store, newest.release.number, keys, now())
        bring(targets_of(settings, store, now), store, again or make.renew(store, keys.timestamp, now()))


def _open(path: Path) -> Ed25519PrivateKey:
    """Read a root key, and ask for its passphrase if it has one. Raises `PublisherError`."""
    if b"ENCRYPTED" not in (path.read_bytes() if path.is_file() else b""):
        return read_key(path)
    return read_key(path, typer.prompt(f"passphrase 合言葉 ({path.name})", hide_input=True).encode())


def _new_roots(folder: Path | None, number: int, threshold: int, without_passphrase: bool) -> list[Ed25519PrivateKey]:
    if folder is None:
        return []
    if threshold > number:
        raise PublisherError(f"{threshold} of {number} root keys cannot agree / しきい値が鍵の数に合いません")
    passphrase = None if without_passphrase else typer.prompt("passphrase 合言葉", hide_input=True, confirmation_prompt=True).encode()
    return [new_key(folder / f"root-{index}.pem", passphrase) for index in range(1, number + 1)]


def _put_in_place(path: Path, moment: dt.datetime) -> None:
    """Move the old key away, since a key is never overwritten, and the new one into its place."""
    if path.exists():
        path.rename(path.with_name(f"{path.name}.until-{moment:%Y%m%dT%H%M%S}"))
    path.with_name(f"{path.name}.new").rename(path)


def _announce(settings: PublishConfig, is_new: bool) -> None:
    if not is_new:
        return
    public = public_key(read_key(settings.keys / RELEASE)).text
    write_atomically(settings.keys / PUBLIC, f"untrusted comment: public key of the releases\n{public}\n".encode())
    typer.echo(f"The new public key 新しい公開鍵: {public}")
    typer.echo("Print it where people find it without the site, in place of the old one. 紙に載せた公開鍵を差し替えてください")
