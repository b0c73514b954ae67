"""Makes a release of a built site: scan, number, manifests, signatures, store."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.media import media_type
from publisher.model.release import Changes, Release, ReleasedFile, changes
from publisher.release.intake import take_in
from publisher.release.minisign import sign
from publisher.release.provenance import ask_git, read_provenance
from publisher.release.root import require_named
from publisher.release.scan import Scan, scan
from publisher.release.store import SIGNATURE, ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import TIMESTAMP, SigningKeys, named_digest, renew_timestamp, sign_release


@dataclass(frozen=True)
class Draft:
    """A release that could be made, and what it would change. ``changes`` are against the newest release."""

    release: Release
    changes: Changes
    scan: Scan
    is_new: bool = True
    """False if the newest release has the same files, held back the same, and is completely signed."""


def draft(store: ReleaseStore, output: Path, now: dt.datetime, *, commit: str = "", audit_anchor: str = "") -> Draft:
    """Compare ``output/site`` with the newest release. Nothing is written. Raises `PublisherError`."""
    newest = store.newest()
    provenance = read_provenance(output)
    seen = scan(output / "site", store.stamps())
    release = Release(
        number=newest.release.number + 1 if newest else 1,
        moment=now.replace(microsecond=0),
        files=seen.files,
        commit=commit,
        tools=provenance.tools,
        held_back=held_back(output),
        audit_anchor=audit_anchor,
        build=provenance.build,
    )
    is_new = newest is None or not _says_the_same(newest.release, release) or not _is_in_force(store, newest)
    return Draft(release, changes(newest.release if newest else None, release), seen, is_new)


def _says_the_same(old: Release, new: Release) -> bool:
    return (old.files, old.held_back) == (new.files, new.held_back)


def _is_in_force(store: ReleaseStore, signed: SignedRelease) -> bool:
    """Whether TUF's metadata names this release: a program that was killed may have kept a release without them."""
    return named_digest(store.metadata(), manifest.PATH) == hashlib.sha256(signed.proof[manifest.PATH]).hexdigest()


def make(store: ReleaseStore, output: Path, planned: Draft, keys: SigningKeys, *, mends_store: bool = False) -> SignedRelease:
    """Sign and keep a planned release; with ``mends_store`` every object is read, and one that is damaged is copied anew from the site.

    Raises `PublisherError`; then the newest release is the one before.
    """
    if mends_store:
        store.drop_damaged(planned.release.files)
    signed = _sign_and_keep(store, planned.release, output / "site", keys)
    store.keep_stamps(planned.scan.stamps)
    return signed


def republish(store: ReleaseStore, number: int, keys: SigningKeys, now: dt.datetime, *, audit_anchor: str = "") -> SignedRelease:
    """Make a new release with the files of an old one: a rollback. It has a number of its own, since versions only grow. Raises `PublisherError`."""
    old, newest = store.load(number).release, store.numbers()[-1]
    damaged = store.missing_or_damaged(
        changes(store.load(newest).release, old).written
    )  # the rest is on the mirrors; what is sent is checked anyway
    if damaged:
        paths = ", ".join(file.path for file in damaged[:3])
        raise PublisherError(
            f"release {number}: {len(damaged)} files are missing or damaged in the store: {paths} / 保管した版が壊れています"
        )
    again = replace(
        old, number=newest + 1, moment=now.replace(microsecond=0), audit_anchor=audit_anchor or old.audit_anchor, restores=number
    )
    return _sign_and_keep(store, again, None, keys)


def renew(store: ReleaseStore, key: Ed25519PrivateKey, now: dt.datetime) -> SignedRelease:
    """Sign the time anew, and return the newest release with everything that proves it. Raises `PublisherError` if there is none."""
    metadata = store.metadata()
    metadata[TIMESTAMP] = renew_timestamp(metadata, key, now)
    newest = store.newest()
    if newest is None:
        raise PublisherError("nothing has been released so far / まだ公開版がありません")
    store.keep_metadata(metadata)
    return replace(newest, proof=store.proof(newest))


