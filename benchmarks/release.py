"""`make bench-release`: seconds from a built edit until three mirrors show it, beside rsync and rclone in the same run.

The site of ``--articles`` articles goes to three mirrors on loopback: a folder, a folder behind a real sshd (SFTP only), and an S3-compatible store
(s3rver). Then one article is edited and built, released, and rolled back. Beside it `rsync -a --delete` brings the same trees to the same sshd, and
`rclone sync` to a bucket of the same store. Bytes are those that rsync says it sent, and those of content and proof that Todoke sent by SFTP.

A shared machine is noisy: compare the ratios. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from obstore.store import S3Store

from benchmarks.build import fill_cache, measure, temporary_folder
from benchmarks.builders import Builder, rewrite, todoke
from benchmarks.corpus import write_corpus
from demo.servers import free_port
from publisher.release.keys import new_key
from publisher.release.make import draft, make, republish
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import ROOT, SigningKeys, new_root
from publisher.targets import delivery
from publisher.targets.delivery import Result
from publisher.targets.local import LocalFiles
from publisher.targets.s3 import S3Target
from publisher.targets.ssh import SftpFiles, SshAddress
from publisher.targets.target import Target
from publisher.targets.tree import TreeTarget
from tests.ssh import sftp_server

START = dt.datetime(2026, 11, 28, 9, 0, tzinfo=dt.UTC)


@dataclass
class Machine:
    """A publishing machine with its site, store, keys and mirrors."""

    root: Path
    builder: Builder
    store: ReleaseStore
    keys: SigningKeys
    address: SshAddress
    endpoint: str
    hour: int = 0

    @property
    def now(self) -> dt.datetime:
        return START + dt.timedelta(hours=self.hour)

    def release(self) -> SignedRelease:
        """Sign what is built."""
        self.hour += 1
        return make(self.store, self.builder.output.parent, draft(self.store, self.builder.output.parent, self.now), self.keys)

    def targets(self, *names: str) -> dict[str, tuple[Target, float]]:
        """Return the mirrors, or those named."""
        every: dict[str, Target] = {
            "local": TreeTarget("local", LocalFiles(self.root / "www"), self.store.find),
            "ssh": TreeTarget("ssh", SftpFiles(self.address), self.store.find),
            "s3": S3Target("s3", bucket(self.endpoint, "todoke"), lambda: self.now, self.store.find),
        }
        return {name: (every[name], 3600.0) for name in names or tuple(every)}

    def publish(self, signed: SignedRelease, *names: str) -> dict[str, Result]:
        """Bring a release to the mirrors. Ends the program if one failed."""
        results = asyncio.run(delivery.publish(self.targets(*names), signed, self.store.object))
        for result in results:
            if result.failure:
                raise SystemExit(f"{result.name}: {result.failure}")
        return {result.name: result for result in results}


def bucket(endpoint: str, name: str) -> S3Store:
    return S3Store(
        name,
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="S3RVER",
        secret_access_key="S3RVER",
        client_options={"allow_http": True},
    )


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Run an S3-compatible store on loopback."""
    port = free_port()
    command = ["tests/node/node_modules/.bin/s3rver", "-d", str(folder), "-a", "127.0.0.1", "-p", str(port), "--silent"]
    with subprocess.Popen([*command, "--configure-bucket", "todoke", "--configure-bucket", "rclone"]) as process:
        try:
            while not _answers(port):
                pass
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True)
class PeerRun:
    """Seconds of wall time; bytes on the wire where the program says it."""

    seconds: float
    length: int = 0


def rsync(machine: Machine, shell_address: SshAddress) -> PeerRun:
    """Bring the site to a folder of an sshd that runs commands, since rsync runs itself there."""
    shell = f"ssh -p {shell_address.port} -i {shell_address.key_file} -o UserKnownHostsFile={shell_address.known_hosts} -F /dev/null"
    target = f"{shell_address.user}@{shell_address.host}:{machine.root}/rsync/"
    start = time.perf_counter()
    done = subprocess.run(
        ["rsync", "-a", "--delete", "--stats", "-e", shell, f"{machine.builder.output}/", target],
        check=True,
        capture_output=True,
        text=True,
    )
    lines = {line.partition(":")[0]: line.partition(":")[2] for line in done.stdout.splitlines()}
    return PeerRun(time.perf_counter() - start, int(lines["Total bytes sent"].replace(",", "")))


