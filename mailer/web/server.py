"""Runs the application: one process, bounded connections (`mailer.web.connections`), one line where the address is taken."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from mailer import log
from mailer.model.errors import ServiceError
from mailer.web.connections import BACKLOG, LARGEST_HEAD, BoundedProtocol, ConnectionLimits, Connections, connection_limit

IDLE_SECONDS = 5
"""A connection between two requests."""
FAREWELL_SECONDS = 10
"""How long requests that are under way may take after the service was asked to end."""


def run(app: ASGIApp, host: str, port: int, limits: ConnectionLimits) -> None:
    """Serve until the process is asked to end.

    :raises ServiceError: nobody can listen at this address.
    """
    most = connection_limit(limits.connections, _open_files())
    if most < limits.connections:
        log.warning("fewer connections than asked for: raise the limit of open files (LimitNOFILE=, ulimit -n)", connections=most)
    try:
        with suppress(KeyboardInterrupt):
            create_server(app, host, port, replace(limits, connections=most)).run()
    except SystemExit:  # uvicorn has said why in the log
        raise ServiceError(f"Nobody can listen on {host} port {port}: another program does, or it needs other rights.") from None


def create_server(app: ASGIApp, host: str, port: int, limits: ConnectionLimits) -> uvicorn.Server:
    """Return the server; its ``run`` serves until ``should_exit`` is set."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="asyncio",  # uvloop takes all waiting connections in one step, however many there are
            http=cast("Any", partial(BoundedProtocol, connections=Connections(limits))),
            h11_max_incomplete_event_size=LARGEST_HEAD,
            backlog=BACKLOG,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=FAREWELL_SECONDS,
            ws="none",
            lifespan="auto",  # `mailer.web.sign_up.background` runs beside the pages
            proxy_headers=False,  # nothing here depends on who asks
            # No access log: the path of a request is the key to somebody's subscription. No log settings of uvicorn's own: its lines go through ours.
            access_log=False,
            log_config=None,
            server_header=False,
        )
    )


def _open_files() -> int | None:
    """Return how many files the process may open, or None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
