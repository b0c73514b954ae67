"""A real sshd on loopback: SFTP only, one account, keys made for the test."""

from __future__ import annotations

import getpass
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from demo.servers import free_port
from publisher.targets.sftp.ssh import SshAddress

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


@contextmanager
def sftp_server(
    folder: Path,
    *,
    sftp_only: bool = True,
    address: str = "127.0.0.1",
    within: Sequence[str] = (),
    port: int = 0,
    without: Sequence[str] = (),
) -> Iterator[SshAddress]:
    """Run a server that offers SFTP and nothing else (or commands too); ``folder`` gets its keys and its log.

    ``within`` is a command that runs it elsewhere, ``without`` are requests that it does not know (``sftp -Q requests``), as an older one.
    """
    sftp = f"internal-sftp -P {','.join(without)}" if without else "internal-sftp"
    folder.mkdir(parents=True)
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "client.pub", folder / "authorized_keys")
    port = port or free_port()
    (folder / "config").write_text(
        f"Port {port}\nListenAddress {address}\nHostKey {folder}/host\nPidFile none\nAuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\n"
        f"Subsystem sftp {sftp}\n"
        "PermitRootLogin prohibit-password\nMaxSessions 20\nLogLevel VERBOSE\n" + (f"ForceCommand {sftp}\n" if sftp_only else ""),
        encoding="utf-8",
    )
    host_key = (folder / "host.pub").read_text(encoding="utf-8").split()
    (folder / "known_hosts").write_text(f"[{address}]:{port} {host_key[0]} {host_key[1]}\n", encoding="utf-8")
    if not Path("/run/sshd").exists():  # the folder of privilege separation, which Debian's service makes at each start
        Path("/run/sshd").mkdir(mode=0o755)
    log = (folder / "log").open("wb")
    with log, subprocess.Popen([*within, SSHD, "-D", "-e", "-f", str(folder / "config")], stdout=log, stderr=log) as process:
        try:
            while not _answers(address, port):
                assert process.poll() is None, (folder / "log").read_text()
            yield SshAddress(address, str(folder / "www"), getpass.getuser(), folder / "client", folder / "known_hosts", port)
        finally:
            process.terminate()


def _answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
