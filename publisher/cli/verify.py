"""`todoke verify`: the door to the package `verifier`, with what only the publishing machine can do: mend a mirror from the store."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import hashlib
import http.server
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from alarm.alarm import Restore, run_command
from alarm.run import run
from alarm.settings import Settings, check, load_settings
from alarm.words import VerifierError
from publisher.cli.runtime import CONFIG, ConfigPath, errors_on_one_line, load, now
from publisher.config import PublishConfig
from publisher.model.errors import PublisherError
from publisher.release.store import ReleaseStore
from publisher.release.tuf_metadata import ROOT
from publisher.targets import delivery
from publisher.targets.mirrors import targets_of
from verifier.model import Mirror


def verify(
    mirror: Annotated[
        list[str] | None, typer.Argument(metavar="[[NAME=]URL]…", help="Mirrors; default: those of the settings. 公開先の番地")
    ] = None,
    settings: Annotated[Path, typer.Option("--settings", help="Settings of the verifier. 見張りの設定")] = Path("verify.toml"),
    root: Annotated[Path | None, typer.Option(help="TUF root file that is trusted. 信頼する親の鍵のファイル")] = None,
    public_key: Annotated[str, typer.Option(help="Public key of minisign that is trusted. 信頼する公開鍵")] = "",
    once: Annotated[bool, typer.Option("--once", help="Look at every file once, and end. 一度だけすべて確かめて終わる")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Mend what was altered. 改ざんを元に戻す")] = False,
    port: Annotated[int, typer.Option("--serve", metavar="PORT", help="Show the status page on 127.0.0.1. 状態のページを見せる")] = 0,
    config: ConfigPath = CONFIG,
) -> None:
    """Compare mirrors with what was signed, from outside, and say what differs. 公開先が署名どおりかを確かめる

    Trust comes from --root, --public-key, the settings, or the store of this machine; never from the mirror. Without --once it stays: critical pages
    every 30 seconds, everything within an hour. Exit status 1: findings; 2: nothing could be judged.
    """
    with errors_on_one_line():
        try:
            watched = _config(mirror or [], settings, root, public_key, config)
            if port:
                serve(Path(watched.folder, "status"), port)
            how = _restore(watched, config) if restore or watched.restore else None
            status = run(watched, typer.echo, is_once=once, restore=how, released=lambda digest: _object(config, digest))
        except VerifierError as error:
            raise PublisherError(str(error)) from error
        except KeyboardInterrupt:
            return
    raise typer.Exit(status)


def _config(mirrors: Sequence[str], settings: Path, root: Path | None, public_key: str, config: Path) -> Settings:
    """Join the settings with the command line. Raises `PublisherError`, `VerifierError`."""
    known = load_settings(settings) if settings.exists() else Settings()
    if mirrors:
        known = dataclasses.replace(known, mirrors=tuple(_mirror(words, known) for words in mirrors))
    if root or public_key:
        known = dataclasses.replace(known, root=str(root or known.root), public_key=public_key or known.public_key)
    if not (known.root or known.public_key) and config.exists():
        store = load(config)[1]
        known = dataclasses.replace(known, root=str(store.root / "metadata" / ROOT) if ROOT in store.metadata() else "")
    return check(known)


def _mirror(words: str, known: Settings) -> Mirror:
    name, _, url = words.partition("=") if "://" not in words.partition("=")[0] else ("", "", words)
    return next((each for each in known.mirrors if url.rstrip("/") == each.url), Mirror(url, name))


def _restore(watched: Settings, config: Path) -> Restore:
    """Return what mends a mirror: the configured command, or a delivery of the newest release. Raises `PublisherError` for a mirror that it cannot find."""
    if watched.restore_command:
        return functools.partial(run_command, watched.restore_command)
    targets_of(*load(config), now, tuple(each.name for each in watched.mirrors))
    return restore_by_delivery(config)


def restore_by_delivery(config: Path) -> Restore:
    """Return what mends a mirror of ``publish.toml`` from the store, in the target's own way. It raises `VerifierError`."""

    def restore(name: str, paths: Sequence[str]) -> str:
        try:
            settings, store = load(config)
            with store.locked():
                try:
                    return asyncio.run(_mend(settings, store, name, paths))
                finally:
                    store.precedence.give_back()  # a verifier lives for months, and the next release wants this mirror
        except TimeoutError as error:
            raise VerifierError(f"{name}: not mended in time / 時間内に終わりませんでした") from error
        except PublisherError as error:
            raise VerifierError(str(error)) from error

    return restore


async def _mend(settings: PublishConfig, store: ReleaseStore, name: str, paths: Sequence[str]) -> str:
    """Bring the newest release to one mirror, then write what was altered and the whole proof anew."""
    newest = store.newest()
    if newest is None:
        raise PublisherError("nothing has been released so far / まだ公開版がありません")
    if damaged := store.missing_or_damaged(newest.release.by_path[path] for path in paths if path in newest.release.by_path):
        raise PublisherError(f"{damaged[0].path}: the store itself is damaged; nothing is mended from it / 保管した版が壊れています")
    signed = dataclasses.replace(newest, proof=store.proof(newest))
    [result] = await delivery.publish(targets_of(settings, store, now, (name,)), signed, store.object, precedence=store.precedence)
    if result.failure:
        raise PublisherError(result.failure)
    target, deadline = targets_of(settings, store, now, (name,))[name]
    async with asyncio.timeout(deadline):
        done = await delivery.repair(target, signed, {*paths, *signed.proof}, store.object)
    return f"release {done.number}, {len(paths)} paths mended, {done.removed} removed 元に戻しました"


def _object(config: Path, digest: str) -> bytes | None:
    """Return a released content from the store of this machine, if it has one that is whole."""
    try:
        file = load(config)[1].object(digest)
        data = file.read_bytes()
    except (PublisherError, OSError):  # the evidence then has what was seen only
        return None
    return data if hashlib.sha256(data).hexdigest() == digest else None


def serve(folder: Path, port: int) -> None:
    """Show the status page and the metrics on this machine alone."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    threading.Thread(target=http.server.ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever, daemon=True).start()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Write nothing: on the terminal stand findings, and nothing else."""