def one_further_back(store: ReleaseStore) -> int | None:
    """Return the number of the release to which a rollback without a number goes: the last one before that shows something else, or None.

    A rollback is a release too. So after a rollback to 12 the way goes on from 12, never forward to the release that was left.
    """
    numbers = store.numbers()
    shown = store.load(numbers[-1]).release if numbers else None
    place = shown.restores or shown.number if shown else 0
    while place in numbers and (restored := store.load(place).release.restores):
        place = restored
    before = (number for number in reversed(numbers) if number < place)
    return next((number for number in before if shown and store.load(number).release.files != shown.files), None)


def make_of_changes(
    store: ReleaseStore, output: Path, planned: Draft, paths: Sequence[str], keys: SigningKeys, now: dt.datetime
) -> SignedRelease:
    """Make a release of a draft that was planned before ``paths`` of the site were written: only these are looked at again.

    What comes out is what `make` makes, in a third of the time: an emergency waits for it. The commit gets a ``+``, since a commit may not have the notice
    yet. Returns the newest release if nothing differs from it. Raises `PublisherError`.
    """
    newest, site, moment = store.newest(), output / "site", now.replace(microsecond=0)
    read = take_in(store, site, paths, moment)
    others = [file for file in planned.release.files if file.path not in read]
    everything = tuple(sorted([*others, *(entry[0] for entry in read.values() if entry)], key=lambda file: file.path))
    if newest and newest.release.files == everything and _is_in_force(store, newest):
        return replace(newest, proof=store.proof(newest))
    commit = f"{planned.release.commit.removesuffix('+')}+" if planned.release.commit else ""
    number = newest.release.number + 1 if newest else 1
    release = replace(planned.release, number=number, moment=moment, files=everything, commit=commit)
    is_known = newest is not None and _is_in_force(store, newest)
    difference = changes(newest.release, release) if newest and is_known else None
    changed = {*(file.path for file in difference.written), *difference.removed} if difference else None
    signed = _sign_and_keep(store, release, site, keys, changed)
    if planned.scan.stamps:  # or the next scan would read all of them again
        store.keep_stamps({**planned.scan.stamps, **{path: entry[1] for path, entry in read.items() if entry}})
    return signed


def _sign_and_keep(
    store: ReleaseStore, release: Release, site: Path | None, keys: SigningKeys, changed: Collection[str] | None = None
) -> SignedRelease:
    signed, old = sign_manifest(release, keys), store.metadata()
    require_named(old, keys)
    extra = [_released(path, signed.proof[path]) for path in (manifest.PATH, SIGNATURE)]  # which names the rest by digest
    metadata = sign_release(release, extra, keys, old, release.moment, changed)
    store.keep(signed, site, changed)
    store.keep_metadata(metadata)
    return replace(signed, proof=store.proof(signed))


def sign_manifest(release: Release, keys: SigningKeys) -> SignedRelease:
    """Return the release with its manifest and the signature of that."""
    texts = manifest.render(release)
    comment = f"todoke release {release.number} of {release.moment.isoformat()}"
    return SignedRelease(release, {**texts, SIGNATURE: sign(texts[manifest.PATH], keys.targets, comment)})


def _released(path: str, data: bytes) -> ReleasedFile:
    return ReleasedFile(path, hashlib.sha256(data).hexdigest(), len(data), media_type(path), "no-cache")


def held_back(output: Path) -> tuple[str, ...]:
    """Return what the build left out (``output/held-back.json``: objects with ``path`` and ``reason``), one line each; nothing without that file."""
    file = output / "held-back.json"
    if not file.is_file():
        return ()
    try:
        return tuple(" ".join(f"{entry['path']} {entry['reason']}".split()) for entry in json.loads(file.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublisherError(f"{file}: cannot be read, so the release could not name what was held back: {error} / 読めません") from error


def commit_of(folder: Path) -> str:
    """Return the commit of the checkout, with ``+`` if files differ from it; empty outside of a repository or without Git."""
    head = ask_git(folder, "rev-parse", "HEAD")
    if head is None:
        return ""
    return head + ("+" if ask_git(folder, "status", "--porcelain", "--untracked-files=normal") else "")
