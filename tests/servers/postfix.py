"""A real Postfix (Debian's package) in a folder of its own, with the sample configuration of `deploy/postfix`: it takes mail by SMTP and hands it on by LMTP."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SAMPLE = Path("deploy/postfix/main.cf")
SAMPLE_LMTP, SAMPLE_DOMAIN = "lmtp:inet:127.0.0.1:8024", "todoke.example.jp"
OWN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/mail.log
maillog_file_prefixes = {home}
myhostname = mx.example.jp
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
address_verify_map =
address_verify_poll_delay = 1s
"""
SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running server. `port` takes SMTP; `log` is its log."""

    port: int
    home: Path

    @property
    def log(self) -> str:
        return (self.home / "mail.log").read_text("utf-8", "replace")


def is_installed() -> bool:
    return shutil.which("postfix", path=_path()) is not None


@contextmanager
def postfix(lmtp: str, domain: str) -> Iterator[Postfix]:
    """Run Postfix with the sample's lines; `lmtp` and `domain` stand where the sample has its own. It must be started as root, as everywhere."""
    assert is_installed(), "The tests need Postfix: tests/system.sh installs it, or: sudo apt-get install postfix"
    home = Path(tempfile.mkdtemp(prefix="todoke-postfix-"))
    home.chmod(0o755)
    port = _free_port()
    for name in ("conf", "queue", "data"):
        (home / name).mkdir()
    os.chown(home / "data", pwd.getpwnam("postfix").pw_uid, -1)
    sample = SAMPLE.read_text("utf-8").replace(SAMPLE_LMTP, lmtp).replace(SAMPLE_DOMAIN, domain)
    (home / "conf" / "main.cf").write_text(OWN.format(home=home) + sample, "utf-8")
    (home / "conf" / "master.cf").write_text(SERVICES.format(port=port), "utf-8")
    try:
        _run(home, "start")
        try:
            yield Postfix(port, home)
        finally:
            _run(home, "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(home: Path, action: str) -> None:
    with (home / "output").open("ab") as output:
        command = [shutil.which("postfix", path=_path()) or "postfix", "-c", str(home / "conf"), action]
        subprocess.run(command, check=True, stdout=output, stderr=output, stdin=subprocess.DEVNULL)


def _path() -> str:
    """Debian keeps it in /usr/sbin, which is not in everybody's PATH."""
    return f"{os.environ.get('PATH', '')}:/usr/sbin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
