"""Servers of the demonstration: start a process, wait until it listens, end it."""

from __future__ import annotations

import functools
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from publisher.model.media import media_type

DEADLINE = 30.0
"""Seconds in which a server must begin to listen, and in which it must end."""


class NotListening(Exception):
    """A server ended before anybody could connect, or did not begin to listen in time."""


@contextmanager
def running(arguments: list[str], port: int) -> Iterator[None]:
    """Run ``python ARGUMENTS`` for the length of the block, from the moment it listens on ``port`` of 127.0.0.1.

    Raises `NotListening`.
    """
    with running_process([sys.executable, *arguments], port):
        yield


@contextmanager
def running_process(command: list[str], port: int) -> Iterator[None]:
    """Run a command as `running` runs Python. Raises `NotListening`."""
    process = subprocess.Popen(command)  # noqa: S603 - our own modules, or a server of the tests
    try:
        _wait_until_listening(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and process.poll() is None:
        if _listens(port):
            return
        time.sleep(0.05)  # another process: there is nothing to wait on but the port
    raise NotListening(f"nothing listens on port {port}")


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port(after: int | None = None) -> int:
    """Return a port of 127.0.0.1 on which no process listens now: one of the ten right after ``after`` if one of them is free, or any."""
    near = range(after + 1, min(after + 11, 65536)) if after else ()
    return next((port for port in near if is_free(port)), 0) or _any_free_port()


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Return whether a server could listen on ``port`` of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextmanager
def files_served(folder: Path, port: int = 0) -> Iterator[int]:
    """Serve the files of a folder on a port of 127.0.0.1, by default any free one; yield the port."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def guess_type(self, path: str | os.PathLike[str]) -> str:
        """Return the type that a release says: the table of this machine may lack types, and a verifier tells it."""
        return media_type(Path(path).as_posix())

    def log_message(self, *_arguments: object) -> None:
        """Write nothing: the lines would stand between the steps of the tour."""
