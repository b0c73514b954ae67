"""`make bench-mail`: this engine beside its peers, in one run on this machine.

    python -m benchmarks.mail [--messages 20000] [--rounds 3] [--no-million]

40 kB a message, 10 connections, to `smtp-sink` and to the light receiver of this folder. Every sender runs once in every round, and
the median of the rounds counts, because machines are shared. A table, and JSON as the last line:
`vs_smtp_source` is measured with `smtp-sink`, the other ratios with the light receiver. CPU is the sender's own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.servers.postgres import cluster

CONNECTIONS = 10
SINK, SOURCE = "/usr/sbin/smtp-sink", "/usr/sbin/smtp-source"
NODE = Path(__file__).with_name("node")
MINE, LIGHT = "todoke, SQLite", "light receiver"
SIGNED, DURABLE = "todoke, signed", "todoke, power"
"""With a DKIM signature on each message; with every intent on the disk before its body leaves (`durability = "power"`)."""


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
    """A port of 127.0.0.1 on which no program listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def receiver(kind: str, late: float = 0.0) -> Iterator[int]:
    """A receiver that listens; yields its port."""
    port = free_port()
    sink = [SINK, *(["-u", "nobody"] if os.geteuid() == 0 else []), f"127.0.0.1:{port}", "1000"]
    command = sink if kind == "smtp-sink" else [sys.executable, "-m", "benchmarks.mailing.receiver", str(port), str(late)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.05)  # another process: only its port shows that it is ready
        yield port
    finally:
        process.kill()
        process.wait()


def peer(sender: str, kind: str, messages: int, command: Sequence[str]) -> Run:
    """Run another program to its end and measure it."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return Run(sender, kind, messages, time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss // 1000)


def engine(name: str, kind: str, messages: int, port: int, url: str = "", connections: int = CONNECTIONS, *options: str) -> Run:
    """Todoke, in a process of its own; freezing and filling the database are not counted."""
    command = [sys.executable, "-m", "benchmarks.mailing.engine", str(port), str(messages), str(connections), url, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout.splitlines()[-1])
    if messages >= 1_000_000:
        for seconds, sent, memory in measured["course"]:
            print(f"  {sent:>9,} sent after {seconds:6.1f} s, {memory} MB")
    return Run(name, kind, messages, measured["seconds"], measured["cpu"], measured["peak_mb"])


def overtaking(messages: int, port: int) -> dict[str, float]:
    """How soon an emergency overtakes a newsletter of that many messages."""
    command = [sys.executable, "-m", "benchmarks.mailing.overtaking", str(port), str(messages), str(CONNECTIONS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(f"  an emergency overtakes: {measured}")
    return measured


def prepare() -> None:
    """Install nodemailer by npm, and Debian's postfix for its generator and sink, which is never started as a service."""
    if not Path(SINK).exists():
        if not (shutil.which("apt-get") and os.geteuid() == 0):
            sys.exit("smtp-sink and smtp-source are missing: sudo apt-get install postfix (choose “No configuration”)")
        answers = b"postfix postfix/main_mailer_type select No configuration\n"
        subprocess.run(["debconf-set-selections"], input=answers, check=True)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postfix"]
        quiet = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # a package's scripts start nothing in runlevel 1
        subprocess.run(install, check=True, env={**os.environ, **quiet}, stdout=subprocess.DEVNULL)
    if not shutil.which("npm"):
        sys.exit("npm is missing: install Node.js, for example: sudo apt-get install npm")
    if not (NODE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=NODE, check=True)


