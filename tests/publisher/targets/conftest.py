"""A folder and a folder behind a real sshd, as mirrors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.targets.sftp.ssh import SshAddress
from tests.samples.publishing.releases import Publishing
from tests.samples.publishing.tree_mirrors import Mirror
from tests.servers.ssh import sftp_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshAddress]:
    with sftp_server(tmp_path_factory.mktemp("ssh") / "sshd") as address:
        yield address


@pytest.fixture(params=["local", "ssh"])
def mirror(request: pytest.FixtureRequest, tmp_path: Path, publishing: Publishing) -> Mirror:
    root, known = tmp_path / "www", publishing.store.find
    if request.param == "local":
        return Mirror(root, None, known)
    address: SshAddress = request.getfixturevalue("server")
    return Mirror(root, SshAddress(address.host, str(root), address.user, address.key_file, address.known_hosts, address.port), known)
