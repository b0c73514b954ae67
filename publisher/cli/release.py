"""`todoke release`, `releases` and `rollback`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.proof.time_stamps import stamped_afterwards
from publisher.cli.runtime import (
    CONFIG,
    JAPAN,
    OUTPUT,
    ConfigPath,
    MirrorNames,
    OutputPath,
    bring,
    errors_on_one_line,
    load,
    now,
    signing_keys,
    warn_of_ends,
)
from publisher.config import read_audit_anchor
from publisher.model.errors import PublisherError
from publisher.model.release import changes
from publisher.pipeline.source.uncommitted import require_kept
from publisher.release.make import Draft, commit_of, draft, make, one_further_back, renew, republish
from publisher.release.notices import taken_back
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import SigningKeys
from publisher.targets.mirrors import targets_of

SHOWN = 20
"""Paths that a dry run lists of each kind."""


def release(
    config: ConfigPath = CONFIG,
    output: OutputPath = OUTPUT,
    mirror: MirrorNames = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change. 何が変わるかだけを示す")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="A new number though nothing changed, and every stored file checked. 変更がなくても新しい版に")
    ] = False,
    take_down: Annotated[
        bool, typer.Option("--take-down", help="Also if a notice in force goes that no commit has. 出ている知らせが下りてもよい")
    ] = False,
) -> None:
    """Sign what is built and bring it to every mirror. できあがったサイトに署名し、すべての公開先へ

    A reader sees the old site or the new one. What the build held back is named, and is in the release's manifest. May be repeated: a mirror that was
    cut goes on where it was. If nothing changed, the newest release goes to the mirrors that do not show it. Exit status 3: the release is made, and at least one mirror does not show it.
    """
    with errors_on_one_line():
        settings, store = load(config)
        warn_of_ends(store)
        if dry_run:
            _print_draft(draft(store, output, now(), commit=commit_of(Path()), audit_anchor=read_audit_anchor(settings.audit_anchor)))
            return
        keys, targets = signing_keys(settings), targets_of(settings, store, now, tuple(mirror or ()))
        with stamped_afterwards(settings, store), store.locked():  # the stamp last: an authority takes its time
            planned = draft(store, output, now(), commit=commit_of(Path()), audit_anchor=read_audit_anchor(settings.audit_anchor))
            newest = store.newest()
            if newest and not take_down:
                require_kept(output, newest.release, planned.release, now())
            _print_held_back(planned)
            _warn_of_changes(planned)
            signed = _signed(store, output, planned, keys, force)
            bring(targets, store, signed)


def _signed(store: ReleaseStore, output: Path, planned: Draft, keys: SigningKeys, force: bool) -> SignedRelease:
    """Return the new release, or the newest one if nothing changed: then only its time is signed anew."""
    if not planned.is_new and not force:
        signed = renew(store, keys.timestamp, now())
        typer.echo(f"nothing changed since release {signed.release.number}; its time is signed anew. 変更はありません")
        return signed
    signed = make(store, output, planned, keys, mends_store=force)
    typer.echo(f"release {planned.release.number}: {len(planned.release.files)} files, {planned.changes.length:,} new bytes. 署名しました")
    return signed


def releases(
    config: ConfigPath = CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs. 機械向け")] = False,
) -> None:
    """List the releases, newest first. 公開した版の一覧"""
    with errors_on_one_line():
        _, store = load(config)
        rows = [store.load(number).release for number in reversed(store.numbers())]
        if as_json:
            record = [
                {
                    "number": row.number,
                    "moment": row.moment.isoformat(),
                    "commit": row.commit,
                    "files": len(row.files),
                    "held_back": list(row.held_back),
                    "restores": row.restores,
                }
                for row in rows
            ]
            typer.echo(json.dumps(record, ensure_ascii=False, indent=1))
            return
        for row in rows:
            held = f", {len(row.held_back)} held back 公開見合わせ" if row.held_back else ""
            held += f", the files of {row.restores} 第{row.restores}版に戻した版" if row.restores else ""
            typer.echo(
                f"{row.number}  {row.moment.astimezone(JAPAN):%Y-%m-%d %H:%M %Z}  {row.commit[:12] or '-'}  {len(row.files)} files{held}"
            )
        if not rows:
            typer.echo("Nothing was released so far: todoke release. まだ公開した版がありません")


def rollback(
    number: Annotated[
        int | None, typer.Argument(help="The release whose files come back; default: the one before. 戻す版の番号（省けば一つ前）")
    ] = None,
    config: ConfigPath = CONFIG,
    mirror: MirrorNames = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change. 何が変わるかだけを示す")] = False,
    take_down: Annotated[
        bool, typer.Option("--take-down", help="Also if a notice in force goes, or becomes an older one. 出ている知らせが下りてもよい")
    ] = False,
) -> None:
    """Bring the files of an older release back to every mirror. 前の版に戻す

    They become a new release with a number of its own: a verifier that has seen a number refuses a lower one. Repeated, it goes one further back each time.
    It is refused if a notice in force would go, or become an older version of itself.
    """
    with errors_on_one_line():
        settings, store = load(config)
        numbers = store.numbers()
        wanted = number if number is not None else one_further_back(store)
        if wanted is None or wanted not in numbers:
            raise PublisherError(
                f"there is no release {wanted or 'further back than what is shown'}: todoke releases lists them / 戻せる版がありません"
            )
        if dry_run:
            difference = changes(store.load(numbers[-1]).release, store.load(wanted).release)
            typer.echo(
                f"release {wanted} would come back: {len(difference.written)} files written, {len(difference.removed)} removed. 試しです"
            )
            _require_notices(store, wanted, take_down=take_down)
            return
        keys, targets = signing_keys(settings), targets_of(settings, store, now, tuple(mirror or ()))
        with stamped_afterwards(settings, store), store.locked():  # the stamp last: an authority takes its time
            _require_notices(store, wanted, take_down=take_down)
            signed = republish(store, wanted, keys, now(), audit_anchor=read_audit_anchor(settings.audit_anchor))
            typer.echo(f"release {signed.release.number}: the files of release {wanted}. 第{wanted}版の内容に戻します")
            bring(targets, store, signed)


def _require_notices(store: ReleaseStore, number: int, *, take_down: bool) -> None:
    """Raise `PublisherError` if a notice in force would not be as it is."""
    newest = store.newest()
    if newest is None or take_down:
        return
    older = store.load(number).release
    if lost := taken_back(newest.release, older, lambda file: store.object(file.sha256).read_bytes(), now()):
        raise PublisherError(
            f"{', '.join(lost)}: in force, and release {number} does not have it as it is. Take back the article alone (git revert), or, if the notice "
            "may go, give --take-down / 出ている知らせが下りるか、古い内容に戻ります。記事だけを直すか、下りてもよければ --take-down を付けてください"
        )


def _print_draft(planned: Draft) -> None:
    difference = planned.changes
    typer.echo(
        f"release {planned.release.number} would have {len(planned.release.files)} files: {len(difference.added)} new, {len(difference.changed)} changed, "
        f"{len(difference.removed)} gone; {difference.length:,} bytes. 試しです。何も公開していません"
    )
    for sign, paths in (
        ("+", [file.path for file in difference.added]),
        ("~", [file.path for file in difference.changed]),
        ("-", list(difference.removed)),
    ):
        for path in paths[:SHOWN]:
            typer.echo(f"{sign} {path}")
        if len(paths) > SHOWN:
            typer.echo(f"{sign} … {len(paths) - SHOWN} more ほか{len(paths) - SHOWN}件")
    _print_held_back(planned)


def _warn_of_changes(planned: Draft) -> None:
    if planned.release.commit.endswith("+"):
        typer.echo(
            "The checkout has changes that are in no commit: nobody can build this release anew (todoke reproduce). "
            "コミットしていない変更があるため、この版は後から作り直せません",
            err=True,
        )


def _print_held_back(planned: Draft) -> None:
    for words in planned.release.held_back:
        typer.echo(f"held back, not in this release 公開見合わせ: {words}", err=True)