def rclone(machine: Machine) -> PeerRun:
    """Bring the site to a bucket."""
    remote = f":s3,provider=Other,access_key_id=S3RVER,secret_access_key=S3RVER,endpoint='{machine.endpoint}':rclone"
    start = time.perf_counter()
    command = [
        "rclone",
        "sync",
        "--config",
        os.devnull,
        "--checksum",
        "--transfers",
        "32",
        "--checkers",
        "32",
        "-q",
        str(machine.builder.output),
        remote,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}  # a proxy's certificates stop rclone
    subprocess.run(command, check=True, env=environment)
    return PeerRun(time.perf_counter() - start)


def run(articles: int) -> dict[str, float]:
    """Build, release, edit, release, roll back; return the figures."""
    with temporary_folder() as cache, temporary_folder() as root, ExitStack() as servers:
        fill_cache(cache)
        write_corpus(root, articles)
        builder = todoke(root, cache)
        measure(builder)
        keys = SigningKeys(new_key(root / "keys/release.pem"), new_key(root / "keys/timestamp.pem"))
        address = servers.enter_context(sftp_server(root / "sshd"))
        shell = servers.enter_context(sftp_server(root / "shell", sftp_only=False))
        machine = Machine(root, builder, ReleaseStore(root / "store"), keys, address, servers.enter_context(s3_server(root / "s3")))
        machine.store.keep_metadata({ROOT: new_root([new_key(root / "keys/root.pem")], 1, keys, START)})
        return _figures(machine, shell)


def _figures(machine: Machine, shell: SshAddress) -> dict[str, float]:
    files = sum(1 for file in machine.builder.output.rglob("*") if file.is_file())
    start = time.perf_counter()
    first = machine.release()
    signed_s = time.perf_counter() - start
    results = machine.publish(first)
    first_s = time.perf_counter() - start
    print(f"{files:,} files. First release: {signed_s:.1f} s to sign, {first_s:.1f} s until all three show it; {_each(results)}")
    (machine.root / "rsync").mkdir()
    peers = {"rsync": rsync(machine, shell), "rclone": rclone(machine)}
    print("First copy: " + ", ".join(f"{name} {peer.seconds:.1f} s" for name, peer in peers.items()))
    machine.publish(machine.release())  # from here on both trees of a mirror have the site
    _edit(machine.builder)
    build_s = measure(machine.builder).wall
    start = time.perf_counter()
    edited = machine.release()
    results = machine.publish(edited)
    edit_s = time.perf_counter() - start
    published = results["ssh"].published
    sent = published.length + published.proof_length if published else 0
    print(f"One edit: {build_s:.1f} s to build, {edit_s:.2f} s from built to live on three; {_each(results)}; {sent:,} bytes by SSH")
    peers = {"rsync": rsync(machine, shell), "rclone": rclone(machine)}
    print(f"One edit: rsync {peers['rsync'].seconds:.2f} s and {peers['rsync'].length:,} bytes, rclone {peers['rclone'].seconds:.2f} s")
    back = {names: _roll_back(machine, *names) for names in (("local",), ())}
    print(f"Rollback: local {back[('local',)]:.2f} s, all {back[()]:.2f} s")
    return {
        "files": files,
        "edit_live_s": round(edit_s, 2),
        "edit_built_and_live_s": round(build_s + edit_s, 2),
        "first_live_s": round(first_s, 1),
        "rollback_local_s": round(back[("local",)], 2),
        "rollback_all_s": round(back[()], 2),
        "bytes_vs_rsync": round(sent / peers["rsync"].length, 2),
        "edit_vs_rsync": round(results["ssh"].seconds / peers["rsync"].seconds, 2),
        "edit_vs_rclone": round(results["s3"].seconds / peers["rclone"].seconds, 2),
    }


def _each(results: dict[str, Result]) -> str:
    return ", ".join(f"{name} {result.seconds:.2f} s" for name, result in results.items())


def _edit(builder: Builder) -> None:
    articles = sorted(builder.content.glob("fukko-press/*/a*.md"))
    rewrite(articles[len(articles) // 2], lambda text: text + "\n直した一文です。\n")


def _roll_back(machine: Machine, *names: str) -> float:
    start = time.perf_counter()
    machine.hour += 1
    signed = republish(machine.store, machine.store.numbers()[-2], machine.keys, machine.now)
    machine.publish(signed, *names)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    options = parser.parse_args()
    for program in ("rsync", "rclone"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is missing: sudo apt-get install rsync rclone")
    print(json.dumps(run(options.articles)))


if __name__ == "__main__":
    main()
