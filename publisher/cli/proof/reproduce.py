"""`todoke reproduce`."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from publisher.cli.keys import PUBLIC
from publisher.cli.runtime import CONFIG, JAPAN, ConfigPath, load
from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.release import BuildParameters, Release, ReleasedFile
from publisher.proof.reproduction import OUTPUT, Reproduction, Version, check_repeatable, first_difference
from publisher.proof.reproduction import reproduce as build_anew
from publisher.release.minisign import read_public_key, verify
from publisher.release.store import SIGNATURE, ReleaseStore

EX_DIFFERS, EX_TROUBLE = 1, 2
"""Exit statuses, as those of ``diff``: something differs; it could not be tried."""


def reproduce(
    release: Annotated[
        str, typer.Argument(help="Number of a release, or a manifest.txt that a mirror serves. 版の番号、または manifest.txt のファイル")
    ],
    config: ConfigPath = CONFIG,
    repository: Annotated[Path, typer.Option(help="A clone that has the commit. コミットのあるリポジトリ")] = Path(),
    keep: Annotated[
        Path | None, typer.Option(help="Keep what was built in this new folder. 作り直したものを残すフォルダー（新しく作ります）")
    ] = None,
    python: Annotated[str, typer.Option(help="Interpreter with the versions of that time. 当時の版を入れた Python")] = "",
    public_key: Annotated[
        str, typer.Option("--public-key", help="Check the manifest's signature with this key. 署名を確かめる公開鍵")
    ] = "",
    now: Annotated[str, typer.Option(help="The build's moment, for releases that do not name it. 記録がないときのビルドの日時")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For other programs. 機械向け")] = False,
) -> None:
    """Build a release's commit anew and compare byte for byte. 公開した版を作り直し、一字一句比べる

    Exit status as that of diff: 0 equal, 1 something differs, 2 it could not be tried.
    """
    try:
        wanted, store, words = _release(release, config, public_key)
        wanted = _with_moment(wanted, now)
        check_repeatable(wanted, repository)
        typer.echo(words, err=True)
        typer.echo(f"Building commit {wanted.commit[:12]} anew, as of {_moment(wanted)}. 作り直しています", err=True)
        with ExitStack() as stack:
            folder = _make_empty(keep) if keep else Path(stack.enter_context(TemporaryDirectory(prefix="todoke-reproduce-")))
            result = build_anew(wanted, repository, folder, python or sys.executable)
            _print(wanted, result, store, folder / OUTPUT / "site", as_json=as_json)
    except PublisherError as error:
        typer.echo(" ".join(str(error).split()), err=True)
        raise typer.Exit(EX_TROUBLE) from None
    if not result.is_equal:
        raise typer.Exit(EX_DIFFERS)


def _release(name: str, config: Path, public_key: str) -> tuple[Release, ReleaseStore | None, str]:
    """Return the release, the store that holds its files if there is one, and a line that says what of its signature was checked."""
    if name.isdecimal():
        settings, store = load(config)
        signed = store.load(int(name))
        key_file = settings.keys / PUBLIC
        data, signature = signed.proof[manifest.PATH], signed.proof[SIGNATURE]
        return signed.release, store, _check(data, signature, public_key or (str(key_file) if key_file.is_file() else ""))
    file = Path(name)
    try:
        data = file.read_bytes()
        beside = file.with_name(f"{file.name}.minisig")
        signature = beside.read_bytes() if public_key else b""
    except OSError as error:
        raise PublisherError(
            f"{error.filename}: {error.strerror}. Give the number of a release, or a manifest.txt with its .minisig / 目録が読めません"
        ) from error
    return manifest.parse(data, lambda path: _read_list(file, path)), None, _check(data, signature, public_key)


def _read_list(file: Path, path: str) -> bytes | None:
    """Return a list of files that a manifest names: it lies in ``files/`` beside it as on a mirror, or one further up as in an audit pack."""
    name = path.removeprefix(manifest.LISTS)
    places = (file.parent / "files" / name, file.parent.parent / "files" / name)
    return next((place.read_bytes() for place in places if place.is_file()), None)


def _check(data: bytes, signature: bytes, public_key: str) -> str:
    if not public_key:
        return "The signature was NOT checked: give --public-key. 署名は確かめていません"
    file = Path(public_key)
    key = read_public_key(file.read_text("utf-8", "replace") if file.is_file() else public_key)
    return f"The signature holds: {verify(data, signature, key)}. 署名は合っています"


def _with_moment(release: Release, now: str) -> Release:
    """Let ``now`` stand for what the release does not name. Raises `PublisherError`."""
    if not now or release.build:
        return release
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise PublisherError(f"cannot read {now!r}: write 2021-03-31T12:00 / 日時が読めません") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=JAPAN)
    options = {"folder": ".", "content": "content", "publications": "publications.toml"}
    return replace(release, build=BuildParameters(moment, options))


def _moment(release: Release) -> str:
    return release.build.moment.isoformat() if release.build else ""


def _make_empty(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PublisherError(f"{folder}: is there already; nothing is overwritten / すでにあります。上書きはしません")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PublisherError(f"{folder}: {error.strerror} / フォルダーが作れません") from error
    return folder


def _print(release: Release, result: Reproduction, store: ReleaseStore | None, site: Path, *, as_json: bool) -> None:
    for other in result.versions:
        typer.echo(_version_line(other), err=True)
    if as_json:
        typer.echo(json.dumps(_record(release, result), ensure_ascii=False, indent=1))
        return
    for old, new in result.differing:
        typer.echo(f"differs 違う: {old.path} ({_lengths(old, new)}{_where(old, store, site)})")
    for file in result.missing:
        typer.echo(f"missing: released, not built now 今回できなかった: {file.path}")
    for file in result.additional:
        typer.echo(f"additional: built now, not released 公開した版にない: {file.path}")
    if result.is_equal:
        typer.echo(f"Equal: all {result.equal:,} files of release {release.number} came out byte for byte. 一字一句同じです")
    else:
        typer.echo(
            f"NOT equal: {len(result.differing)} differ, {len(result.missing)} missing, {len(result.additional)} additional; {result.equal:,} equal. "
            "同じではありません"
        )
        if result.versions:
            typer.echo(
                "Install the versions of that time (requirements.txt of the commit: pip install --require-hashes -r requirements.txt) into an empty "
                "environment, and name its interpreter with --python. 当時の版を入れた環境で、もう一度試してください",
                err=True,
            )


def _version_line(other: Version) -> str:
    return f"version 版の違い: {other.name} was {other.recorded or 'not there'} at the release, is {other.here or 'not there'} here"


def _lengths(old: ReleasedFile, new: ReleasedFile) -> str:
    return f"{old.length:,} bytes" if old.length == new.length else f"{old.length:,} → {new.length:,} bytes"


def _where(file: ReleasedFile, store: ReleaseStore | None, site: Path) -> str:
    offset = first_difference(store.object(file.sha256), site / file.path) if store else None
    return "" if offset is None else f", first at byte {offset:,}"


def _record(release: Release, result: Reproduction) -> dict[str, Any]:
    return {
        "release": release.number,
        "commit": release.commit,
        "is_equal": result.is_equal,
        "equal": result.equal,
        "differing": [old.path for old, _ in result.differing],
        "missing": [file.path for file in result.missing],
        "additional": [file.path for file in result.additional],
        "versions": [asdict(other) for other in result.versions],
    }
