"""A new version of the root (TUF section 6.1): who may sign what from now on. Enough of the old root keys must agree, and enough of the new ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from publisher.model.errors import PublisherError
from publisher.release.tuf_metadata import ROOT, ROOT_LIFE, SigningKeys, check_threshold, plain, read_metadata, serialized

WARNING = dt.timedelta(days=60)
"""So long before the end a warning comes: the root keys lie in safes, with several people."""


@dataclass(frozen=True)
class RootChange:
    """What is new. ``root_keys`` replace all root keys, of which ``threshold`` must agree then. None: it stays."""

    release: Ed25519PrivateKey | None = None
    timestamp: Ed25519PrivateKey | None = None
    root_keys: Sequence[Ed25519PrivateKey] = ()
    threshold: int = 0


def next_root(
    metadata: Mapping[str, bytes], signers: Sequence[Ed25519PrivateKey], change: RootChange, now: dt.datetime
) -> dict[str, bytes]:
    """Return the files of the next root, which lives from ``now`` on: ``root.json`` and ``N.root.json``. ``signers`` are old root keys.

    Raises `PublisherError`: too few of them agree, one is no root key, a threshold that cannot be met.
    """
    old = _root(metadata)
    _require_enough(old, signers)
    root = deepcopy(old)
    root.version, root.expires = old.version + 1, plain(now) + ROOT_LIFE
    if change.release:
        for role in (Targets.type, Snapshot.type):
            _replace(root, role, [change.release])
    if change.timestamp:
        _replace(root, Timestamp.type, [change.timestamp])
    if change.root_keys:
        check_threshold(change.threshold, len(change.root_keys))
        _replace(root, Root.type, change.root_keys)
        root.roles[Root.type].threshold = change.threshold
    signed = Metadata(root)
    for key in {_public(key).keyid: key for key in (*signers, *change.root_keys)}.values():
        signed.sign(CryptoSigner(key), append=True)
    data = serialized(signed)
    return {ROOT: data, f"{root.version}.root.json": data}


def _require_enough(root: Root, signers: Sequence[Ed25519PrivateKey]) -> None:
    role = root.roles[Root.type]
    given = {_public(key).keyid for key in signers}
    if strange := given - set(role.keyids):
        raise PublisherError(f"{len(strange)} of the keys given is no root key of version {root.version} / 親の鍵ではないものがあります")
    if len(given) < role.threshold:
        raise PublisherError(f"{role.threshold} root keys must agree, {len(given)} were given / 必要な数の親の鍵がそろっていません")


def _replace(root: Root, role: str, keys: Sequence[Ed25519PrivateKey]) -> None:
    for key_id in list(root.roles[role].keyids):
        root.revoke_key(key_id, role)
    for key in keys:
        root.add_key(_public(key), role)


def require_named(metadata: Mapping[str, bytes], keys: SigningKeys) -> None:
    """Raise `PublisherError` if the root does not name a key of this machine: what it signs would count nowhere."""
    root = _root(metadata)
    for key, role, file in ((keys.targets, Targets.type, "release.pem"), (keys.timestamp, Timestamp.type, "timestamp.pem")):
        if _public(key).keyid not in root.roles[role].keyids:
            raise PublisherError(
                f"{file} is not the key that root {root.version} names; nobody would believe what it signs. If {file}.new is beside it, that is the key "
                "/ 親の鍵が認めていない鍵です"
            )


def warnings(metadata: Mapping[str, bytes], now: dt.datetime) -> list[str]:
    """Return what ends soon, a line each."""
    if ROOT not in metadata:
        return []
    root = _root(metadata)
    left = root.expires - plain(now)
    if left <= dt.timedelta():
        return [
            f"root {root.version} has ended on {root.expires:%Y-%m-%d}: no verifier believes any release. todoke release-keys root 期限が切れています"
        ]
    if left <= WARNING:
        return [
            f"root {root.version} ends on {root.expires:%Y-%m-%d}, in {left.days} days. todoke release-keys root 親の鍵の署名の期限が近づいています"
        ]
    return []


def _root(metadata: Mapping[str, bytes]) -> Root:
    if ROOT not in metadata:
        raise PublisherError("there is no root.json; make keys first: todoke release-keys new / 先に鍵を作ってください")
    root: Root = read_metadata(Root, metadata[ROOT]).signed
    return root


def _public(key: Ed25519PrivateKey) -> Key:
    return CryptoSigner(key).public_key
