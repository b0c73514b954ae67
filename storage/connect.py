"""From the settings of a storage to the storage."""

from __future__ import annotations

from storage.folder import FolderStorage
from storage.model import Storage
from storage.settings import LocalStorage, S3Storage, SshStorage

# The libraries of storages that an installation does not have are not imported: asyncssh and obstore take 0.3 s.


def connect(settings: LocalStorage | SshStorage | S3Storage) -> Storage:
    """Return the storage. Nothing is asked yet. Raises `StorageError` for a secret that cannot be read."""
    match settings:
        case LocalStorage():
            return FolderStorage(settings.name, settings.folder)
        case SshStorage():
            from storage.sftp import SftpStorage

            return SftpStorage(settings)
        case S3Storage():
            from storage.bucket import BucketStorage

            return BucketStorage(settings)
