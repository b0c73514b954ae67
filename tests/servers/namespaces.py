"""Several hosts on one machine: network namespaces, each joined to this one by a cable (veth) of its own that can be cut, slowed, or plugged in elsewhere.

The program that uses this must run in a network namespace of its own: `enter` returns the command that starts it there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
IP, TC, UNSHARE, NSENTER = (shutil.which(name, path=_PATH) or name for name in ("ip", "tc", "unshare", "nsenter"))


def enter() -> list[str]:
    """Return the beginning of a command that runs the rest in a new network namespace, with the rights to set it up. Without them `unshare` says so."""
    return [UNSHARE, "--net"] if os.geteuid() == 0 else [UNSHARE, "--map-current-user", "--keep-caps", "--net"]


@dataclass(frozen=True)
class Host:
    """``address`` is that of the host, and ``within`` begins a command that runs there."""

    name: str
    number: int
    pid: int

    @property
    def address(self) -> str:
        return f"10.77.{self.number}.2"

    @property
    def within(self) -> list[str]:
        return [NSENTER, "--target", str(self.pid), "--net"]

    def cut(self) -> None:
        """Pull the cable out: packets go nowhere, and nobody is told."""
        _ip("link", "set", f"far{self.number}", "down", within=self.within)

    def join(self) -> None:
        """Plug the cable in."""
        _ip("link", "set", f"far{self.number}", "up", within=self.within)

    def slow(self, rate: str) -> None:
        """Let so much through in a second (tc-tbf(8))."""
        self._tc("add", "tbf", "rate", rate, "burst", "8kb", "latency", "2s")

    def fast(self) -> None:
        """Let everything through."""
        self._tc("del")

    def _tc(self, action: str, *words: str) -> None:
        subprocess.run([TC, "qdisc", action, "dev", f"near{self.number}", "root", *words], check=True)


@contextmanager
def host(name: str, number: int, *, joined: bool = True) -> Iterator[Host]:
    """Make a host that lives until the end. One that is not ``joined`` waits to take the place of another of the same number."""
    with subprocess.Popen([UNSHARE, "--net", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        made = Host(name, number, process.pid)
        while Path(f"/proc/{process.pid}/ns/net").readlink() == Path("/proc/self/ns/net").readlink():
            assert process.poll() is None, "no network namespace can be made here: unshare --net must work"
        try:
            _ip("link", "set", "lo", "up", within=made.within)
            if joined:
                plug(made)
            yield made
        finally:
            process.terminate()


def plug(made: Host) -> None:
    """Lay a cable to the host, in the place of one that may be there."""
    number = made.number
    subprocess.run([IP, "link", "del", f"near{number}"], check=False, capture_output=True)
    _ip("link", "add", f"near{number}", "type", "veth", "peer", "name", f"far{number}")
    _ip("link", "set", f"far{number}", "netns", str(made.pid))
    _ip("addr", "add", f"10.77.{number}.1/24", "dev", f"near{number}")
    _ip("link", "set", f"near{number}", "up")
    _ip("addr", "add", f"10.77.{number}.2/24", "dev", f"far{number}", within=made.within)
    _ip("link", "set", f"far{number}", "up", within=made.within)


def _ip(*words: str, within: list[str] | None = None) -> None:
    subprocess.run([*(within or []), IP, *words], check=True)
