"""From the settings of a mirror to the mirror."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from publisher.config import LocalMirror, Mirror, PortableMirror, PublishConfig, S3Mirror, SshMirror
from publisher.model.errors import PublisherError
from publisher.release.keys import read_key
from publisher.release.minisign import sign
from publisher.release.store import ReleaseStore
from publisher.targets.local import LocalFiles
from publisher.targets.target import Known, Target
from publisher.targets.tree import TreeTarget
from storage.model import StorageError

if TYPE_CHECKING:
    from publisher.targets.portable.target import PortableTarget
    from publisher.targets.s3 import S3Target


def targets_of(
    config: PublishConfig, store: ReleaseStore, clock: Callable[[], dt.datetime], only: tuple[str, ...] = ()
) -> Mapping[str, tuple[Target, float]]:
    """Return each mirror with its deadline in seconds, or those named in ``only``. ``store`` knows what a mirror says it holds.

    Raises `PublisherError` for a name that no mirror has.
    """
    known = [mirror.name for mirror in config.mirrors]
    if wrong := [name for name in only if name not in known]:
        raise PublisherError(f"there is no mirror {wrong[0]!r} in publish.toml; there are: {', '.join(known)} / その名前の鏡はありません")
    wanted = [mirror for mirror in config.mirrors if not only or mirror.name in only]
    return {mirror.name: (_target(config, mirror, clock, store.find), mirror.deadline) for mirror in wanted}


def _target(config: PublishConfig, mirror: Mirror, clock: Callable[[], dt.datetime], known: Known) -> Target:
    match mirror:
        case LocalMirror():
            return TreeTarget(mirror.name, LocalFiles(mirror.folder), known)
        case SshMirror():
            return _by_ssh(mirror, known)
        case S3Mirror():
            return _bucket(mirror, clock, known)
        case PortableMirror():
            return portable(config, mirror.folder, mirror.name)


# The libraries of the mirrors that a site does not have are not imported: asyncssh, obstore and Jinja take 0.4 s of a rollback that may take 1 s.


def _by_ssh(mirror: SshMirror, known: Known) -> TreeTarget:
    from publisher.targets.sftp.ssh import SftpFiles, SshAddress

    address = SshAddress(mirror.host, mirror.folder, mirror.user, mirror.key_file, mirror.known_hosts, mirror.port, mirror.compression)
    return TreeTarget(mirror.name, SftpFiles(address), known)


def portable(config: PublishConfig, folder: Path, name: str = "portable") -> PortableTarget:
    """Return a folder to carry away; it names the public addresses of the other mirrors, and the key of the releases signs its manifest."""
    from publisher.targets.portable.target import PortableTarget

    def sign_copy(data: bytes, comment: str) -> bytes:
        return sign(data, read_key(config.keys / "release.pem"), comment)

    return PortableTarget(name, folder, sign_copy, [mirror.url for mirror in config.mirrors if mirror.url])


def _bucket(mirror: S3Mirror, clock: Callable[[], dt.datetime], known: Known) -> S3Target:
    from obstore.store import S3Store

    from publisher.targets.s3 import S3Target

    try:
        secret = mirror.secret
    except StorageError as error:
        raise PublisherError(str(error)) from error
    bucket = S3Store(
        mirror.bucket,
        prefix=mirror.prefix or None,
        endpoint=mirror.endpoint,
        region=mirror.region,
        access_key_id=mirror.access_key_id,
        secret_access_key=secret,
        virtual_hosted_style_request=mirror.endpoint is None,
        client_options={"allow_http": mirror.is_plain_http},
    )
    return S3Target(mirror.name, bucket, clock, known)
