"""The metadata of The Update Framework (TUF 1.0) for a release, by python-tuf: what a verifier needs to trust a mirror that it does not trust.

Four roles (TUF section 2.1): *root* says which keys count, and is signed by people who keep their keys offline; *targets* names every file of the
release; *snapshot* binds the versions together; *timestamp* lives for a day and is made anew by a timer, so that a mirror that stands still is noticed.
The targets lie in hash bins (section 4.5, succinct roles), as many as the manifest has lists: one edit then changes a few small files instead of one
of megabytes. The manifest and its signature change each time, and are named by the role *targets* itself.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from publisher.model.errors import PublisherError
from publisher.model.manifest import bin_bits
from publisher.model.release import WELL_KNOWN, Release, ReleasedFile

FOLDER = f"{WELL_KNOWN}metadata/"
TIMESTAMP, ROOT = "timestamp.json", "root.json"

ROOT_LIFE, LIFE, TIMESTAMP_LIFE = dt.timedelta(days=730), dt.timedelta(days=400), dt.timedelta(days=1)
"""Root and the rest outlive the yearly audit. A day for the timestamp: a timer makes it each hour, and a night without the timer alarms nobody."""

_SERIALIZER = JSONSerializer(compact=True)


@dataclass(frozen=True)
class SigningKeys:
    """What the publishing machine holds. ``timestamp`` may lie on another machine that can do nothing else."""

    targets: Ed25519PrivateKey
    timestamp: Ed25519PrivateKey


def check_threshold(threshold: int, number: int) -> None:
    """Raise `PublisherError` if so many of ``number`` root keys can never agree."""
    if not 1 <= threshold <= number:
        raise PublisherError(f"{threshold} of {number} root keys cannot agree / しきい値が鍵の数に合いません")


def new_root(keys: Sequence[Ed25519PrivateKey], threshold: int, online: SigningKeys, now: dt.datetime) -> bytes:
    """Return ``1.root.json``, signed by all ``keys``, of which ``threshold`` must agree to a later one. Raises `PublisherError` for a threshold that cannot be met."""
    check_threshold(threshold, len(keys))
    root = Root(expires=plain(now) + ROOT_LIFE)
    for key in keys:
        root.add_key(_signer(key).public_key, Root.type)
    for role in (Targets.type, Snapshot.type):
        root.add_key(_signer(online.targets).public_key, role)
    root.add_key(_signer(online.timestamp).public_key, Timestamp.type)
    root.roles[Root.type].threshold = threshold
    return _signed(root, *keys)


def sign_release(
    release: Release,
    extra: Iterable[ReleasedFile],
    keys: SigningKeys,
    old: Mapping[str, bytes],
    now: dt.datetime,
    changed: Iterable[str] | None = None,
) -> dict[str, bytes]:
    """Return the metadata files that name ``release`` and the ``extra`` files (its manifests), by file name; those that stay as they are included.

    ``old`` are the files of the last release, ``root.json`` among them. Versions only grow (TUF section 5.4.4: an old release served again is refused).
    Bins without any of the ``changed`` paths stay as they are, unread; None: every bin is compared with what it should name.
    """
    if ROOT not in old:
        raise PublisherError("there is no root.json; make keys first: todoke release-keys / 先に鍵を作ってください")
    root = read_metadata(Root, old[ROOT]).signed
    new_files: dict[str, bytes] = {f"{root.version}.root.json": old[ROOT], ROOT: old[ROOT]}
    targets = Targets(version=_next_version(old, "targets.json"), expires=plain(now) + LIFE)
    snapshot = Snapshot(version=_next_version(old, "snapshot.json"), expires=plain(now) + LIFE)
    roles = SuccinctRoles([], 1, max(bin_bits(len(release.files)), _bits(old)), "bin")
    targets.delegations = Delegations({}, succinct_roles=roles)
    targets.add_key(_signer(keys.targets).public_key)
    targets.targets = {file.path: _target(file) for file in extra}
    snapshot.meta |= _named(
        old
    )  # a client refuses a snapshot that lacks a role which an earlier one had (TUF section 5.5.5), also after bins became more
    kept = _kept(roles, changed, keys, old, snapshot)
    for name, members in _bins(roles, release.files, kept).items():
        version, data = kept.get(name) or _bin(name, members, keys, old, now)
        new_files[f"{version}.{name}.json"] = data
        snapshot.meta[f"{name}.json"] = MetaFile(version)
    new_files[f"{targets.version}.targets.json"] = _signed(targets, keys.targets)
    snapshot.meta["targets.json"] = MetaFile(targets.version)
    new_files[f"{snapshot.version}.snapshot.json"] = _signed(snapshot, keys.targets)
    return new_files | {TIMESTAMP: _timestamp(snapshot.version, keys.timestamp, old, now)}


def named_digest(files: Mapping[str, bytes], path: str) -> str | None:
    """Return the SHA-256 that the metadata in force gives a file of *targets*, from the timestamp downwards; None if it names no such file."""
    if TIMESTAMP not in files:
        return None
    snapshot = files.get(f"{read_metadata(Timestamp, files[TIMESTAMP]).signed.snapshot_meta.version}.snapshot.json")
    targets = files.get(f"{read_metadata(Snapshot, snapshot).signed.meta['targets.json'].version}.targets.json") if snapshot else None
    named = read_metadata(Targets, targets).signed.targets.get(path) if targets else None
    return str(named.hashes["sha256"]) if named else None


def release_keys(metadata: Mapping[str, bytes]) -> tuple[Ed25519PublicKey, ...]:
    """Return every key that some root has named for releases, the newest root's first: older releases stay checkable after a key was replaced.

    ``metadata`` are all files of the store by name. Raises `PublisherError` for a damaged root.
    """
    names = [name for name in metadata if name == ROOT or name.endswith(f".{ROOT}")]
    roots = sorted((read_metadata(Root, metadata[name]).signed for name in names), key=lambda root: -root.version)
    keys = {
        key_id: Ed25519PublicKey.from_public_bytes(bytes.fromhex(root.keys[key_id].keyval["public"]))
        for root in reversed(roots)
        for key_id in root.roles[Targets.type].keyids
    }
    return tuple(reversed(keys.values()))


def renew_timestamp(old: Mapping[str, bytes], key: Ed25519PrivateKey, now: dt.datetime) -> bytes:
    """Return a timestamp that names the same snapshot and lives from ``now`` on. Raises `PublisherError` if there is none to renew."""
    if TIMESTAMP not in old:
        raise PublisherError("nothing has been released so far / まだ公開版がありません")
    return _timestamp(read_metadata(Timestamp, old[TIMESTAMP]).signed.snapshot_meta.version, key, old, now)


def _timestamp(snapshot_version: int, key: Ed25519PrivateKey, old: Mapping[str, bytes], now: dt.datetime) -> bytes:
    version = read_metadata(Timestamp, old[TIMESTAMP]).signed.version + 1 if TIMESTAMP in old else 1
    return _signed(Timestamp(version, expires=plain(now) + TIMESTAMP_LIFE, snapshot_meta=MetaFile(snapshot_version)), key)


def _kept(
    roles: SuccinctRoles, changed: Iterable[str] | None, keys: SigningKeys, old: Mapping[str, bytes], snapshot: Snapshot
) -> dict[str, tuple[int, bytes]]:
    """Return version and bytes of each bin in which nothing has changed, if the last release had the same bins and was signed by the key of today."""
    newest = _newest(old, "snapshot.json")
    if changed is None or newest is None or roles.bit_length != _bits(old):
        return {}
    if [*read_metadata(Snapshot, newest[1]).signatures] != [_signer(keys.targets).public_key.keyid]:
        return {}
    touched = {roles.get_role_for_target(path) for path in changed}
    versions = {name.removesuffix(".json"): meta.version for name, meta in snapshot.meta.items()}
    untouched = {name: version for name, version in versions.items() if name not in touched and f"{version}.{name}.json" in old}
    return {name: (version, old[f"{version}.{name}.json"]) for name, version in untouched.items() if name.startswith("bin-")}


def _bins(roles: SuccinctRoles, files: Iterable[ReleasedFile], kept: Collection[str] = ()) -> dict[str, dict[str, TargetFile]]:
    """Return the files of each bin by path; those of the ``kept`` bins are not needed."""
    bins: dict[str, dict[str, TargetFile]] = {name: {} for name in roles.get_roles()}
    for file in files:
        if (name := roles.get_role_for_target(file.path)) not in kept:
            bins[name][file.path] = _target(file)
    return bins


def _bin(name: str, members: dict[str, TargetFile], keys: SigningKeys, old: Mapping[str, bytes], now: dt.datetime) -> tuple[int, bytes]:
    """Return version and bytes of one bin: the old ones if they name the same files and live for half their life at least."""
    version, data = _newest(old, f"{name}.json") or (0, b"")
    if version and _names_the_same(data, members, keys, now):
        return version, data
    return version + 1, _signed(Targets(version + 1, expires=plain(now) + LIFE, targets=members), keys.targets)


def _names_the_same(data: bytes, members: dict[str, TargetFile], keys: SigningKeys, now: dt.datetime) -> bool:
    """Whether a bin names these files, is signed by the key of today, and lives for half its life at least. Read as plain JSON: of 256 bins an edit changes a few, and python-tuf takes its time."""
    try:
        record = json.loads(data)
        signed, signers = record["signed"], [signature["keyid"] for signature in record["signatures"]]
        expires = dt.datetime.fromisoformat(signed["expires"])
    except (ValueError, KeyError, TypeError):
        return False
    if signers != [_signer(keys.targets).public_key.keyid]:  # the key was replaced
        return False
    return expires - plain(now) > LIFE / 2 and signed["targets"] == {path: target.to_dict() for path, target in members.items()}


def _newest(old: Mapping[str, bytes], name: str) -> tuple[int, bytes] | None:
    """Return version and bytes of ``VERSION.name`` with the highest version."""
    versions = [int(version) for version, _, rest in (key.partition(".") for key in old) if rest == name and version.isdecimal()]
    return (max(versions), old[f"{max(versions)}.{name}"]) if versions else None


def _named(old: Mapping[str, bytes]) -> dict[str, MetaFile]:
    """Return which version of each bin the last snapshot names."""
    snapshot = _newest(old, "snapshot.json")
    named: dict[str, MetaFile] = read_metadata(Snapshot, snapshot[1]).signed.meta if snapshot else {}
    return {name: meta for name, meta in named.items() if name.startswith("bin-")}


def _bits(old: Mapping[str, bytes]) -> int:
    """Return how many bits chose the bin in the last release; 0 without bins."""
    targets = _newest(old, "targets.json")
    delegations = read_metadata(Targets, targets[1]).signed.delegations if targets else None
    return delegations.succinct_roles.bit_length if delegations and delegations.succinct_roles else 0


def _next_version(old: Mapping[str, bytes], name: str) -> int:
    known = _newest(old, name)
    return known[0] + 1 if known else 1


def _target(file: ReleasedFile) -> TargetFile:
    return TargetFile(file.length, {"sha256": file.sha256}, file.path)


def _signer(key: Ed25519PrivateKey) -> CryptoSigner:
    return CryptoSigner(key)


def _signed(part: Any, *keys: Ed25519PrivateKey) -> bytes:
    metadata = Metadata(part)
    for number, key in enumerate(keys):
        metadata.sign(_signer(key), append=number > 0)
    return serialized(metadata)


def serialized(metadata: Metadata[Any]) -> bytes:
    """Return the bytes of a file, compact."""
    return metadata.to_bytes(_SERIALIZER)


def read_metadata(kind: Any, data: bytes) -> Any:
    """Return parsed metadata of one kind. Raises `PublisherError` if a file of the store is damaged."""
    try:
        return Metadata[kind].from_bytes(data)
    except RepositoryError as error:
        raise PublisherError(f"damaged metadata ({hashlib.sha256(data).hexdigest()[:12]}): {error} / 署名の記録が壊れています") from error


def plain(moment: dt.datetime) -> dt.datetime:
    """Return the moment in UTC, in whole seconds: TUF's dates have no fractions (section 4.2.1)."""
    return moment.astimezone(dt.UTC).replace(microsecond=0)
