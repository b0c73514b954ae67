"""The pages behind the links as `serve` runs them: the real server on loopback, in a thread, with limits of the test's own; and raw requests to it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from demo.servers import free_port
from mailer.web.connections import ConnectionLimits
from mailer.web.server import create_server

DEADLINE = 30
"""Seconds until an answer that does not come counts as missing."""


@contextmanager
def served(app: ASGIApp, limits: ConnectionLimits) -> Iterator[int]:
    """Yield the port."""
    port = free_port()
    server = create_server(app, "127.0.0.1", port, limits)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join()


def connect(port: int, first: bytes = b"") -> socket.socket:
    """Open a connection and send the first bytes."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
    connection.sendall(first)
    return connection


def read_to_end(connection: socket.socket) -> bytes:
    """Return what comes until the service closes the connection."""
    answer = b""
    try:
        while block := connection.recv(65536):
            answer += block
    except ConnectionResetError:  # closed while bytes of ours were still unread
        pass
    finally:
        connection.close()
    return answer


def ask_raw(port: int, request: bytes) -> bytes:
    """Send bytes, and return all that comes back."""
    return read_to_end(connect(port, request))
