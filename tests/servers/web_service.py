"""The pages behind the links as `serve` runs them: the real server on loopback, in a thread, with limits of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from demo.servers import free_port
from mailer.web.connections import ConnectionLimits
from mailer.web.server import create_server


@contextmanager
def served(app: ASGIApp, limits: ConnectionLimits, port: int | None = None) -> Iterator[int]:
    """Yield the port."""
    port = port or free_port()
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
