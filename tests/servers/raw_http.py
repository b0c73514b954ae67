"""HTTP as bytes over a socket, also what no library would send."""

from __future__ import annotations

import socket

DEADLINE = 30
"""Seconds until an answer that does not come counts as missing."""


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
