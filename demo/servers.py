"""Processes that run for a while: started, waited for until they listen, ended."""

from __future__ import annotations

import functools
import http.server
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 30.0
"""Seconds for a server to begin to listen, and to end."""


class NotListening(Exception):
    """A server ended, or did not begin, before anybody could connect."""


@contextmanager
def running(arguments: list[str], port: int) -> Iterator[None]:
    """Run ``python ARGUMENTS`` for the length of the block, from the moment it listens on ``port`` of 127.0.0.1.

    Raises `NotListening`.
    """
    process = subprocess.Popen([sys.executable, *arguments])  # noqa: S603 - our own modules
    try:
        _wait_until_listening(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if _listens(port):
            return
        time.sleep(0.05)  # another process: there is nothing to wait on but the port
    raise NotListening(f"nothing listens on port {port}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether we could listen on ``port`` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextmanager
def files_served(folder: Path) -> Iterator[int]:
    """Serve the files of a folder on a free port of 127.0.0.1; yield the port."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
