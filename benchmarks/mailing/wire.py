"""Counts the bytes that go over a connection: a proxy on loopback between a program and its server."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 1 << 18
"""Bytes of one read."""


class Wire:
    """``sent`` are the bytes from the program to the server since the last `reset`, ``received`` those in the other direction: TCP's content, no headers."""

    def __init__(self, port: int, server: int) -> None:
        self.port = port
        self.sent = self.received = 0
        self._server = server

    def reset(self) -> None:
        """Count from 0."""
        self.sent = self.received = 0

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                near, _ = listener.accept()
            except OSError:  # closed: the end
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with near, socket.create_connection(("127.0.0.1", self._server)) as far:
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                for ready in select.select([near, far], [], [])[0]:
                    try:
                        data = ready.recv(AT_ONCE)
                        (far if ready is near else near).sendall(data)
                    except OSError:
                        return
                    if not data:
                        return
                    if ready is near:
                        self.sent += len(data)
                    else:
                        self.received += len(data)


@contextmanager
def counting(server: int) -> Iterator[Wire]:
    """Listen on a free port of loopback for the server at another one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        wire = Wire(listener.getsockname()[1], server)
        threading.Thread(target=wire.serve, args=(listener,), daemon=True).start()
        try:
            yield wire
        finally:
            listener.shutdown(socket.SHUT_RDWR)
