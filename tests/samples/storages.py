"""One storage of each kind, on real servers: the fixture `settings` for tests/storage and tests/sending_right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.settings import LocalStorage, S3Storage, SshStorage
from tests.servers.conditional_s3 import conditional_s3
from tests.servers.ssh import sftp_server


@pytest.fixture(params=["local", "ssh", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalStorage | SshStorage | S3Storage]:
    """An empty storage."""
    if request.param == "local":
        (tmp_path / "disk").mkdir()
        yield LocalStorage(name="disk", kind="local", folder=tmp_path / "disk")
    elif request.param == "ssh":
        with sftp_server(tmp_path / "sshd") as address:
            Path(address.folder).mkdir()
            yield ssh_storage(address.folder, address.user, address.key_file, address.known_hosts, address.port)
    else:
        with conditional_s3(tmp_path / "secret") as bucket:
            yield bucket


def ssh_storage(folder: str, user: str, key_file: Path, known_hosts: Path, port: int) -> SshStorage:
    return SshStorage(
        name="kyoto", kind="ssh", host="127.0.0.1", folder=folder, user=user, key_file=key_file, known_hosts=known_hosts, port=port
    )
