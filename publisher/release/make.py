"""Makes a release of a built site: scan, number, manifests, signatures, store."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.media import media_type
from publisher.model.release import Changes, Release, ReleasedFile, changes
from publisher.release.minisign import sign
from publisher.release.scan import Scan, scan
from publisher.release.store import SIGNATURE, ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import SigningKeys, sign_release

TOOLS = ("todoke", "pelican", "markdown", "jinja2", "lxml", "pillow")
"""The packages whose version changes bytes of the site."""


@dataclass(frozen=True)
class Draft:
    """A release that could be made, and what it would change. ``changes`` are against the newest release."""

    release: Release
    changes: Changes
    scan: Scan


def draft(store: ReleaseStore, output: Path, now: dt.datetime, *, commit: str = "", audit_anchor: str = "") -> Draft:
    """Compare ``output/site`` with the newest release. Nothing is written. Raises `PublisherError`."""
    newest = store.newest()
    seen = scan(output / "site", store.stamps())
    release = Release(
        number=newest.release.number + 1 if newest else 1,
        moment=now.replace(microsecond=0),
        files=seen.files,
        commit=commit,
        tools=tool_versions(),
        held_back=held_back(output),
        audit_anchor=audit_anchor,
    )
    return Draft(release, changes(newest.release if newest else None, release), seen)


def make(store: ReleaseStore, output: Path, planned: Draft, keys: SigningKeys) -> SignedRelease:
    """Sign and keep a planned release. Raises `PublisherError`; then the newest release is the one before."""
    signed = _sign_and_keep(store, planned.release, output / "site", keys)
    store.keep_stamps(planned.scan.stamps)
    return signed


def republish(store: ReleaseStore, number: int, keys: SigningKeys, now: dt.datetime, *, audit_anchor: str = "") -> SignedRelease:
    """Make a new release with the files of an old one: a rollback. It has a number of its own, since versions only grow. Raises `PublisherError`."""
    old, newest = store.load(number).release, store.numbers()[-1]
    damaged = store.missing_or_damaged(old.files)
    if damaged:
        paths = ", ".join(file.path for file in damaged[:3])
        raise PublisherError(
            f"release {number}: {len(damaged)} files are missing or damaged in the store: {paths} / 保管した版が壊れています"
        )
    again = replace(old, number=newest + 1, moment=now.replace(microsecond=0), audit_anchor=audit_anchor or old.audit_anchor)
    return _sign_and_keep(store, again, store.root, keys)


def _sign_and_keep(store: ReleaseStore, release: Release, site: Path, keys: SigningKeys) -> SignedRelease:
    signed = sign_manifest(release, keys)
    extra = [_released(path, data) for path, data in signed.proof.items()]
    metadata = sign_release(release, extra, keys, store.metadata(), release.moment)
    store.keep(signed, site)
    store.keep_metadata(metadata)
    return replace(signed, proof=store.proof(signed))


def sign_manifest(release: Release, keys: SigningKeys) -> SignedRelease:
    """Return the release with its manifest and the signature of that."""
    text = manifest.render(release)
    comment = f"todoke release {release.number} of {release.moment.isoformat()}"
    return SignedRelease(release, {manifest.PATH: text, SIGNATURE: sign(text, keys.targets, comment)})


def _released(path: str, data: bytes) -> ReleasedFile:
    return ReleasedFile(path, hashlib.sha256(data).hexdigest(), len(data), media_type(path), "no-cache")


def tool_versions() -> Mapping[str, str]:
    """Return the versions of the installed `TOOLS`."""
    found = {}
    for name in TOOLS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def held_back(output: Path) -> tuple[str, ...]:
    """Return what the build left out (``output/held-back.json``: objects with ``path`` and ``reason``), one line each; nothing without that file."""
    file = output / "held-back.json"
    if not file.is_file():
        return ()
    try:
        return tuple(" ".join(f"{entry['path']} {entry['reason']}".split()) for entry in json.loads(file.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublisherError(f"{file}: cannot be read, so the release could not name what was held back: {error} / 読めません") from error


def commit_of(folder: Path, run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run) -> str:
    """Return the commit of the checkout, with ``+`` if files differ from it; empty outside of a repository or without Git."""
    try:
        head = run(["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
        if head.returncode:
            return ""
        status = run(
            ["git", "-C", str(folder), "status", "--porcelain", "--untracked-files=normal"], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return head.stdout.strip() + ("+" if status.stdout.strip() else "")