def measure(messages: int, server: str) -> Iterator[Run]:
    """Everything once, one after the other."""
    many, fewer = str(messages), max(1000, messages // 10)
    for kind in ("smtp-sink", LIGHT):
        with receiver(kind) as port:
            source = [SOURCE, "-d", "-s", str(CONNECTIONS), "-m", many, "-l", "40000", "-f", "bounce@example.jp", "-t", "reader@example.jp"]
            yield peer("smtp-source", kind, messages, [*source, f"127.0.0.1:{port}"])
            yield engine(MINE, kind, messages, port)
            yield engine(SIGNED, kind, messages, port, "", CONNECTIONS, "--signed")
            yield engine(DURABLE, kind, messages, port, "", CONNECTIONS, "--durable")
            yield engine("todoke, PostgreSQL", kind, messages, port, server.format(name="postgres"))
            yield peer("nodemailer pool", kind, messages, ["node", str(NODE / "nodemailer.cjs"), str(port), many, str(CONNECTIONS)])
            for name in ("aiosmtplib", "smtplib"):
                command = [sys.executable, "-m", "benchmarks.peers", name, str(port), str(fewer), str(CONNECTIONS)]
                yield peer(name, kind, fewer, command)


def rounds(number: int, messages: int, server: str) -> list[Run]:
    """The run with the median rate of each sender and receiver."""
    by_pair: dict[tuple[str, str], list[Run]] = {}
    for index in range(number):
        for run in measure(messages, server):
            print(f"  {index + 1}/{number}  {run.sender:<20} {run.receiver:<16} {run.rate:>9,.0f}/s", flush=True)
            by_pair.setdefault((run.sender, run.receiver), []).append(run)
    return [sorted(runs, key=lambda run: run.rate)[len(runs) // 2] for runs in by_pair.values()]


def ratios(runs: Sequence[Run]) -> dict[str, float]:
    """The figures of the last line."""
    by_pair = {(run.sender, run.receiver): run for run in runs}
    mine, shared = by_pair[MINE, LIGHT], by_pair["todoke, PostgreSQL", LIGHT]
    source = by_pair["smtp-source", "smtp-sink"].rate
    others = {"nodemailer": "nodemailer pool", "aiosmtplib": "aiosmtplib", "smtplib": "smtplib", "smtp_source_light": "smtp-source"}
    variants = {"signed": SIGNED, "durable": DURABLE}
    return {
        "vs_smtp_source": round(by_pair[MINE, "smtp-sink"].rate / source, 2),
        **{f"vs_{key}": round(mine.rate / by_pair[name, LIGHT].rate, 2) for key, name in others.items()},
        "rate": round(mine.rate),
        **{f"{key}_rate": round(by_pair[name, LIGHT].rate) for key, name in variants.items()},
        **{f"{key}_vs_usual": round(by_pair[name, LIGHT].rate / mine.rate, 2) for key, name in variants.items()},
        "signed_cpu_per_1000": round(by_pair[SIGNED, LIGHT].cpu_per_thousand, 3),
        "cpu_per_1000": round(mine.cpu_per_thousand, 3),
        "peak_mb": mine.peak,
        "postgresql_vs_smtp_source": round(by_pair["todoke, PostgreSQL", "smtp-sink"].rate / source, 2),
        "postgresql_rate": round(shared.rate),
        "postgresql_cpu_per_1000": round(shared.cpu_per_thousand, 3),
    }


def table(runs: Sequence[Run]) -> Table:
    """The runs, to be read by a person."""
    rows = Table("sender", "receiver", "messages", "messages/s", "CPU s per 1,000", "peak MB")
    for run in runs:
        rows.add_row(run.sender, run.receiver, f"{run.messages:,}", f"{run.rate:,.0f}", f"{run.cpu_per_thousand:.3f}", str(run.peak))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-million", action="store_true", help="without the 1,000,000 recipients, which take minutes")
    chosen = parser.parse_args()
    prepare()
    with cluster() as server:
        runs = rounds(chosen.rounds, chosen.messages, server)
    extra: dict[str, float] = {}
    with receiver(LIGHT, 0.02) as port:
        late = engine(f"{MINE}, 50 connections", "20 ms late", chosen.messages, port, connections=50)
        extra["late_rate"] = round(late.rate)
    runs.append(late)
    with receiver(LIGHT) as port:
        extra |= overtaking(chosen.messages, port)
    if not chosen.no_million:
        with receiver(LIGHT) as port:
            many = engine(MINE, LIGHT, 1_000_000, port)
        runs.append(many)
        extra |= {"million_seconds": round(many.seconds, 1), "million_rate": round(many.rate), "million_peak_mb": many.peak}
    Console(width=120).print(table(runs))
    print(json.dumps(ratios([run for run in runs if run.messages < 1_000_000]) | extra))


if __name__ == "__main__":
    main()
