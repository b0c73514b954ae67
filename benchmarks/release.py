"""`make bench-release`: seconds from a built edit until three mirrors show it, beside rsync and rclone in the same run.

The site of ``--articles`` articles goes to three mirrors on loopback: a folder, a folder behind a real sshd (SFTP only), and an S3-compatible store
(s3rver). Then one article is edited and built, released, and rolled back. Beside it `rsync -a --delete` brings the same trees to the same sshd, and
`rclone sync` to a bucket of the same store.

Bytes are counted on the wire, both ways of the connection, for Todoke and rsync alike (`benchmarks.mailing.wire`). ``--files`` takes so many generated small files
instead of a built site. A shared machine is noisy: compare the ratios. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.build import fill_cache, measure, temporary_folder
from benchmarks.builders import Builder, rewrite, todoke
from benchmarks.corpus import write_corpus
from benchmarks.mailing.wire import Wire, counting
from publisher.release.keys import new_key
from publisher.release.make import draft, make, one_further_back, republish
from publisher.release.store import ReleaseStore, SignedRelease
from publisher.release.tuf_metadata import ROOT, SigningKeys, new_root
from publisher.targets import delivery
from publisher.targets.delivery import Result
from publisher.targets.local import LocalFiles
from publisher.targets.s3 import S3Target
from publisher.targets.sftp.ssh import SftpFiles, SshAddress
from publisher.targets.target import Target
from publisher.targets.tree import TreeTarget
from tests.servers.s3 import open_bucket, s3_server
from tests.servers.ssh import sftp_server

START = dt.datetime(2026, 11, 28, 9, 0, tzinfo=dt.UTC)


@dataclass
class Machine:
    """A publishing machine with its site, store, keys and mirrors."""

    root: Path
    output: Path
    store: ReleaseStore
    keys: SigningKeys
    address: SshAddress
    endpoint: str
    wire: Wire
    hour: int = 0

    @property
    def now(self) -> dt.datetime:
        return START + dt.timedelta(hours=self.hour)

    def release(self) -> SignedRelease:
        """Sign what is built."""
        self.hour += 1
        return make(self.store, self.output.parent, draft(self.store, self.output.parent, self.now), self.keys)

    def targets(self, *names: str) -> dict[str, tuple[Target, float]]:
        """Return the mirrors, or those named."""
        every: dict[str, Target] = {
            "local": TreeTarget("local", LocalFiles(self.root / "www"), self.store.find),
            "ssh": TreeTarget("ssh", SftpFiles(self.address), self.store.find),
            "s3": S3Target("s3", open_bucket(self.endpoint, "todoke"), lambda: self.now, self.store.find),
        }
        return {name: (every[name], 3600.0) for name in names or tuple(every)}

    def publish(self, signed: SignedRelease, *names: str) -> dict[str, Result]:
        """Bring a release to the mirrors. Ends the program if one failed."""
        results = asyncio.run(delivery.publish(self.targets(*names), signed, self.store.object))
        for result in results:
            if result.failure:
                raise SystemExit(f"{result.name}: {result.failure}")
        return {result.name: result for result in results}


@dataclass(frozen=True)
class PeerRun:
    """Seconds of wall time; bytes on the wire where the program says it."""

    seconds: float
    length: int = 0


def rsync(machine: Machine, shell: tuple[SshAddress, Wire]) -> PeerRun:
    """Bring the site to a folder of an sshd that runs commands, since rsync runs itself there."""
    shell_address, wire = shell
    wire.reset()
    command = f"ssh -p {shell_address.port} -i {shell_address.key_file} -o UserKnownHostsFile={shell_address.known_hosts} -F /dev/null"
    target = f"{shell_address.user}@{shell_address.host}:{machine.root}/rsync/"
    start = time.perf_counter()
    subprocess.run(["rsync", "-a", "--delete", "-e", command, f"{machine.output}/", target], check=True)
    return PeerRun(time.perf_counter() - start, wire.sent + wire.received)


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
        str(machine.output),
        remote,
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}  # a proxy's certificates stop rclone
    subprocess.run(command, check=True, env=environment)
    return PeerRun(time.perf_counter() - start)


def run(articles: int, files: int) -> dict[str, float]:
    """Build or generate, release, edit, release, roll back; return the figures."""
    with temporary_folder() as cache, temporary_folder() as root, ExitStack() as servers:
        if files:
            output, edit = root / "output" / "site", lambda: _edit_file(root / "output" / "site")
            _generate(output, files)
        else:
            fill_cache(cache)
            write_corpus(root, articles)
            builder = todoke(root, cache)
            measure(builder)
            output, edit = builder.output, lambda: _edit(builder)
        keys = SigningKeys(new_key(root / "keys/release.pem"), new_key(root / "keys/timestamp.pem"))
        address, wire = _counted(servers, root / "sshd", sftp_only=True)
        shell = _counted(servers, root / "shell", sftp_only=False)
        endpoint = servers.enter_context(s3_server(root / "s3", "todoke", "rclone"))
        machine = Machine(root, output, ReleaseStore(root / "store"), keys, address, endpoint, wire)
        machine.store.keep_metadata({ROOT: new_root([new_key(root / "keys/root.pem")], 1, keys, START)})
        return _figures(machine, shell, edit)


def _counted(servers: ExitStack, folder: Path, *, sftp_only: bool) -> tuple[SshAddress, Wire]:
    """Run an sshd, and return its address by way of a wire that counts."""
    address = servers.enter_context(sftp_server(folder, sftp_only=sftp_only))
    wire = servers.enter_context(counting(address.port))
    known = address.known_hosts.read_text(encoding="utf-8").replace(f":{address.port}", f":{wire.port}")
    (folder / "known_by_wire").write_text(known, encoding="utf-8")
    return replace(address, port=wire.port, known_hosts=folder / "known_by_wire"), wire


def _figures(machine: Machine, shell: tuple[SshAddress, Wire], edit: Callable[[], float]) -> dict[str, float]:
    files = sum(1 for file in machine.output.rglob("*") if file.is_file())
    start = time.perf_counter()
    first = machine.release()
    signed_s = time.perf_counter() - start
    results = machine.publish(first)
    first_s = time.perf_counter() - start
    print(
        f"{files:,} files. First release: {signed_s:.1f} s to sign, {first_s:.1f} s until all three show it; {_each(results)}", flush=True
    )
    (machine.root / "rsync").mkdir()
    peers = {"rsync": rsync(machine, shell), "rclone": rclone(machine)}
    print("First copy: " + ", ".join(f"{name} {peer.seconds:.1f} s" for name, peer in peers.items()), flush=True)
    machine.publish(machine.release())  # from here on both trees of a mirror have the site
    build_s = edit()
    machine.wire.reset()
    start = time.perf_counter()
    edited = machine.release()
    signed_s = time.perf_counter() - start
    results = machine.publish(edited)
    edit_s = signed_s + _live_s(results)
    sent = machine.wire.sent + machine.wire.received
    print(
        f"One edit: {build_s:.1f} s to build, {edit_s:.2f} s from built to live on three; {_each(results)}; {sent:,} bytes by SSH",
        flush=True,
    )
    peers = {"rsync": rsync(machine, shell), "rclone": rclone(machine)}
    print(
        f"One edit: rsync {peers['rsync'].seconds:.2f} s and {peers['rsync'].length:,} bytes, rclone {peers['rclone'].seconds:.2f} s",
        flush=True,
    )
    back = {names: _roll_back(machine, *names) for names in (("local",), ())}
    print(f"Rollback: local {back[('local',)]:.2f} s, all {back[()]:.2f} s", flush=True)
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


def _edit(builder: Builder) -> float:
    """Alter one article and build. Return the seconds of the build."""
    articles = sorted(builder.content.glob("fukko-press/*/a*.md"))
    rewrite(articles[len(articles) // 2], lambda text: text + "\n直した一文です。\n")
    return measure(builder).wall


def _generate(site: Path, files: int) -> None:
    """Write so many small pages, a folder each, of random words that compress as text does."""
    words = random.Random(15)
    for number in range(files):
        folder = site / "press" / str(number // 1000) / str(number)
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(" ".join(f"{words.randrange(10_000)}" for _ in range(60)), encoding="utf-8")
    (site / "index.html").write_text("<h1>front</h1>", encoding="utf-8")


def _edit_file(site: Path) -> float:
    page = site / "press/0/7/index.html"
    text = page.read_text(encoding="utf-8")
    page.unlink()  # as a build does: a new file in the place of the old one
    page.write_text(text + " edited", encoding="utf-8")
    return 0.0


def _roll_back(machine: Machine, *names: str) -> float:
    start = time.perf_counter()
    machine.hour += 1
    wanted = one_further_back(machine.store) or machine.store.numbers()[-2]  # the second time forward to the edit again
    signed = republish(machine.store, wanted, machine.keys, machine.now)
    signed_s = time.perf_counter() - start
    return signed_s + _live_s(machine.publish(signed, *names))


def _live_s(results: Mapping[str, Result]) -> float:
    """Return after how many seconds readers of every mirror saw the release; a bucket is compared afterwards."""
    return max(result.seconds - result.published.afterwards for result in results.values() if result.published)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=0, help="generated small files instead of a built site")
    options = parser.parse_args()
    for program in ("rsync", "rclone"):
        if shutil.which(program) is None:
            raise SystemExit(f"{program} is missing: sudo apt-get install rsync rclone")
    print(json.dumps(run(options.articles, options.files)))


if __name__ == "__main__":
    main()
