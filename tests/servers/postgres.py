"""A PostgreSQL cluster of our own for the length of a test session: a temporary folder, a Unix socket, no port, no service."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = "nobody"
ON_DISK = "/var/tmp"
"""For what is large (file-hierarchy(7)): the databases of benchmarks."""


def binaries() -> Path:
    """Debian keeps them out of the PATH."""
    initdb = shutil.which("initdb")
    folders = [Path(initdb).parent] if initdb else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert folders, "The tests need PostgreSQL's server: tests/system.sh installs it, or: sudo apt-get install postgresql"
    return folders[-1]


@contextmanager
def cluster(folder: str = ON_DISK) -> Iterator[str]:
    """Yields an SQLAlchemy URL without the name of a database: add `/postgres` or another. PostgreSQL refuses to run as root."""
    home = Path(tempfile.mkdtemp(prefix="todoke-pg-", dir=folder))
    data, user = home / "data", None
    if os.geteuid() == 0:
        user = NOBODY
        os.chown(home, pwd.getpwnam(NOBODY).pw_uid, -1)
        home.chmod(0o755)
    options = f"-c listen_addresses= -c unix_socket_directories={home} -c fsync=off -c full_page_writes=off -c autovacuum=off -c max_connections=60"
    try:
        _run(user, home, "initdb", "-D", str(data), "-A", "trust", "-U", "todoke", "--no-sync", "-E", "UTF8", "--locale=C")
        _run(user, home, "pg_ctl", "-D", str(data), "-w", "-l", str(home / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://todoke@/{{name}}?host={home}"
        finally:
            _run(user, home, "pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """The cluster of this URL dies as in a power cut, and starts again at the end of the block."""
    home = Path(url.rpartition("host=")[2])
    user = NOBODY if os.geteuid() == 0 else None
    options = shlex.split((home / "data" / "postmaster.opts").read_text("utf-8"))[1:]
    _run(user, home, "pg_ctl", "-D", str(home / "data"), "-w", "-m", "immediate", "stop")
    try:
        yield
    finally:
        _run(user, home, "pg_ctl", "-D", str(home / "data"), "-w", "-l", str(home / "log"), "-o", shlex.join(options), "start")


def _run(user: str | None, home: Path, program: str, *arguments: str) -> None:
    command = [str(binaries() / program), *arguments]
    # Output to a file: a server that inherits a pipe would keep it open for ever.
    with (home / "output").open("ab") as output:
        subprocess.run(command, check=True, cwd=home, user=user, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
