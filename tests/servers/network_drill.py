"""Releases to three mirrors, each on a host of its own, while one cable is cut, slow, or leads to another host. Prints what happened as one line of JSON.

Run in a network namespace of its own: ``tests.namespaces.enter()``, then ``python -m tests.servers.network_drill FOLDER``.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from publisher.targets import delivery
from publisher.targets.local import LocalFiles
from publisher.targets.s3 import S3Target
from publisher.targets.sftp.ssh import SftpFiles, SshAddress
from publisher.targets.tree import TreeTarget
from tests.samples.publishing.releases import Publishing
from tests.servers.namespaces import Host, host, plug
from tests.servers.nginx import write_nginx_config
from tests.servers.s3 import answers, open_bucket, s3_server
from tests.servers.ssh import sftp_server

DEADLINE = 8.0
"""Seconds that the mirror with the bad cable has. Those with good cables must be ready within them, on a machine that is busy too."""

PATIENCE = 120.0
"""Seconds that a mirror with a good cable has: nobody waits for them."""


class Drill:
    """A publishing machine and three hosts: ``www`` (a folder of the publishing machine, served by nginx), ``kyoto`` (sshd and nginx), ``bucket`` (S3)."""

    def __init__(self, root: Path, servers: ExitStack) -> None:
        self.root, self.publishing = root, Publishing(root)
        self.hosts = {name: servers.enter_context(host(name, number)) for number, name in enumerate(("www", "kyoto", "bucket"), 1)}
        kyoto = self.hosts["kyoto"]
        self.ssh = servers.enter_context(sftp_server(root / "sshd", address=kyoto.address, within=kyoto.within, port=2222))
        servers.enter_context(web(root / "nginx-www", self.hosts["www"], root / "www"))
        servers.enter_context(web(root / "nginx-kyoto", kyoto, Path(self.ssh.folder)))
        bucket = self.hosts["bucket"]
        self.s3 = servers.enter_context(s3_server(root / "s3", "todoke", address=bucket.address, within=bucket.within, port=9000))
        self.count = 0
        self.deadline = PATIENCE
        """Of the mirror ``kyoto``."""
        self.patience = PATIENCE
        """Of its readers."""

    def targets(self, ssh: SshAddress | None = None) -> Any:
        known = self.publishing.store.find
        return {
            "www": (TreeTarget("www", LocalFiles(self.root / "www"), known), PATIENCE),
            "kyoto": (TreeTarget("kyoto", SftpFiles(ssh or self.ssh), known), self.deadline),
            "bucket": (S3Target("bucket", open_bucket(self.s3, "todoke"), lambda: self.publishing.now, known), PATIENCE),
        }

    def release(self, watch: Callable[[str, int, int], None] = lambda *_: None, *, large: bool = False) -> dict[str, Any]:
        """Make a release, bring it out, and say for each mirror how long that took, why it failed, and what readers see there."""
        self.count += 1
        text = f"release {self.count}"
        for path in ("index.html", "press/index.html", *(f"press/{number}/index.html" for number in range(12))):
            self.publishing.write(path, text)
        if large:
            self.publishing.write("files/large.txt", os.urandom(400_000).hex())
        signed = self.publishing.release()
        return self.describe(asyncio.run(delivery.publish(self.targets(), signed, self.publishing.store.object, watch)))

    def again(self) -> dict[str, Any]:
        """Bring the newest release out once more, as the next `todoke release` does."""
        newest = self.publishing.store.newest()
        assert newest is not None
        return self.describe(asyncio.run(delivery.publish(self.targets(), newest, self.publishing.store.object)))

    def describe(self, results: list[delivery.Result]) -> dict[str, Any]:
        shown = {"www": self.read("www", 8080, ""), "kyoto": self.read("kyoto", 8080, ""), "bucket": self.read("bucket", 9000, "todoke/")}
        return {one.name: {"seconds": one.seconds, "failure": one.failure, "shown": shown[one.name]} for one in results}

    def read(self, name: str, port: int, prefix: str) -> list[str]:
        """Return two pages as a reader over the cable gets them."""
        pages, patience = [], self.patience if name == "kyoto" else PATIENCE
        for path in ("index.html", "press/11/index.html"):
            try:
                with urllib.request.urlopen(f"http://{self.hosts[name].address}:{port}/{prefix}{path}", timeout=patience) as answer:
                    pages.append(answer.read().decode())
            except (OSError, urllib.error.URLError):
                pages.append("")
        return pages


@contextmanager
def web(folder: Path, machine: Host, root: Path) -> Iterator[None]:
    """Serve a mirror on its host."""
    command = write_nginx_config(folder, f"{machine.address}:8080", f"root {root}/current;")
    with subprocess.Popen([*machine.within, *command]) as process:
        try:
            yield
        finally:
            process.terminate()


def run(root: Path) -> dict[str, Any]:
    """Go through the drill."""
    with ExitStack() as servers:
        drill = Drill(root, servers)
        kyoto = drill.hosts["kyoto"]
        happened: dict[str, Any] = {"joined": drill.release()}
        kyoto.cut()
        drill.deadline, drill.patience = DEADLINE, 0.5
        happened["cut"] = drill.release()
        kyoto.join()
        drill.deadline, drill.patience = PATIENCE, PATIENCE
        happened["joined again"] = drill.again()

        def pull_out(name: str, done: int, _total: int) -> None:
            if name == "kyoto" and done == 3:
                kyoto.cut()

        drill.deadline, drill.patience = DEADLINE, 0.5
        happened["cut on the way"] = drill.release(pull_out)
        kyoto.join()
        drill.deadline, drill.patience = PATIENCE, PATIENCE
        happened["after the cut"] = drill.again()
        kyoto.slow("64kbit")
        drill.deadline = DEADLINE
        happened["slow"] = drill.release(large=True)
        kyoto.fast()
        drill.deadline = PATIENCE
        happened["fast again"] = drill.again()
        happened["another answers"] = _another_answers(drill, servers)
        return happened


def _another_answers(drill: Drill, servers: ExitStack) -> dict[str, Any]:
    """Let another host with its own sshd and the same account take the address of ``kyoto``, and one that answers everything with a page that of the bucket."""
    strangers = [servers.enter_context(host("stranger", number, joined=False)) for number in (2, 3)]
    for stranger in strangers:
        plug(stranger)
    other = servers.enter_context(sftp_server(drill.root / "other", address=strangers[0].address, within=strangers[0].within, port=2222))
    (drill.root / "other" / "authorized_keys").write_bytes((drill.root / "sshd" / "client.pub").read_bytes())
    portal = write_nginx_config(
        drill.root / "portal", f"{strangers[1].address}:9000", 'location / { return 200 "<h1>Please log in</h1>"; }'
    )
    process = servers.enter_context(subprocess.Popen([*strangers[1].within, *portal]))
    servers.callback(process.terminate)
    while not answers(f"http://{strangers[1].address}:9000/"):
        assert process.poll() is None
    happened = drill.release()
    happened["kyoto"]["stranger got"] = Path(other.folder).exists()
    return happened


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
