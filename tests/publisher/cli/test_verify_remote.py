"""The verifier on the publishing machine against mirrors elsewhere: a folder behind a real sshd and nginx, and an S3-compatible store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import obstore
import pytest

from demo.servers import free_port
from tests.samples.mail.operators import Operator
from tests.samples.publishing.mirrors import WWW, nginx
from tests.samples.publishing.releases import PAGES
from tests.servers.s3 import ACCOUNT, open_bucket, s3_server
from tests.servers.ssh import sftp_server

PAGE = "press/2026/bridge/index.html"


class Remote(Operator):
    """A publishing machine whose mirrors are ``kyoto`` (SSH) and ``bucket`` (S3)."""

    def __init__(self, folder: Path, servers: ExitStack) -> None:
        super().__init__(folder)
        self.ssh = servers.enter_context(sftp_server(folder / "sshd"))
        self.s3 = servers.enter_context(s3_server(folder / "s3", "todoke"))
        ports = {"kyoto": free_port(), "bucket": free_port()}
        self.urls = {name: f"http://{WWW}:{port}" for name, port in ports.items()}
        for name, lines in (("kyoto", ()), ("bucket", (self.in_front_of_the_bucket(),))):
            (folder / name).mkdir()
            servers.enter_context(nginx(folder / name, {WWW: Path(self.ssh.folder) / "current"}, ports[name], *lines))
        (folder / "s3.secret").touch(0o600)
        (folder / "s3.secret").write_text(ACCOUNT, encoding="ascii")
        (folder / "publish.toml").write_text(
            'store = "var/releases"\nkeys = "var/keys"\n'
            f'[[mirrors]]\nname = "kyoto"\nkind = "ssh"\nhost = "{self.ssh.host}"\nport = {self.ssh.port}\nfolder = "{self.ssh.folder}"\n'
            f'user = "{self.ssh.user}"\nkey_file = "{self.ssh.key_file}"\nknown_hosts = "{self.ssh.known_hosts}"\n'
            f'[[mirrors]]\nname = "bucket"\nkind = "s3"\nbucket = "todoke"\nendpoint = "{self.s3}"\naccess_key_id = "{ACCOUNT}"\nsecret_key_file = "s3.secret"\n',
            encoding="utf-8",
        )
        (folder / "verify.toml").write_text('folder = "verifier"\nfamilies = ["ipv4"]\nagain = 0.2\n', encoding="utf-8")
        assert self.run("release-keys new --root stick --without-passphrase").exit_code == 0
        released = self.run("release")
        assert released.exit_code == 0, released.output

    def in_front_of_the_bucket(self) -> str:
        """What a web server or a delivery network does before a bucket: a folder's address leads to its page."""
        folder, file = "rewrite ^(.*)/$ /todoke$1/index.html break;", "rewrite ^(.*)$ /todoke$1 break;"
        return f"location / {{ {folder} {file} proxy_pass {self.s3}; }}"

    def alter(self, mirror: str, path: str, data: bytes) -> None:
        """Write to a mirror as an intruder who has its account."""
        if mirror == "kyoto":
            (Path(self.ssh.folder) / "current" / path).write_bytes(data)
        else:
            obstore.put(open_bucket(self.s3, "todoke"), path, data, attributes={"Content-Type": "text/html; charset=utf-8"})

    def remove(self, mirror: str, path: str) -> None:
        if mirror == "kyoto":
            (Path(self.ssh.folder) / "current" / path).unlink()
        else:
            obstore.delete(open_bucket(self.s3, "todoke"), path)


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    with ExitStack() as servers:
        yield Remote(tmp_path_factory.mktemp("remote"), servers)


@pytest.mark.parametrize("mirror", ["kyoto", "bucket"])
def test_an_altered_and_a_removed_page_elsewhere_are_found_told_and_restored(remote: Remote, mirror: str) -> None:
    watch = f"verify --once {mirror}={remote.urls[mirror]}"
    sound = remote.run(watch)
    assert sound.exit_code == 0, sound.output
    remote.alter(mirror, PAGE, b"Hacked")
    remote.remove(mirror, "press/index.html")
    found = remote.run(watch)
    assert found.exit_code == 1, found.output
    for kind, path in (("altered", PAGE), ("missing", "press/index.html")):
        assert f"FOUND 発見 [{kind}] {mirror} ipv4 {path}" in found.output
    restored = remote.run(f"{watch} --restore")
    assert f"RESTORED 復旧 {mirror}" in restored.output, restored.output
    assert remote.run(watch).exit_code == 0
    listed = remote.run(f"mirrors --full --mirror {mirror}")
    assert listed.exit_code == 0, listed.output


def test_a_page_that_is_altered_in_both_trees_behind_ssh_does_not_come_back_with_the_next_release(remote: Remote) -> None:
    """Unchanged files of the two trees are one inode: an intruder who writes into it alters the hidden tree too."""
    remote.write("feed.xml", "<feed>zwei</feed>")
    assert remote.run("release").exit_code == 0
    remote.alter("kyoto", PAGE, b"Hacked")
    assert "RESTORED 復旧 kyoto" in remote.run(f"verify --once --restore kyoto={remote.urls['kyoto']}").output
    remote.write("feed.xml", "<feed>drei</feed>")
    released = remote.run("release")
    assert released.exit_code == 0, released.output
    assert (Path(remote.ssh.folder) / "current" / PAGE).read_text("utf-8") == PAGES[PAGE]
    assert remote.run(f"verify --once kyoto={remote.urls['kyoto']} bucket={remote.urls['bucket']}").exit_code == 0
