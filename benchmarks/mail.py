"""`make bench-mail`: this engine beside its peers, in one run on this machine.

    python -m benchmarks.mail [--messages 20000] [--million]

40 kB a message, 10 connections, into `smtp-sink` and into the light receiver of this folder. A table, and JSON as the last
line: `vs_smtp_source` is measured into `smtp-sink`, the other ratios into the light receiver.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.postgres import cluster

CONNECTIONS = 10
SINK, SOURCE = "/usr/sbin/smtp-sink", "/usr/sbin/smtp-source"


@dataclass(frozen=True)
class Run:
    """One measurement. CPU in seconds, memory in megabytes."""

    sender: str
    receiver: str
    messages: int
    seconds: float
    cpu: float
    peak: int

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        """CPU seconds for 1,000 messages."""
        return self.cpu / self.messages * 1000


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def receiver(kind: str, late: float = 0.0) -> Iterator[int]:
    """A receiver that listens; yields its port."""
    port = free_port()
    sink = [SINK, *(["-u", "nobody"] if os.geteuid() == 0 else []), f"127.0.0.1:{port}", "1000"]
    command = sink if kind == "smtp-sink" else [sys.executable, "-m", "benchmarks.receiver", str(port), str(late)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.05)  # another process: there is nothing to wait on but the port
        yield port
    finally:
        process.kill()
        process.wait()


def peer(sender: str, kind: str, messages: int, command: Sequence[str], environ: dict[str, str] | None = None) -> Run:
    """Run another program to its end and account for it."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **(environ or {})}, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return Run(sender, kind, messages, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss // 1000)


def engine(name: str, kind: str, messages: int, port: int, url: str = "", connections: int = CONNECTIONS) -> Run:
    """Todoke, in a process of its own; freezing and filling the database are not counted."""
    command = [sys.executable, "-m", "benchmarks.engine", str(port), str(messages), str(connections), url]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    if messages >= 1_000_000:
        for seconds, sent, memory in found["course"]:
            print(f"  {sent:>9,} sent after {seconds:6.1f} s, {memory} MB")
    return Run(name, kind, messages, found["seconds"], found["cpu"], found["peak_mb"])


def prepare(folder: Path) -> Path:
    """nodemailer, fetched by npm; Debian's postfix for its generator and sink, never started as a service."""
    if not Path(SINK).exists():
        if not (shutil.which("apt-get") and os.geteuid() == 0):
            sys.exit("smtp-sink and smtp-source are missing: sudo apt-get install postfix (choose “No configuration”)")
        answers = b"postfix postfix/main_mailer_type select No configuration\n"
        subprocess.run(["debconf-set-selections"], input=answers, check=True)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postfix"]
        subprocess.run(install, check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdout=subprocess.DEVNULL)
    if not shutil.which("npm"):
        sys.exit("npm is missing: install Node.js, for example: sudo apt-get install npm")
    modules = folder / "node_modules"
    if not (modules / "nodemailer").exists():
        subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", str(folder), "nodemailer"], check=True)
    return modules


def measure(messages: int, modules: Path, server: str) -> list[Run]:
    """Everything once, one after the other."""
    runs, many = [], str(messages)
    node = str(Path(__file__).with_name("nodemailer.cjs"))
    for kind in ("smtp-sink", "light receiver"):
        with receiver(kind) as port:
            source = [SOURCE, "-d", "-s", str(CONNECTIONS), "-m", many, "-l", "40000", "-f", "bounce@example.jp", "-t", "reader@example.jp"]
            runs.append(peer("smtp-source", kind, messages, [*source, f"127.0.0.1:{port}"]))
            runs.append(engine("todoke, SQLite", kind, messages, port))
            runs.append(engine("todoke, PostgreSQL", kind, messages, port, server.format(name="postgres")))
            node_command = ["node", node, str(port), many, str(CONNECTIONS)]
            runs.append(peer("nodemailer pool", kind, messages, node_command, {"NODE_PATH": str(modules)}))
            fewer = max(1000, messages // 10)
            for name in ("aiosmtplib", "smtplib"):
                command = [sys.executable, "-m", "benchmarks.peers", name, str(port), str(fewer), str(CONNECTIONS)]
                runs.append(peer(name, kind, fewer, command))
    with receiver("light receiver", 0.02) as port:
        runs.append(engine("todoke, SQLite, 50 connections", "replies 20 ms late", messages, port, connections=50))
    return runs


def ratios(runs: Sequence[Run]) -> dict[str, float]:
    """The last line."""
    found = {(run.sender, run.receiver): run for run in runs}
    mine = found["todoke, SQLite", "light receiver"]
    sink = found["todoke, SQLite", "smtp-sink"].rate / found["smtp-source", "smtp-sink"].rate
    others = {"nodemailer": "nodemailer pool", "aiosmtplib": "aiosmtplib", "smtplib": "smtplib"}
    light = {f"vs_{key}": round(mine.rate / found[name, "light receiver"].rate, 2) for key, name in others.items()}
    return {"vs_smtp_source": round(sink, 2), **light, "rate": round(mine.rate), "cpu_per_1000": round(mine.cpu_per_thousand, 3)}


def table(runs: Sequence[Run]) -> Table:
    """For people."""
    made = Table("sender", "receiver", "messages", "messages/s", "CPU s per 1,000", "peak MB")
    for run in runs:
        made.add_row(run.sender, run.receiver, f"{run.messages:,}", f"{run.rate:,.0f}", f"{run.cpu_per_thousand:.3f}", str(run.peak))
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--million", action="store_true", help="also 1,000,000 recipients once")
    chosen = parser.parse_args()
    folder = Path("var/bench")
    folder.mkdir(parents=True, exist_ok=True)
    modules = prepare(folder)
    with cluster() as server, tempfile.TemporaryDirectory():
        runs = measure(chosen.messages, modules.resolve(), server)
    if chosen.million:
        with receiver("light receiver") as port:
            runs.append(engine("todoke, SQLite", "light receiver", 1_000_000, port))
    Console(width=120).print(table(runs))
    print(json.dumps(ratios(runs)))


if __name__ == "__main__":
    main()
